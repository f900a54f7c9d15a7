using System.Text.Json;
using Packhorse.Model;
using Packhorse.TestChannel;
using Packhorse.Tests.Support;
using Packhorse.Wheels;

namespace Packhorse.Tests.Wheels;

/// <summary>What becomes of wheels, from the lock file to the environment.</summary>
public sealed class WheelUnpackTests : IDisposable
{
    private readonly WheelSite _site = new();

    [Fact]
    public void Every_kind_of_file_comes_to_its_place()
    {
        _site.Add(WheelSite.Everything());
        _site.Unpack(_site.Pack("environment.tar")).Successful();
        string shebang = $"#!{_site.Prefix}/bin/python3.11";
        Assert.Equal("pure = 1\n", File.ReadAllText($"{_site.SitePackages}/everything/pure.py"));
        Assert.Equal("plat = 1\n", File.ReadAllText($"{_site.SitePackages}/everything/plat.py"));
        Assert.Equal("data\n", File.ReadAllText($"{_site.Prefix}/share/everything.txt"));
        Assert.True(File.Exists($"{_site.Prefix}/include/python3.11/every-thing/everything.h"));
        Assert.Equal(
            $"{shebang} -E\nimport everything\neverything.main()\n",
            File.ReadAllText($"{_site.Prefix}/bin/everything-script")
        );
        Assert.StartsWith($"{shebang}\nimport", File.ReadAllText($"{_site.Prefix}/bin/everything-windows"));
        Assert.Equal("#!/bin/sh\necho shell\n", File.ReadAllText($"{_site.Prefix}/bin/everything-shell"));
        string command = File.ReadAllText($"{_site.Prefix}/bin/everything-command");
        Assert.StartsWith($"{shebang}\n", command);
        Assert.Contains("from everything import main", command);
        Assert.Equal(0x1ED, (int)new FileInfo($"{_site.Prefix}/bin/everything-shell").UnixFileMode);
        Assert.Equal(0x1ED, (int)new FileInfo($"{_site.SitePackages}/everything/native.so").UnixFileMode);
        Assert.Equal(0x1A4, (int)new FileInfo($"{_site.SitePackages}/everything/pure.py").UnixFileMode);
    }

    [Fact]
    public void RECORD_lists_what_was_installed()
    {
        _site.Add(WheelSite.Everything());
        _site.Unpack(_site.Pack("environment.tar")).Successful();
        IReadOnlyDictionary<string, RecordEntry> record = RecordFile.Parse(
            File.ReadAllBytes($"{_site.SitePackages}/Every_thing-1.0.dist-info/RECORD"),
            "RECORD"
        );
        string[] withoutDigest =
        [
            "../../../bin/everything-command",
            "../../../bin/everything-script",
            "../../../bin/everything-windows",
            "Every_thing-1.0.dist-info/RECORD",
        ];
        Assert.Equal(
            withoutDigest,
            record.Values.Where(entry => entry.Sha256 is null).Select(entry => entry.Path).Order(StringComparer.Ordinal)
        );
        Assert.Contains("../../../share/everything.txt", record.Keys);
        Assert.Contains("../../../include/python3.11/every-thing/everything.h", record.Keys);
        Assert.Contains("everything/data, with comma.txt", record.Keys);
        foreach (RecordEntry entry in record.Values.Where(entry => entry.Sha256 is not null))
        {
            byte[] content = File.ReadAllBytes(Path.Combine(_site.SitePackages, entry.Path));
            Assert.Equal(entry.Size, content.Length);
            Assert.Equal(entry.Sha256, new Digest(System.Security.Cryptography.SHA256.HashData(content)));
        }
        Assert.All(record.Keys, path => Assert.True(File.Exists(Path.Combine(_site.SitePackages, path)), path));
    }

    [Fact]
    public void The_directory_of_metadata_says_who_installed_it_and_from_where()
    {
        _site.Add(WheelSite.Everything());
        _site.Unpack(_site.Pack("environment.tar")).Successful();
        string distInfo = $"{_site.SitePackages}/Every_thing-1.0.dist-info";
        Assert.Equal("packhorse\n", File.ReadAllText($"{distInfo}/INSTALLER"));
        Assert.Equal("", File.ReadAllText($"{distInfo}/REQUESTED"));
        Assert.False(File.Exists($"{distInfo}/direct_url.json"));
    }

    [Fact]
    public void However_a_pack_comes_in_its_wheels_become_the_same()
    {
        _site.Add(WheelSite.Everything()).Add(new WheelBuilder("other").AddFile("other.py", "x = 1\n"));
        string pack = _site.Pack("environment.tar");
        IReadOnlyList<string> expected = _site.Listing(pack);
        TreeListing.AssertSame(expected, _site.Listing(_site.Pack("directory", "--directory-only")));
        using (var pipe = new OneWayStream(new MemoryStream(File.ReadAllBytes(pack)), 1, 511, 100_000))
        {
            TreeListing.AssertSame(expected, _site.Listing("-", pipe));
        }
        string image = _site.Pack("environment.sqfs", "--prefix", "/media/p/0123456789ab", "--pyc", "off");
        TreeListing.AssertSame(expected, _site.Listing(image));
    }

    // Their wheels have no digest anywhere, and no place in a list.
    [Fact]
    public void Packs_of_pixi_pack_give_the_same_environment_but_for_where_things_came_from()
    {
        _site.Add(WheelSite.Everything());
        string[] expected = [.. WithoutRecords(_site.Listing(_site.Pack("environment.tar")))];
        string pack = _site.Pack("upstream.tar", "--layout", "upstream");
        TreeListing.AssertSame(expected, [.. WithoutRecords(_site.Listing(pack))]);
        using (var pipe = new OneWayStream(new MemoryStream(File.ReadAllBytes(pack)), 4096))
        {
            TreeListing.AssertSame(expected, [.. WithoutRecords(_site.Listing("-", pipe))]);
        }
        string directory = _site.Pack("upstream", "--layout", "upstream", "--directory-only");
        TreeListing.AssertSame(expected, [.. WithoutRecords(_site.Listing(directory))]);
        string script =
            $"#!/bin/sh\nexit 0\n@@END_HEADER@@\n{Convert.ToBase64String(File.ReadAllBytes(pack))}\n@@END_ARCHIVE@@\nAAAA";
        File.WriteAllText(_site["upstream.sh"], script);
        TreeListing.AssertSame(expected, [.. WithoutRecords(_site.Listing(_site["upstream.sh"]))]);
    }

    [Fact]
    public void Changed_wheels_are_replaced_and_the_others_are_not_touched()
    {
        WheelBuilder other = new WheelBuilder("other").AddFile("other.py", "x = 1\n");
        _site.Add(WheelSite.Everything()).Add(other);
        _site.Unpack(_site.Pack("1.tar")).Successful();
        string otherModule = $"{_site.SitePackages}/other.py";
        string python = $"{_site.Prefix}/bin/python3.11";
        string[] before = [Inode(otherModule), Inode(python), Inode($"{_site.SitePackages}/everything/__init__.py")];
        _site.WithoutWheels().Add(WheelSite.Everything("2.0")).Add(other);
        string second = _site.Pack("2.tar");
        _site.Unpack(second).Successful();
        Assert.Equal(before[0], Inode(otherModule));
        Assert.Equal(before[1], Inode(python));
        Assert.NotEqual(before[2], Inode($"{_site.SitePackages}/everything/__init__.py"));
        Assert.False(Directory.Exists($"{_site.SitePackages}/Every_thing-1.0.dist-info"));
        IReadOnlyList<string> updated = TreeListing.Of(_site.Prefix);
        Directory.Delete(_site.OutputDirectory, recursive: true);
        TreeListing.AssertSame(_site.Listing(second), updated);
    }

    [Fact]
    public void Wheels_that_are_packed_no_more_leave_nothing_behind()
    {
        _site.Add(WheelSite.Everything());
        _site.Unpack(_site.Pack("1.tar")).Successful();
        string second = _site.WithoutWheels().Pack("2.tar");
        _site.Unpack(second).Successful();
        IReadOnlyList<string> updated = TreeListing.Of(_site.Prefix);
        Directory.Delete(_site.OutputDirectory, recursive: true);
        TreeListing.AssertSame(_site.Listing(second), updated);
    }

    [Fact]
    public void A_wheel_owns_what_a_conda_package_brings_too_and_of_wheels_the_last_by_name()
    {
        _site
            .Add(
                new WheelBuilder("alpha").AddFile("shared.py", "alpha\n").AddFile("noarch_tool/__init__.py", "alpha\n")
            )
            .Add(new WheelBuilder("beta").AddFile("shared.py", "beta\n"));
        CommandRun run = _site.Unpack(_site.Pack("environment.tar")).Successful();
        Assert.Equal("beta\n", File.ReadAllText($"{_site.SitePackages}/shared.py"));
        Assert.Equal("alpha\n", File.ReadAllText($"{_site.SitePackages}/noarch_tool/__init__.py"));
        string aside = $"{_site.Prefix}/__clobbers__";
        Assert.Equal("alpha\n", File.ReadAllText($"{aside}/alpha/lib/python3.11/site-packages/shared.py"));
        Assert.True(File.Exists($"{aside}/noarch-tool/lib/python3.11/site-packages/noarch_tool/__init__.py"));
        Assert.Contains("1 path(s) of alpha=1.0=pypi_0 belong to another package", run.Error);
    }

    [Theory]
    [InlineData(">=3.12", true)]
    [InlineData(">= 3.8, <4", false)]
    [InlineData("~=3.9,!=3.11.*", true)]
    [InlineData("any that works", false)]
    public void A_wheel_that_asks_for_another_Python_is_told(string requires, bool told)
    {
        _site.Add(
            new WheelBuilder("demo")
                .AddFile("demo.py", "")
                .Metadata($"Metadata-Version: 2.1\nName: demo\nVersion: 1.0\nRequires-Python: {requires}\n")
        );
        CommandRun run = _site.Unpack(_site.Pack("environment.tar")).Successful();
        Assert.Equal(told, run.Error.Contains("the environment has 3.11.4", StringComparison.Ordinal));
    }

    [Fact]
    public void A_wheel_for_a_newer_C_library_than_the_machines_is_told()
    {
        _site.Add(new WheelBuilder("demo", "1.0", "py3-none-manylinux_2_90_x86_64").AddFile("demo.py", ""));
        CommandRun run = _site.Unpack(_site.Pack("environment.tar")).Successful();
        Assert.Contains("__glibc >=2.90", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Conda_finds_no_records_of_wheels_among_its_own()
    {
        _site.Add(WheelSite.Everything());
        _site.Unpack(_site.Pack("environment.tar")).Successful();
        Assert.DoesNotContain(
            Directory.EnumerateFiles($"{_site.Prefix}/conda-meta", "*.json"),
            path => path.Contains("every", StringComparison.Ordinal)
        );
        using JsonDocument record = JsonDocument.Parse(
            File.ReadAllBytes($"{_site.Prefix}/conda-meta/packhorse-wheels/every-thing-1.0-pypi_0.json")
        );
        Assert.Equal("Every_thing-1.0-py3-none-any.whl", record.RootElement.GetProperty("fn").GetString());
    }

    public void Dispose() => _site.Dispose();

    private static string Inode(string path) => StockTool.Run("stat", "-c", "%i %Z", path);

    // Records have URLs and digests, which other tools' packs do not tell.
    private static IEnumerable<string> WithoutRecords(IEnumerable<string> listing) =>
        listing.Where(line => !line.StartsWith("conda-meta/", StringComparison.Ordinal));
}
