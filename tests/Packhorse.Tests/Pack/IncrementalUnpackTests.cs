using Packhorse.TestChannel;
using Packhorse.Tests.Support;

namespace Packhorse.Tests.Pack;

/// <summary>Unpacking into an environment that is there already.</summary>
public sealed class IncrementalUnpackTests : IDisposable
{
    private readonly Worksite _site = new();

    private static PackageBuilder Stable =>
        new PackageBuilder("stable")
            .AddFile("share/stable", "stable")
            .AddFile("share/both/stable.py", $"P = '{Placeholder.Default}'", prefix: PrefixMode.Text)
            .AddSymlink("bin/stable", "../share/stable");

    private static PackageBuilder Leaving =>
        new PackageBuilder("leaving")
            .AddFile("share/both/leaving.py", "leaving")
            .AddFile("lib/leaving/deep/module.py", "module")
            .AddFile("lib/leaving/data", "data");

    [Fact]
    public void Unchanged_packages_are_not_touched_and_the_others_come_and_go()
    {
        _site.Unpack(_site.Pack(Stable, Leaving, Changing("1.0"))).Successful();
        Dictionary<string, string> before = _site.Identities();
        _site.Write("share/both/mine.txt", "mine");
        _site.Write("etc/mine.conf", "mine");

        string second = _site.Pack(Stable, Changing("2.0"), new PackageBuilder("new").AddFile("share/new", "new"));
        CommandRun run = _site.Unpack(second).Successful();

        Assert.Contains("1 of 3 packages were there already", run.Error, StringComparison.Ordinal);
        Dictionary<string, string> after = _site.Identities();
        foreach (
            string kept in (string[])
                ["share/stable", "share/both/stable.py", "bin/stable", "conda-meta/stable-1.0-h0_0.json"]
        )
        {
            Assert.Equal(before[kept], after[kept]);
        }
        Assert.Equal("2.0", _site.Read("share/changing"));
        Assert.Equal("only in 2.0", _site.Read("share/only-in-2.0"));
        Assert.Equal("mine", _site.Read("share/both/mine.txt"));
        Assert.Equal("mine", _site.Read("etc/mine.conf"));
        File.Delete(_site["share/both/mine.txt"]);
        Directory.Delete(_site["etc"], recursive: true);
        TreeListing.AssertSame(_site.Fresh(second), TreeListing.Of(_site.Prefix));
        _site.AssertNothingElseIsThere();
    }

    [Fact]
    public void A_variable_that_cannot_be_set_is_left_out_with_a_warning()
    {
        _site.Unpack(_site.Pack(Stable, Changing("1.0"))).Successful();
        _site.Write("etc/conda/env_vars.d/mine.json", "{\"BAD\": 1, \"GOOD\": \"yes\"}");
        _site.Write("conda-meta/state", "{");

        CommandRun run = _site.Unpack(_site.Pack(Stable, Changing("2.0"))).Successful();

        Assert.Contains("warning: ", run.Error, StringComparison.Ordinal);
        Assert.Contains("mine.json: 'BAD' cannot be a variable", run.Error, StringComparison.Ordinal);
        Assert.Contains("conda-meta/state", run.Error, StringComparison.Ordinal);
        string script = File.ReadAllText(Path.Combine(_site.OutputDirectory, "activate.sh"));
        Assert.Contains("export GOOD=yes", script, StringComparison.Ordinal);
        Assert.DoesNotContain("BAD", script, StringComparison.Ordinal);
    }

    [Fact]
    public void The_same_pack_again_touches_no_package()
    {
        string pack = _site.Pack(Stable, Leaving);
        _site.Unpack(pack).Successful();
        Dictionary<string, string> before = _site.Identities();
        CommandRun run = _site.Unpack(pack).Successful();
        Assert.Contains("2 of 2 packages were there already", run.Error, StringComparison.Ordinal);
        string[] own = ["CACHEDIR.TAG", "conda-meta/history", "conda-meta/packhorse", "conda-meta/packhorse-records"];
        Assert.Equal(
            before.Where(pair => !own.Contains(pair.Key)).OrderBy(pair => pair.Key),
            _site.Identities().Where(pair => !own.Contains(pair.Key)).OrderBy(pair => pair.Key)
        );
        Assert.Equal(before.Keys.Order(), _site.Identities().Keys.Order());
    }

    [Fact]
    public void The_same_pack_again_from_a_pipe_touches_no_package()
    {
        string pack = _site.Pack(Stable, Leaving);
        _site.Unpack(pack).Successful();
        Dictionary<string, string> before = _site.Identities();
        using FileStream pipe = File.OpenRead(pack);
        CommandRun.WithInput(new OneWayStream(pipe), "unpack", "-o", _site.OutputDirectory, "-").Successful();
        Assert.Equal(before["share/stable"], _site.Identities()["share/stable"]);
        Assert.Equal(before["lib/leaving/data"], _site.Identities()["lib/leaving/data"]);
        _site.AssertNothingElseIsThere();
    }

    [Fact]
    public void What_becomes_empty_goes_with_its_byte_code()
    {
        _site.Unpack(_site.Pack(Stable, Leaving)).Successful();
        _site.Write("lib/leaving/deep/__pycache__/module.cpython-311.pyc", "byte-code");
        _site.Write("lib/leaving/deep/__pycache__/module.cpython-311.opt-1.pyc", "byte-code");
        _site.Write("share/both/__pycache__/leaving.cpython-311.pyc", "byte-code");
        _site.Write("share/both/__pycache__/stable.cpython-311.pyc", "byte-code");
        _site.Unpack(_site.Pack(Stable)).Successful();
        Assert.False(Path.Exists(_site["lib"]));
        Assert.Equal(
            ["__pycache__/stable.cpython-311.pyc", "stable.py"],
            TreeListing.Files(_site["share/both"]).Where(file => !file.Contains("leaving.py"))
        );
        Assert.False(Path.Exists(_site["share/both/__pycache__/leaving.cpython-311.pyc"]));
    }

    [Fact]
    public void A_directory_with_files_of_the_user_stays_when_its_package_goes()
    {
        _site.Unpack(_site.Pack(Stable, Leaving)).Successful();
        _site.Write("lib/leaving/deep/mine.txt", "mine");
        _site.Unpack(_site.Pack(Stable)).Successful();
        Assert.Equal(["leaving/deep/mine.txt"], TreeListing.Files(_site["lib"]));
    }

    [Fact]
    public void A_package_of_the_same_name_and_version_with_other_content_is_replaced()
    {
        _site.Unpack(_site.Pack(Stable, new PackageBuilder("p").AddFile("a", "old").AddFile("b", "old"))).Successful();
        CommandRun run = _site.UnpackAsFresh(_site.Pack(Stable, new PackageBuilder("p").AddFile("a", "new")));
        Assert.Contains("1 of 2 packages", run.Error, StringComparison.Ordinal);
        Assert.Equal("new", _site.Read("a"));
    }

    [Fact]
    public void A_moved_environment_gets_its_new_prefix_everywhere()
    {
        string pack = _site.Pack(Stable, Leaving);
        _site.Unpack(pack).Successful();
        Assert.Equal($"P = '{_site.Prefix}'", _site.Read("share/both/stable.py"));
        string moved = Path.Combine(_site.OutputDirectory, "moved");
        Directory.Move(_site.Prefix, moved);
        CommandRun run = _site.Unpack(pack, "-e", "moved").Successful();
        Assert.DoesNotContain("there already", run.Error, StringComparison.Ordinal);
        Assert.Equal($"P = '{moved}'", File.ReadAllText($"{moved}/share/both/stable.py"));
    }

    [Fact]
    public void Byte_code_of_a_module_that_gets_another_prefix_goes()
    {
        // The module keeps its time and, for a prefix as long as the old one, its size: Python would take the old byte-code.
        string pack = _site.Pack(Stable);
        _site.Unpack(pack).Successful();
        _site.Write("share/both/__pycache__/stable.cpython-311.pyc", "byte-code of the old prefix");
        string moved = Path.Combine(_site.OutputDirectory, "new");
        Directory.Move(_site.Prefix, moved);
        _site.Unpack(pack, "-e", "new").Successful();
        Assert.False(Path.Exists($"{moved}/share/both/__pycache__"));
    }

    [Fact]
    public void Another_tools_environment_is_taken_over()
    {
        string pack = _site.Pack(Stable);
        _site.Unpack(_site.Pack(Stable, Leaving)).Successful();
        File.Delete(_site["conda-meta/packhorse"]);
        _site.Write("share/stable", "altered by the other tool");
        CommandRun run = _site.UnpackAsFresh(pack);
        Assert.DoesNotContain("there already", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_new_version_of_Python_moves_the_modules_of_noarch_packages()
    {
        PackageBuilder module = new PackageBuilder("m", "1", "py_0").NoArchPython().AddFile("site-packages/m.py", "m");
        _site.Unpack(_site.Pack(new PackageBuilder("python", "3.10.1"), module)).Successful();
        Assert.Equal("m", _site.Read("lib/python3.10/site-packages/m.py"));
        _site.UnpackAsFresh(_site.Pack(new PackageBuilder("python", "3.11.0"), module));
        Assert.Equal("m", _site.Read("lib/python3.11/site-packages/m.py"));
    }

    [Fact]
    public void A_clobbered_path_comes_back_when_its_owner_goes()
    {
        PackageBuilder other = new PackageBuilder("b").AddFile("path", "of b").AddFile("share/b", "b");
        _site.Unpack(_site.Pack(new PackageBuilder("a").AddFile("path", "of a"), other)).Successful();
        Assert.Equal("of a", _site.Read("path"));
        Assert.Equal("of b", _site.Read("__clobbers__/b/path"));
        string alone = _site.Pack(other);
        _site.UnpackAsFresh(alone);
        Assert.Equal("of b", _site.Read("path"));
        _site.UnpackAsFresh(_site.Pack(new PackageBuilder("a").AddFile("path", "of a"), other));
        _site.UnpackAsFresh(_site.Pack(new PackageBuilder("a").AddFile("path", "of a")));
    }

    [Fact]
    public void A_path_may_move_from_one_package_to_another()
    {
        _site
            .Unpack(_site.Pack(new PackageBuilder("a").AddFile("lib/path", "a"), new PackageBuilder("b")))
            .Successful();
        _site.UnpackAsFresh(
            _site.Pack(new PackageBuilder("a", "2"), new PackageBuilder("b", "2").AddFile("lib/path", "b"))
        );
    }

    [Fact]
    public void Real_packages_turn_a_directory_into_a_file_and_back()
    {
        string directory = _site.PackFixtures(RealChannel.Clobber("clobber-directory-upgrade-0.1.0-h4616a5c_0.conda"));
        string file = _site.PackFixtures(RealChannel.Clobber("clobber-directory-upgrade-0.2.0-h4616a5c_0.conda"));
        _site.Unpack(directory).Successful();
        Assert.True(Directory.Exists(_site["xbin"]));
        _site.UnpackAsFresh(file);
        Assert.True(File.Exists(_site["xbin"]));
        _site.UnpackAsFresh(directory);
    }

    [Theory]
    [InlineData("file", "directory")]
    [InlineData("directory", "file")]
    [InlineData("link", "directory")]
    [InlineData("directory", "link")]
    [InlineData("link", "file")]
    [InlineData("file", "link")]
    public void A_path_may_become_another_kind_of_thing(string before, string after)
    {
        _site.Unpack(_site.Pack(Stable, Thing("1", before))).Successful();
        _site.UnpackAsFresh(_site.Pack(Stable, Thing("2", after)));
    }

    [Fact]
    public void A_directory_that_held_byte_code_may_become_a_file()
    {
        _site.Unpack(_site.Pack(Thing("1", "directory"))).Successful();
        _site.Write("lib/thing/__pycache__/inner.cpython-311.pyc", "byte-code");
        _site.UnpackAsFresh(_site.Pack(Thing("2", "file")));
    }

    public void Dispose() => _site.Dispose();

    private static PackageBuilder Changing(string version) =>
        new PackageBuilder("changing", version)
            .AddFile("share/changing", version)
            .AddFile($"share/only-in-{version}", $"only in {version}");

    private static PackageBuilder Thing(string version, string kind)
    {
        PackageBuilder package = new PackageBuilder("thing", version).AddFile("share/target/x", version);
        return kind switch
        {
            "file" => package.AddFile("lib/thing", "file"),
            "link" => package.AddSymlink("lib/thing", "../share/target"),
            _ => package.AddFile("lib/thing/inner.py", "inner").AddFile("lib/thing/deep/inner", "inner"),
        };
    }
}
