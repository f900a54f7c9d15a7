using System.Text;
using Packhorse.Model;
using Packhorse.TestChannel;

namespace Packhorse.Tests.BadInput;

public sealed class PackRefusalTests : IDisposable
{
    private readonly Sandbox _sandbox = new();

    public void Dispose() => _sandbox.Dispose();

    private string Project(Func<string, string>? edit = null)
    {
        string project = _sandbox.Lock();
        if (edit is not null)
        {
            string path = Path.Combine(project, "pixi.lock");
            File.WriteAllText(path, edit(File.ReadAllText(path)));
        }
        return project;
    }

    private CliResult RefusesToPack(string code, string project, params string[] more)
    {
        string[] common = ["pack", project, "-p", "linux-64", .. more];
        foreach (string kind in (string[])["--layout=packhorse", "--layout=upstream", "--directory-only"])
        {
            _sandbox.Refuses(code, [.. common, kind, "-o", _sandbox["out"]]);
        }
        CliResult toPipe = Cli.Run([.. common, "-o", "-"]);
        Assert.Contains($"[{code}]", toPipe.Error, StringComparison.Ordinal);
        return _sandbox.Refuses(code, [.. common, "-o", _sandbox["out"]]);
    }

    [Fact]
    public void Without_a_lock_the_hint_says_how_to_make_one()
    {
        Directory.CreateDirectory(_sandbox["project"]);
        CliResult result = _sandbox.Refuses("PH0300", "pack", _sandbox["project"], "-o", _sandbox["out.tar"]);
        Assert.Contains("project/pixi.lock", result.Error, StringComparison.Ordinal);
        Assert.Contains("hint: pixi lock makes it", result.Error, StringComparison.Ordinal);
        _sandbox.Refuses("PH0300", "pack", _sandbox["nowhere"], "-o", _sandbox["out.tar"]);
    }

    [Fact]
    public void Environments_and_platforms_that_are_not_locked_are_refused_with_those_that_are()
    {
        _sandbox.Channel.Add(Small.Tool());
        string project = Project();
        CliResult environment = RefusesToPack("PH0301", project, "-e", "prod");
        Assert.Contains("hint: the lock file has: default", environment.Error, StringComparison.Ordinal);
        CliResult platform = _sandbox.Refuses("PH0302", "pack", project, "-p", "osx-64", "-o", _sandbox["out"]);
        Assert.Contains("is locked for: linux-64", platform.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("version: 8\nenvironments: {}\npackages: []\n", "PH0701", "version 8")]
    [InlineData("version: 99999999999999999999\n", "PH0406", "version")]
    [InlineData("version: six\n", "PH0406", "version")]
    [InlineData("", "PH0406", "empty")]
    [InlineData("a: b: c: d\n", "PH0406", "not YAML")]
    [InlineData("version: 6\nversion: 6\n", "PH0406", "second time")]
    [InlineData("[1, 2, 3]\n", "PH0406", "lock file")]
    public void Locks_that_make_no_sense_are_refused(string text, string code, string says)
    {
        string path = _sandbox.Write("pixi.lock", Encoding.UTF8.GetBytes(text));
        CliResult result = RefusesToPack(code, path);
        Assert.Contains("pixi.lock", code == "PH0701" ? "pixi.lock" : result.Error, StringComparison.Ordinal);
        Assert.Contains(says, result.Error, StringComparison.Ordinal);
    }

    public static TheoryData<string, string> Bombs =>
        new()
        {
            { "aliases", Aliases() },
            { "depth", string.Concat(Enumerable.Repeat("[", 20_000)) },
            { "block depth", string.Concat(Enumerable.Range(0, 300).Select(i => new string(' ', i) + "a:\n")) },
            { "nodes", "version: 6\na: [" + string.Concat(Enumerable.Repeat("1,", Limits.YamlNodes + 1)) + "1]\n" },
        };

    // Nine levels of nine: a billion laughs.
    private static string Aliases()
    {
        IEnumerable<string> levels = Enumerable
            .Range(1, 9)
            .Select(level => $"a{level}: &a{level} [{string.Join(',', Enumerable.Repeat($"*a{level - 1}", 9))}]\n");
        return "version: 6\na0: &a0 [x,x,x,x,x,x,x,x,x]\n" + string.Concat(levels);
    }

    [Theory]
    [MemberData(nameof(Bombs))]
    public void Yaml_bombs_end_at_the_limits(string name, string text)
    {
        string path = _sandbox.Write("pixi.lock", Encoding.UTF8.GetBytes(text));
        CliResult result = _sandbox.Refuses("PH0404", "pack", path, "-o", _sandbox["out"]);
        Assert.Contains(name.Contains("depth") ? "deep" : "nodes", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_package_that_is_missing_damaged_or_of_another_size_leaves_no_pack()
    {
        BuiltPackage tool = _sandbox.Channel.Add(Small.Tool());
        string path = _sandbox.Channel.PathOf(tool);
        byte[] right = File.ReadAllBytes(path);
        string project = Project();

        File.WriteAllBytes(path, [.. right[..^1], (byte)(right[^1] ^ 1)]);
        Assert.Contains(tool.FileName, RefusesToPack("PH0401", project).Error, StringComparison.Ordinal);
        File.WriteAllBytes(path, right[..^1]);
        Assert.Contains(tool.FileName, RefusesToPack("PH0402", project).Error, StringComparison.Ordinal);
        File.WriteAllBytes(path, []);
        RefusesToPack("PH0402", project);
        File.Delete(path);
        Assert.Contains(tool.FileName, RefusesToPack("PH0300", project).Error, StringComparison.Ordinal);
        Directory.CreateDirectory(path);
        RefusesToPack("PH0604", project);
    }

    [Theory]
    [InlineData("-1")]
    [InlineData("9223372036854775807")]
    [InlineData("4611686018427387904")]
    public void Impossible_sizes_in_a_lock_are_refused(string size)
    {
        BuiltPackage[] packages = [_sandbox.Channel.Add(Small.Tool()), _sandbox.Channel.Add(Small.Tool("other"))];
        string project = Project(text =>
            packages.Aggregate(text, (lines, package) => lines.Replace($"size: {package.Record.Size}", $"size: {size}"))
        );
        RefusesToPack("PH0406", project);
    }

    [Fact]
    public void What_was_brought_is_kept_and_the_next_run_goes_on_from_there()
    {
        BuiltPackage tool = _sandbox.Channel.Add(Small.Tool());
        BuiltPackage other = _sandbox.Channel.Add(Small.Tool("other"));
        string project = Project();
        byte[] right = File.ReadAllBytes(_sandbox.Channel.PathOf(other));
        File.WriteAllBytes(_sandbox.Channel.PathOf(other), right[..^1]);

        // One at a time, so that the first one is there when the second one fails.
        string config = _sandbox.Write("config.toml", "[concurrency]\ndownloads = 1\n"u8);
        string[] command = ["pack", project, "-p", "linux-64", "-c", config, "-o", _sandbox["out.tar"]];
        CliResult failed = Cli.Run(command);
        Assert.Equal(4, failed.ExitCode);
        Assert.False(File.Exists(_sandbox["out.tar"]));
        string[] left = [.. Directory.EnumerateFileSystemEntries(_sandbox.Work).Select(Path.GetFileName).Order()!];
        string[] withPart = ["config.toml", "out.tar.part.d", "project"];
        string[] without = ["config.toml", "project"];
        Assert.Equal(Directory.Exists(_sandbox["out.tar.part.d"]) ? withPart : without, left);

        File.WriteAllBytes(_sandbox.Channel.PathOf(other), right);
        Assert.Equal(0, Cli.Run(command).ExitCode);
        Assert.True(File.Exists(_sandbox["out.tar"]));
        Assert.False(Directory.Exists(_sandbox["out.tar.part.d"]));
        Assert.True(tool.Content.Length > 0);
    }

    [Fact]
    public void An_old_pack_stays_when_a_new_one_cannot_be_made()
    {
        BuiltPackage tool = _sandbox.Channel.Add(Small.Tool());
        string project = Project();
        string[] file = ["pack", project, "-p", "linux-64", "-o", _sandbox["old.tar"]];
        string[] directory = ["pack", project, "-p", "linux-64", "--directory-only", "-o", _sandbox["old"]];
        Assert.Equal(0, Cli.Run(file).ExitCode);
        Assert.Equal(0, Cli.Run(directory).ExitCode);
        File.WriteAllBytes(_sandbox.Channel.PathOf(tool), new byte[tool.Content.Length]);
        _sandbox.Refuses("PH0401", file);
        _sandbox.Refuses("PH0401", directory);
    }

    [Fact]
    public void Outputs_that_are_something_else_are_refused_before_anything_is_brought()
    {
        _sandbox.Channel.Add(Small.Tool());
        string[] pack = ["pack", Project(), "-p", "linux-64", "-o"];
        Directory.CreateDirectory(_sandbox["directory"]);
        _sandbox.Refuses("PH0203", [.. pack, _sandbox["directory"]]);
        _sandbox.Refuses("PH0203", [.. pack, "/dev/null"]);
        string file = _sandbox.Write("file", "mine"u8);
        _sandbox.Refuses("PH0203", [.. pack, file, "--directory-only"]);
        _sandbox.Refuses("PH0604", [.. pack, Path.Combine(file, "out.tar")]);
        _sandbox.Write("directory/mine", "mine"u8);
        _sandbox.Refuses("PH0203", [.. pack, _sandbox["directory"], "--directory-only"]);
    }

    [Fact]
    public void A_directory_pack_with_other_things_in_it_is_not_replaced()
    {
        _sandbox.Channel.Add(Small.Tool());
        string[] pack = ["pack", Project(), "-p", "linux-64", "--directory-only", "-o", _sandbox["out"]];
        Assert.Equal(0, Cli.Run(pack).ExitCode);
        Assert.Equal(0, Cli.Run(pack).ExitCode);
        _sandbox.Write("out/thesis.tex", "mine"u8);
        CliResult result = _sandbox.Refuses("PH0203", pack);
        Assert.Contains("holds 'thesis.tex' beside a pack", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_second_process_with_the_same_output_leaves_the_first_one_alone()
    {
        _sandbox.Channel.Add(Small.Tool());
        string project = Project();
        _sandbox.Write("out.tar.part.d/pack", "half"u8);
        using var held = new FileStream(
            _sandbox["out.tar.part.d/lock"],
            FileMode.Create,
            FileAccess.ReadWrite,
            FileShare.None
        );
        foreach (
            string[] kind in (string[][])
                [
                    [],
                    ["--directory-only"],
                ]
        )
        {
            CliResult busy = Cli.Run(["pack", project, "-p", "linux-64", "-o", _sandbox["out.tar"], .. kind]);
            Assert.Equal(5, busy.ExitCode);
            Assert.Contains("[PH0501]", busy.Error, StringComparison.Ordinal);
            Assert.Equal("half", File.ReadAllText(_sandbox["out.tar.part.d/pack"]));
        }
    }

    [Fact]
    public void An_environment_without_packages_is_refused()
    {
        _sandbox.Channel.Add(Small.Tool());
        string project = Project(text =>
            text.Replace("packages:\n      linux-64:", "packages:\n      linux-64: []\n      osx-64:")
        );
        RefusesToPack("PH0201", project);
    }
}
