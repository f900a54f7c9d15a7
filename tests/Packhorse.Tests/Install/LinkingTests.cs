using System.Text;
using Packhorse.Install;
using Packhorse.Model;
using Packhorse.TestChannel;
using Packhorse.Tests.Support;
using SharpCompress.Compressors.BZip2;

namespace Packhorse.Tests.Install;

/// <summary>What packages become under a prefix.</summary>
public sealed class LinkingTests : IDisposable
{
    private const string Prefix = "/the/prefix";

    private readonly ScratchDirectory _scratch = new();

    [Fact]
    public void Packages_without_paths_json_are_installed_by_their_old_lists()
    {
        string[] old =
        [
            .. Directory
                .EnumerateFiles(Fixtures.Require("defaults/linux-64"), "*.tar.bz2")
                .Where(path => !PackageFiles.Info(path).PathTypesKnown),
        ];
        Assert.Equal(6, old.Length);
        foreach (string path in old)
        {
            var sink = new MemorySink();
            (InstallPlan plan, _) = PackageFiles.Install([path], new InstallTarget("/p", Platform.Linux64), sink);
            Assert.Equal(ListedFiles(path), sink.Files.Keys.Concat(sink.Links.Keys).Order(StringComparer.Ordinal));
            foreach (
                PlannedPath relocated in plan.Packages[0].Paths.Where(entry => entry.Source.Placeholder is not null)
            )
            {
                byte[] content = sink.Files[relocated.Target].Content;
                byte[] placeholder = Encoding.UTF8.GetBytes(relocated.Source.Placeholder!.Text);
                Assert.True(content.AsSpan().IndexOf(placeholder) < 0, $"{path}: {relocated.Target}");
                Assert.True(content.AsSpan().IndexOf("/p"u8) >= 0, $"{path}: {relocated.Target}");
            }
        }
    }

    [Fact]
    public void Noarch_python_packages_are_spread_over_the_prefix()
    {
        MemorySink sink = Install(SamplePackages.Python(), NoArch());
        Assert.Equal("def main(): pass\n", Text(sink, "lib/python3.11/site-packages/pkg/__init__.py"));
        Assert.Equal("#!/the/prefix/bin/python\n", Text(sink, "bin/script"));
        Assert.Equal(0b111_111_101, (int)sink.Files["bin/script"].File.Mode);
        Assert.Equal("data\n", Text(sink, "share/pkg/data"));
        Assert.StartsWith("#!/the/prefix/bin/python3.11\n", Text(sink, "bin/pkg"), StringComparison.Ordinal);
        Assert.Equal(0b111_111_101, (int)sink.Files["bin/pkg"].File.Mode);
        Assert.DoesNotContain(sink.Files.Keys, path => path.StartsWith("site-packages/", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("3.9.1", null, "lib/python3.9/site-packages")]
    [InlineData("3.13.0rc2", "lib/python3.13t/site-packages", "lib/python3.13t/site-packages")]
    public void Pythons_record_says_where_modules_go(string version, string? stated, string expected)
    {
        PackageBuilder python = new PackageBuilder("python", version);
        MemorySink sink = Install(stated is null ? python : python.SitePackages(stated), NoArch());
        Assert.Contains($"{expected}/pkg/__init__.py", sink.Files.Keys);
    }

    [Fact]
    public void Noarch_generic_packages_stay_as_they_are()
    {
        MemorySink sink = Install(new PackageBuilder("g").NoArchGeneric().AddFile("site-packages/x", "x"));
        Assert.Equal(["site-packages/x"], sink.Files.Keys);
    }

    [Fact]
    public void A_noarch_python_package_without_python_is_refused()
    {
        var error = Assert.Throws<OperationFailedException>(() => Install(NoArch()));
        Assert.Equal(ErrorCodes.PackagesDoNotFit, error.Code);
    }

    [Fact]
    public void A_script_in_the_package_gives_way_to_the_entry_point_of_its_name()
    {
        MemorySink sink = Install(
            SamplePackages.Python(),
            NoArch().AddExecutable("python-scripts/pkg", "the package's own\n")
        );
        Assert.Contains("sys.exit(main())", Text(sink, "bin/pkg"), StringComparison.Ordinal);
    }

    [Fact]
    public void Modes_times_and_links_come_from_the_package()
    {
        MemorySink sink = Install(
            new PackageBuilder("p")
                .Timestamp(1_600_000_000_000)
                .AddFile("plain", "x", Modes.FromOctal(640))
                .AddFile("text", Placeholder.Default, prefix: PrefixMode.Text)
                .AddFile("tied", "y")
                .NoLink("tied")
                .AddSymlink("link", "../../outside")
        );
        InstallFile plain = sink.Files["plain"].File;
        Assert.Equal(Modes.FromOctal(640), (int)plain.Mode);
        Assert.Equal(1_600_000_000, plain.Modified);
        // A second younger than info/about.json.
        Assert.Equal(1_600_000_001, sink.Files["text"].File.Modified);
        Assert.Equal("../../outside", sink.Links["link"]);
        Assert.Equal("y", Text(sink, "tied"));
    }

    [Fact]
    public void Files_from_before_1980_are_from_1980()
    {
        MemorySink sink = Install(new PackageBuilder("p").Timestamp(0).AddFile("f", "x"));
        Assert.Equal(315_532_800, sink.Files["f"].File.Modified);
    }

    [Theory]
    [InlineData("rattler/link-scripts/link-scripts-0.1.0-h4616a5c_0.conda")]
    [InlineData("conda/test-recipes/failing_post_link-1.0-0.conda")]
    public void Scripts_for_installers_are_installed_and_told_of_but_not_run(string fixture)
    {
        var sink = new MemorySink();
        (InstallPlan plan, _) = PackageFiles.Install(
            [Fixtures.Require(fixture)],
            new InstallTarget(Prefix, Platform.Linux64),
            sink
        );
        string warning = Assert.Single(plan.ScriptNotes);
        Assert.Contains("brings scripts for installers", warning, StringComparison.Ordinal);
        string[] scripts = warning[(warning.LastIndexOf(": ", StringComparison.Ordinal) + 2)..].Split(", ");
        Assert.NotEmpty(scripts);
        Assert.All(scripts, script => Assert.Contains(script, sink.Files.Keys));
    }

    [Fact]
    public void Files_of_zeros_are_files_like_others()
    {
        var sink = new MemorySink();
        string path = Fixtures.Require("rattler/sparse/sparse-test-1.0.0-0.conda");
        PackageFiles.Install([path], new InstallTarget(Prefix, Platform.Linux64), sink);
        Assert.Equal(["bin/first-file.txt", "lib/blob.bin", "share/last-file.txt"], sink.Files.Keys);
        Assert.Equal(150_000, sink.Files["lib/blob.bin"].Content.Length);
    }

    [Theory]
    [InlineData("zip64-test")]
    [InlineData("dotslash-test")]
    [InlineData("symlink-test")]
    [InlineData("info-only")]
    public void Packages_that_do_not_tell_what_they_install_are_refused(string name)
    {
        string path = Fixtures.Require($"rattler/sparse/{name}-1.0.0-0.conda");
        var error = Assert.Throws<CorruptDataException>(() => PackageFiles.Info(path));
        Assert.Equal(ErrorCodes.BadPackage, error.Code);
    }

    [Fact]
    public void A_prefix_that_does_not_fit_is_refused_before_anything_is_written()
    {
        string path = PackageFiles.Write(
            _scratch.Root,
            new PackageBuilder("p")
                .AddFile("a", "first")
                .AddFile("b", Placeholder.Default, Modes.Regular, PrefixMode.Binary)
                .Pack()
        )[0];
        var sink = new MemorySink();
        string longest = "/" + new string('x', Placeholder.Length - 1);
        PackageFiles.Install([path], new InstallTarget(longest, Platform.Linux64), sink);
        Assert.Equal(longest, Text(sink, "b"));

        var untouched = new MemorySink();
        var error = Assert.Throws<UsageException>(() =>
            PackageFiles.Install([path], new InstallTarget(longest + "x", Platform.Linux64), untouched)
        );
        Assert.Equal(ErrorCodes.PrefixTooLong, error.Code);
        Assert.Empty(untouched.Files);
    }

    public void Dispose() => _scratch.Dispose();

    private static PackageBuilder NoArch() =>
        new PackageBuilder("pkg", "1.0", "py_0")
            .NoArchPython()
            .AddFile("site-packages/pkg/__init__.py", "def main(): pass\n")
            .AddExecutable("python-scripts/script", $"#!{Placeholder.Default}/bin/python\n", PrefixMode.Text)
            .AddFile("share/pkg/data", "data\n")
            .AddEntryPoint("pkg = pkg:main");

    private MemorySink Install(params IEnumerable<PackageBuilder> builders)
    {
        var sink = new MemorySink();
        IReadOnlyList<string> paths = PackageFiles.Write(_scratch.Root, builders.Select(builder => builder.Pack()));
        PackageFiles.Install(paths, new InstallTarget(Prefix, Platform.Linux64), sink);
        return sink;
    }

    private static string Text(MemorySink sink, string path) => Encoding.UTF8.GetString(sink.Files[path].Content);

    // By other readers than ours.
    private static string[] ListedFiles(string path)
    {
        using FileStream file = File.OpenRead(path);
        using BZip2Stream decoder = BZip2Stream.Create(
            file,
            SharpCompress.Compressors.CompressionMode.Decompress,
            decompressConcatenated: true
        );
        using var tar = new System.Formats.Tar.TarReader(decoder);
        while (tar.GetNextEntry() is { } entry)
        {
            if (entry.Name == "info/files")
            {
                using var text = new StreamReader(entry.DataStream!);
                return
                [
                    .. text.ReadToEnd()
                        .Split('\n', StringSplitOptions.RemoveEmptyEntries)
                        .Order(StringComparer.Ordinal),
                ];
            }
        }
        throw new InvalidDataException($"{path} has no info/files");
    }
}
