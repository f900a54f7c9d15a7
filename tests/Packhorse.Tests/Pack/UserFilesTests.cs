using Packhorse.Model;
using Packhorse.TestChannel;
using Packhorse.Tests.Support;

namespace Packhorse.Tests.Pack;

/// <summary>What users put into an environment when it is unpacked into again.</summary>
public sealed class UserFilesTests : IDisposable
{
    private readonly Worksite _site = new();

    private static PackageBuilder Old =>
        new PackageBuilder("p", "1").AddFile("share/p/a", "1").AddFile("share/p/b", "1");

    [Fact]
    public void A_directory_with_files_where_a_file_is_to_come_is_refused_before_anything_changes()
    {
        _site.Unpack(_site.Pack(Old)).Successful();
        _site.Write("lib/new/mine.txt", "mine");
        AssertRefused(_site.Pack(new PackageBuilder("p", "2").AddFile("share/p/a", "2").AddFile("lib/new", "2")));
    }

    [Fact]
    public void A_link_where_a_directory_is_to_come_is_refused_before_anything_changes()
    {
        _site.Unpack(_site.Pack(Old)).Successful();
        Directory.CreateDirectory(_site["elsewhere"]);
        File.CreateSymbolicLink(_site["lib"], "elsewhere");
        AssertRefused(_site.Pack(new PackageBuilder("p", "2").AddFile("lib/new/file", "2")));
        Assert.Empty(Directory.EnumerateFileSystemEntries(_site["elsewhere"]));
    }

    [Fact]
    public void A_file_where_a_directory_is_to_come_is_refused_before_anything_changes()
    {
        _site.Unpack(_site.Pack(Old)).Successful();
        _site.Write("lib", "mine");
        AssertRefused(_site.Pack(new PackageBuilder("p", "2").AddFile("lib/new/file", "2")));
    }

    [Fact]
    public void Empty_directories_where_a_file_is_to_come_give_way()
    {
        _site.Unpack(_site.Pack(Old)).Successful();
        Directory.CreateDirectory(_site["lib/new/empty/deep"]);
        _site.UnpackAsFresh(_site.Pack(new PackageBuilder("p", "2").AddFile("lib/new", "2")));
    }

    [Fact]
    public void A_directory_of_the_user_in_place_of_a_packages_file_stays_when_the_package_goes()
    {
        _site.Unpack(_site.Pack(Old)).Successful();
        File.Delete(_site["share/p/a"]);
        _site.Write("share/p/a/mine.txt", "mine");
        _site.Unpack(_site.Pack(new PackageBuilder("q").AddFile("share/q", "q"))).Successful();
        Assert.Equal(["p/a/mine.txt", "q"], TreeListing.Files(_site["share"]));
    }

    [Fact]
    public void A_file_of_the_user_in_place_of_a_packages_directory_stays_when_the_package_goes()
    {
        _site.Unpack(_site.Pack(Old)).Successful();
        Directory.Delete(_site["share/p"], recursive: true);
        _site.Write("share/p", "mine");
        _site.Unpack(_site.Pack(new PackageBuilder("q").AddFile("share/q", "q"))).Successful();
        Assert.Equal("mine", _site.Read("share/p"));
    }

    [Fact]
    public void Files_behind_a_link_of_the_user_are_not_removed_with_a_package()
    {
        _site.Unpack(_site.Pack(Old)).Successful();
        string outside = Directory.CreateDirectory(Path.Combine(_site.OutputDirectory, "outside")).FullName;
        Directory.Move(_site["share/p"], $"{outside}/p");
        File.CreateSymbolicLink(_site["share/p"], $"{outside}/p");
        _site.Unpack(_site.Pack(new PackageBuilder("q").AddFile("share/q", "q"))).Successful();
        Assert.Equal(["p/a", "p/b"], TreeListing.Files(outside));
    }

    [Fact]
    public void A_directory_that_is_no_environment_is_refused()
    {
        _site.Write("mine.txt", "mine");
        CommandRun run = _site.Unpack(_site.Pack(Old)).Failed((int)ExitClass.Usage);
        Assert.Contains("is no conda environment", run.Error, StringComparison.Ordinal);
        Assert.Equal(["mine.txt"], TreeListing.Files(_site.Prefix));
    }

    [Fact]
    public void An_empty_directory_becomes_the_environment()
    {
        Directory.CreateDirectory(_site.Prefix);
        _site.UnpackAsFresh(_site.Pack(Old));
    }

    [Fact]
    public void A_link_to_a_directory_may_be_the_prefix()
    {
        string real = Directory.CreateDirectory(Path.Combine(_site.OutputDirectory, "real")).FullName;
        File.CreateSymbolicLink(_site.Prefix, "real");
        _site.Unpack(_site.Pack(Old)).Successful();
        Assert.Equal("1", File.ReadAllText($"{real}/share/p/a"));
        Assert.Equal("real", new FileInfo(_site.Prefix).LinkTarget);
        _site.Unpack(_site.Pack(new PackageBuilder("p", "2").AddFile("share/p/a", "2"))).Successful();
        Assert.Equal(["a"], TreeListing.Files($"{real}/share/p"));
    }

    public void Dispose() => _site.Dispose();

    private void AssertRefused(string pack)
    {
        IReadOnlyList<string> before = TreeListing.Of(_site.Prefix);
        CommandRun run = _site.Unpack(pack).Failed((int)ExitClass.Usage);
        Assert.Contains(ErrorCodes.OutputInTheWay, run.Error, StringComparison.Ordinal);
        TreeListing.AssertSame(before, TreeListing.Of(_site.Prefix));
        _site.AssertNothingElseIsThere();
    }
}
