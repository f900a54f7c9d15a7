using Packhorse.Conda;
using Packhorse.Model;
using Packhorse.TestChannel;
using Packhorse.Tests.Support;

namespace Packhorse.Tests.Conda;

public sealed class PackageInfoTests
{
    public static TheoryData<string> Folders =>
        ["conda-forge", "defaults", "rebuilt", "rattler/clobber", "conda", "cph", "pixi-channels"];

    [Theory]
    [MemberData(nameof(Folders))]
    public void Every_real_package_tells_what_it_is(string folder)
    {
        string[] packages =
        [
            .. Directory
                .EnumerateFiles(Fixtures.Require(folder), "*", SearchOption.AllDirectories)
                .Where(path => PackageFileName.TryGetKind(path, out _))
                .Where(path => new FileInfo(path).Length is > 0 and < 1_000_000),
        ];
        Assert.NotEmpty(packages);
        foreach (string path in packages)
        {
            PackageInfo info = PackageFiles.Info(path);
            Assert.StartsWith(info.Index.DistributionName, Path.GetFileName(path), StringComparison.Ordinal);
            Assert.All(info.Paths, entry => Assert.True(EntryPath.IsSafe(entry.Path)));
            Assert.Equal(info.Paths.Count, info.Paths.Select(entry => entry.Path).Distinct().Count());
        }
    }

    [Fact]
    public void Both_formats_and_every_order_of_parts_tell_the_same()
    {
        PackageBuilder builder = Sample();
        PackageInfo expected = Read(builder.Pack());
        Assert.Equal(3, expected.Paths.Count);
        Assert.Equal(["bin/.sample-post-link.sh"], expected.LinkScripts);
        Assert.Equal(1_700_000_000, expected.AboutModified);
        PackageInfo[] others =
        [
            Read(builder.Pack(PackageArchiveKind.TarBz2)),
            Read(builder.Quirks(new ArchiveQuirks { InfoBeforePkg = true }).Pack()),
            Read(builder.Quirks(new ArchiveQuirks { OmitMetadataJson = true }).Pack()),
            Read(builder.Quirks(new ArchiveQuirks { MemberDirectory = "some/where/" }).Pack()),
            Read(
                builder
                    .Quirks(
                        new ArchiveQuirks
                        {
                            Zip = new ZipMemberOptions { Deflate = true, DataDescriptor = true },
                        }
                    )
                    .Pack()
            ),
            Read(
                builder
                    .Quirks(
                        new ArchiveQuirks
                        {
                            Zstd = new ZstdOptions { FrameSize = 1000, ContentSize = false },
                        }
                    )
                    .Pack()
            ),
            Read(builder.Quirks(new ArchiveQuirks { TarFormat = TarFormat.Gnu }).Pack()),
        ];
        foreach (PackageInfo other in others)
        {
            Assert.Equal(expected.Index.ToString(), other.Index.ToString());
            Assert.Equal(expected.Paths, other.Paths);
            Assert.Equal(expected.AboutModified, other.AboutModified);
        }
    }

    [Fact]
    public void Both_formats_give_the_same_members()
    {
        (string, string)[] conda = Members(Sample().Pack(), PackageArchiveKind.Conda);
        (string, string)[] old = Members(Sample().Pack(PackageArchiveKind.TarBz2), PackageArchiveKind.TarBz2);
        Assert.Equal(conda.Order(), old.Order());
        Assert.Contains(conda, member => member.Item1 == "info/index.json");
        Assert.Contains(conda, member => member.Item1 == "lib/data");
    }

    [Theory]
    [InlineData("lib/a", "/opt/anaconda1anaconda2anaconda3", PrefixFileMode.Text)]
    [InlineData("/the/placeholder text lib/a", "/the/placeholder", PrefixFileMode.Text)]
    [InlineData("/the/placeholder binary lib/a", "/the/placeholder", PrefixFileMode.Binary)]
    [InlineData("\"/the/placeholder\" \"binary\" \"lib/a\"", "/the/placeholder", PrefixFileMode.Binary)]
    [InlineData("'/the/place holder' text 'lib/a'", "/the/place holder", PrefixFileMode.Text)]
    [InlineData("\"lib/a\"", "/opt/anaconda1anaconda2anaconda3", PrefixFileMode.Text)]
    public void Lines_of_has_prefix_have_many_forms(string line, string placeholder, PrefixFileMode mode)
    {
        PackageInfo info = Read(
            new PackageBuilder("old")
                .AddFile("lib/a", "a")
                .AddFile("lib/b c", "b")
                .AddInfo("has_prefix", line + "\n")
                .Quirks(new ArchiveQuirks { OmitPathsJson = true })
                .Pack()
        );
        Assert.False(info.PathTypesKnown);
        Assert.Equal(
            new PrefixPlaceholder(placeholder, mode),
            info.Paths.Single(path => path.Path == "lib/a").Placeholder
        );
        Assert.Null(info.Paths.Single(path => path.Path == "lib/b c").Placeholder);
    }

    [Theory]
    [InlineData("lib/b c")]
    [InlineData("\"lib/b c\"")]
    [InlineData("/p text \"lib/b c\"")]
    [InlineData("/p text lib/b c")]
    public void Paths_in_has_prefix_may_have_blanks(string line)
    {
        PackageInfo info = Read(
            new PackageBuilder("old")
                .AddFile("lib/b c", "b")
                .AddInfo("has_prefix", line + "\r\n")
                .Quirks(new ArchiveQuirks { OmitPathsJson = true })
                .Pack()
        );
        Assert.NotNull(Assert.Single(info.Paths).Placeholder);
    }

    [Theory]
    [InlineData("pip = pip._internal.cli.main:main", "pip", "pip._internal.cli.main", "main")]
    [InlineData("a-b.c=m:Class.method", "a-b.c", "m", "Class.method")]
    [InlineData("  tool  =  m : f  ", "tool", "m", "f")]
    [InlineData("tool = m:f [extra,other]", "tool", "m", "f")]
    public void Entry_points_are_read(string text, string command, string module, string function) =>
        Assert.Equal(new EntryPoint(command, module, function), EntryPoint.Parse(text, "test"));

    [Theory]
    [InlineData("")]
    [InlineData("tool")]
    [InlineData("tool = m")]
    [InlineData("= m:f")]
    [InlineData("../tool = m:f")]
    [InlineData("a/b = m:f")]
    [InlineData(".hidden = m:f")]
    [InlineData("tool = m;import os:f")]
    [InlineData("tool = m:f()")]
    [InlineData("tool = m:")]
    [InlineData("tool = 1m:f")]
    [InlineData("tool = m..n:f")]
    public void What_is_no_entry_point_is_refused(string text) =>
        Assert.Throws<CorruptDataException>(() => EntryPoint.Parse(text, "test"));

    private static PackageBuilder Sample() =>
        new PackageBuilder("sample")
            .AddFile("lib/data", "data")
            .AddExecutable("bin/.sample-post-link.sh", "exit 1\n")
            .AddSymlink("lib/link", "data");

    private static PackageInfo Read(BuiltPackage package) =>
        PackageInfoReader.Read(new MemorySource(package.ToArray()), package.Kind, package.FileName);

    private static (string Path, string Content)[] Members(BuiltPackage package, PackageArchiveKind kind)
    {
        var members = new List<(string, string)>();
        using var stream = new OneWayStream(new MemoryStream(package.ToArray()), 7, 1000);
        using var reader = new CondaPackageReader(stream, kind, "test");
        while (reader.MoveNext())
        {
            string content = Convert.ToHexString(reader.Tar.ReadAllBytes(1 << 20));
            Assert.Equal(reader.Path.StartsWith("info/", StringComparison.Ordinal), reader.IsInfo);
            members.Add((reader.Path, reader.Tar.Current.LinkName + content));
        }
        return [.. members];
    }
}
