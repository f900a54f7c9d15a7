using System.Text.Json.Nodes;
using Packhorse.TestChannel;
using Packhorse.Tests.Support;

namespace Packhorse.Tests.Pack;

/// <summary>
/// Updates that look only at what changes. Whether one does is seen by damaging, in the new pack, a package that stays: an update that
/// looks at everything refuses such a pack, a quick one has no use for the damaged bytes.
/// </summary>
public sealed class QuickUpdateTests : IDisposable
{
    private readonly Worksite _site = new();

    private static PackageBuilder Stable =>
        new PackageBuilder("stable").AddFile("share/stable", "stable").AddFile("lib/python/stable.py", "x = 1");

    private static PackageBuilder Changing(string version) =>
        new PackageBuilder("changing", version)
            .AddFile("share/changing", version)
            .AddFile($"lib/python/only_in_{version[0]}.py", version);

    [Fact]
    public void A_package_that_stays_is_not_read()
    {
        _site.Unpack(_site.Pack(Stable, Changing("1.0"))).Successful();
        string pack = _site.Pack(Stable, Changing("2.0"));
        IReadOnlyList<string> fresh = _site.Fresh(pack);
        CommandRun run = _site.Unpack(WithDamagedStable(pack)).Successful();
        Assert.Contains("1 of 2 packages were there already", run.Error, StringComparison.Ordinal);
        TreeListing.AssertSame(fresh, TreeListing.Of(_site.Prefix));
        _site.AssertNothingElseIsThere();
    }

    [Fact]
    public void One_quick_update_after_the_other_is_quick()
    {
        _site.Unpack(_site.Pack(Stable, Changing("1.0"))).Successful();
        foreach (string version in (string[])["2.0", "3.0"])
        {
            string pack = _site.Pack(Stable, Changing(version));
            IReadOnlyList<string> fresh = _site.Fresh(pack);
            _site.Unpack(WithDamagedStable(pack)).Successful();
            TreeListing.AssertSame(fresh, TreeListing.Of(_site.Prefix));
        }
        _site.Unpack(WithDamagedStable(_site.Pack(Stable))).Successful();
        Assert.Equal(["stable.py"], TreeListing.Files(_site["lib/python"]));
    }

    [Theory]
    [InlineData("another tool changed a record")]
    [InlineData("another tool added a record")]
    [InlineData("another tool removed a record")]
    [InlineData("no digests")]
    [InlineData("damaged digests")]
    [InlineData("digests of another record")]
    [InlineData("an update was interrupted")]
    public void Whatever_else_was_done_to_the_environment_has_everything_looked_at(string what)
    {
        _site.Unpack(_site.Pack(Stable, Changing("1.0"))).Successful();
        string record = _site["conda-meta/stable-1.0-h0_0.json"];
        string digests = _site["conda-meta/packhorse-records"];
        switch (what)
        {
            case "another tool changed a record":
                File.AppendAllText(record, "\n");
                break;
            case "another tool added a record":
                _site.Write("conda-meta/other-1-0.json", """{"name": "other", "files": ["share/other"]}""");
                _site.Write("share/other", "other");
                break;
            case "another tool removed a record":
                File.Delete(record);
                break;
            case "no digests":
                File.Delete(digests);
                break;
            case "damaged digests":
                File.WriteAllText(digests, "{");
                break;
            case "digests of another record":
                File.WriteAllText(digests, File.ReadAllText(digests).Replace("changing-1.0", "changing-1.1"));
                break;
            default:
                _site.Write("conda-meta/packhorse-update", "share/left\n");
                break;
        }
        string pack = _site.Pack(Stable, Changing("2.0"));
        string damaged = WithDamagedStable(pack);
        Assert.Equal(4, _site.Unpack(damaged).ExitCode);
        if (what == "another tool changed a record")
        {
            // It names the same files: the package stays, and so does the record.
            _site.Unpack(pack).Successful();
            Assert.EndsWith("\n", File.ReadAllText(record), StringComparison.Ordinal);
        }
        else
        {
            _site.UnpackAsFresh(pack);
        }
    }

    [Fact]
    public void Paths_that_belong_to_what_stays_have_everything_looked_at()
    {
        PackageBuilder Arriving(string path) => new PackageBuilder("arriving").AddFile(path, "arriving");
        PackageBuilder kept = new PackageBuilder("stable").AddFile("lib/a/b", "kept").AddFile("lib/c", "kept");
        foreach (string path in (string[])["lib/c", "lib/a", "lib/c/d", "lib/a/b/c/d"])
        {
            _site.Unpack(_site.Pack(kept)).Successful();
            string pack = _site.Pack(kept, Arriving(path));
            Assert.True(_site.Unpack(WithDamagedStable(pack)).ExitCode == 4, path);
            _site.UnpackAsFresh(pack);
            // And back: what was pushed aside may come forward again.
            _site.UnpackAsFresh(_site.Pack(kept));
        }
    }

    [Fact]
    public void An_empty_directory_of_what_stays_does_not_become_a_file_by_surprise()
    {
        PackageBuilder kept = new PackageBuilder("stable")
            .AddFile("share/stable", "x")
            .EditPaths(paths =>
                paths["paths"]!.AsArray().Add(new JsonObject { ["_path"] = "lib/empty", ["path_type"] = "directory" })
            );
        _site.Unpack(_site.Pack(kept)).Successful();
        _site.UnpackAsFresh(_site.Pack(kept, new PackageBuilder("arriving").AddFile("lib/empty", "file")));
    }

    [Fact]
    public void Any_environment_becomes_any_other()
    {
        const int Steps = 60;
        var random = new Random(1);
        for (int step = 0; step < Steps; step++)
        {
            PackageBuilder[] packages = RandomPackages(random);
            _site.UnpackAsFresh(_site.Pack(packages));
        }
    }

    public void Dispose() => _site.Dispose();

    // Few packages with few paths, so that these often meet, and sometimes do not.
    private static PackageBuilder[] RandomPackages(Random random)
    {
        string[] paths = ["a", "a/b", "a/b/c", "d/e", "d/f.py", "d/g", "h", "h/i", "j/k/l", "j/k", "m", "n/o"];
        var packages = new List<PackageBuilder>();
        for (int i = 0; i < 5; i++)
        {
            if (random.Next(4) == 0)
            {
                continue;
            }
            int version = random.Next(2);
            var package = new PackageBuilder($"p{i}", $"{version}.0").AddFile($"share/p{i}/{version}", "own");
            var taken = new List<string>();
            // The same package has the same paths whenever it comes.
            var own = new Random((i * 2) + version);
            for (int n = 0; n < 2; n++)
            {
                string path = paths[own.Next(paths.Length)];
                if (
                    taken.TrueForAll(other =>
                        !$"{path}/".StartsWith($"{other}/") && !$"{other}/".StartsWith($"{path}/")
                    )
                )
                {
                    taken.Add(path);
                    package.AddFile(path, $"{path} of p{i} {version}");
                }
            }
            packages.Add(package);
        }
        return packages.Count > 0 ? [.. packages] : [Stable];
    }

    private static string WithDamagedStable(string pack)
    {
        byte[] bytes = File.ReadAllBytes(pack);
        var tar = new Packhorse.Codecs.TarReader(new MemoryStream(bytes), pack);
        while (tar.MoveNext())
        {
            if (tar.Current.Name.EndsWith("stable-1.0-h0_0.conda", StringComparison.Ordinal))
            {
                bytes.AsSpan((int)tar.Position, (int)tar.Current.Size).Clear();
            }
        }
        string damaged = pack + ".damaged";
        File.WriteAllBytes(damaged, bytes);
        return damaged;
    }
}
