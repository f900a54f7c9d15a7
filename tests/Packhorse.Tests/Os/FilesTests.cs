using System.Runtime.Versioning;
using Packhorse.Model;
using Packhorse.Os;
using Packhorse.Tests.Support;

namespace Packhorse.Tests.Os;

[SupportedOSPlatform("linux")]
public sealed class FilesTests : IDisposable
{
    private const UnixFileMode Everything = (UnixFileMode)0b111_111_111;

    private readonly ScratchDirectory _scratch = new();

    [Fact]
    public void An_output_has_its_name_only_when_it_is_complete()
    {
        string path = _scratch["out"];
        using (OutputFile file = OutputFile.Create(path, FilePermissions.ReadWrite))
        {
            file.Write("world"u8, 6);
            file.Write("hello "u8, 0);
            Assert.False(File.Exists(path));
            Assert.True(File.Exists(path + OutputFile.PartSuffix));
            file.Complete();
        }
        Assert.Equal("hello world", File.ReadAllText(path));
        Assert.Equal(FilePermissions.ReadWrite & ~FilePermissions.Umask, File.GetUnixFileMode(path));
        Assert.Equal(["out"], TreeListing.Files(_scratch.Root));
    }

    [Fact]
    public void An_output_that_is_given_up_leaves_the_old_file_and_nothing_else()
    {
        string path = _scratch.Write("out", "old"u8);
        using (OutputFile file = OutputFile.Create(path, FilePermissions.ReadWrite))
        {
            file.Write("new"u8, 0);
        }
        Assert.Equal("old", File.ReadAllText(path));
        Assert.Equal(["out"], TreeListing.Files(_scratch.Root));
    }

    [Fact]
    public void An_output_that_is_resumed_keeps_what_was_written()
    {
        using (OutputFile file = OutputFile.Resume(_scratch["part"], _scratch["out"], FilePermissions.ReadWrite))
        {
            file.Write("kept"u8, 0);
        }
        using (OutputFile file = OutputFile.Resume(_scratch["part"], _scratch["out"], FilePermissions.ReadWrite))
        {
            byte[] content = new byte[10];
            Assert.Equal(4, file.Read(content, 0));
            file.Complete();
        }
        Assert.Equal("kept", File.ReadAllText(_scratch["out"]));
    }

    [Fact]
    public void An_output_is_written_by_one_at_a_time()
    {
        using OutputFile file = OutputFile.Create(_scratch["out"], FilePermissions.ReadWrite);
        Assert.Equal(
            ErrorCodes.Busy,
            Assert.Throws<TransientException>(() => OutputFile.Create(_scratch["out"], FilePermissions.ReadWrite)).Code
        );
    }

    [Fact]
    public void A_directory_is_no_output()
    {
        var error = Assert.Throws<UsageException>(() => OutputFile.Create(_scratch.Root, FilePermissions.ReadWrite));
        Assert.Equal(ErrorCodes.OutputInTheWay, error.Code);
    }

    [Fact]
    public void Files_get_exactly_their_mode_and_their_time()
    {
        using LinuxDirectory root = LinuxDirectory.Open(_scratch.Root);
        using (LinuxFile file = root.CreateFile("f", Everything))
        {
            file.Write("x"u8);
            file.SetModified(1_000_000_000);
        }
        root.CreateSymbolicLink("l", "nowhere", 1_000_000_001);
        Assert.Equal(Everything, File.GetUnixFileMode(_scratch["f"]));
        Assert.Equal(1_000_000_000, new DateTimeOffset(File.GetLastWriteTimeUtc(_scratch["f"])).ToUnixTimeSeconds());
        Assert.Equal("1000000001", StockTool.Run("stat", "-c", "%Y", _scratch["l"]).Trim());
    }

    [Theory]
    [InlineData("file")]
    [InlineData("link")]
    [InlineData("dangling")]
    public void A_name_that_is_taken_is_not_written_through(string name)
    {
        _scratch.Write("file", "old"u8);
        File.CreateSymbolicLink(_scratch["link"], "file");
        File.CreateSymbolicLink(_scratch["dangling"], "new");
        using LinuxDirectory root = LinuxDirectory.Open(_scratch.Root);
        Assert.Throws<SystemRefusedException>(() => root.CreateFile(name, FilePermissions.ReadWrite));
        Assert.Equal("old", File.ReadAllText(_scratch["file"]));
        Assert.False(File.Exists(_scratch["new"]));
    }

    [Fact]
    public void Removing_tells_whether_there_was_a_file()
    {
        _scratch.Write("d/f", "x"u8);
        using LinuxDirectory root = LinuxDirectory.Open(_scratch.Root);
        Assert.False(root.Remove("d"));
        Assert.False(root.Remove("missing"));
        Assert.False(root.Remove("missing/f"));
        Assert.False(root.Remove("d/f/below"));
        Assert.False(root.RemoveEmptyDirectory("d"));
        Assert.False(root.RemoveEmptyDirectory("d/f"));
        Assert.True(root.Remove("d/f"));
        Assert.True(root.RemoveEmptyDirectory("d"));
        Assert.False(root.RemoveEmptyDirectory("d"));
    }

    [Fact]
    public void An_open_directory_stays_the_same_when_it_is_renamed()
    {
        Directory.CreateDirectory(_scratch["before"]);
        using LinuxDirectory root = LinuxDirectory.Open(_scratch["before"]);
        Directory.Move(_scratch["before"], _scratch["after"]);
        Assert.True(root.TryCreateDirectory("d"));
        Assert.False(root.TryCreateDirectory("d"));
        root.CreateFile("d/f", FilePermissions.ReadWrite).Dispose();
        root.CreateHardLink("d/f", "d/g");
        root.Rename("d/g", "h");
        Assert.Equal(["d/f", "h"], TreeListing.Files(_scratch["after"]));
    }

    [Fact]
    public void Deleting_a_directory_does_not_follow_links()
    {
        _scratch.Write("outside/f", "x"u8);
        Directory.CreateDirectory(_scratch["inside/deep"]);
        Directory.CreateSymbolicLink(_scratch["inside/deep/link"], _scratch["outside"]);
        Assert.Equal(["deep/link"], FileTree.ListFiles(_scratch["inside"]));
        FileTree.DeleteDirectory(_scratch["inside"]);
        FileTree.DeleteDirectory(_scratch["inside"]);
        Assert.Equal(["outside/f"], TreeListing.Files(_scratch.Root));
    }

    [Fact]
    public void Links_are_told_from_what_they_lead_to()
    {
        Directory.CreateDirectory(_scratch["d"]);
        File.CreateSymbolicLink(_scratch["to-d"], "d");
        File.CreateSymbolicLink(_scratch["dangling"], "nowhere");
        Assert.True(FileTree.IsRealDirectory(_scratch["d"]));
        Assert.False(FileTree.IsRealDirectory(_scratch["to-d"]));
        Assert.True(FileTree.DirectoryExists(_scratch["to-d"]));
        Assert.True(FileTree.Exists(_scratch["dangling"]));
        Assert.False(FileTree.Exists(_scratch["missing"]));
    }

    [Fact]
    public void What_cannot_be_read_is_told_in_the_users_terms()
    {
        Assert.Throws<NotFoundException>(() => InputFile.Open(_scratch["missing"]));
        Assert.Throws<SystemRefusedException>(() => InputFile.Open(_scratch.Root));
        _scratch.Write("large", new byte[11]);
        Assert.Equal(11, InputFile.ReadAllBytes(_scratch["large"], 11).Length);
        Assert.Equal(
            ErrorCodes.LimitExceeded,
            Assert.Throws<CorruptDataException>(() => InputFile.ReadAllBytes(_scratch["large"], 10)).Code
        );
    }

    [Fact]
    public void A_lock_holds_against_other_processes_and_leaves_nothing()
    {
        string path = _scratch["lock"];
        string Try() => StockTool.Run("sh", "-c", $"flock -n '{path}' true && echo free || echo busy").Trim();
        using (DirectoryLock.Take(path, wait: false, () => { }, CancellationToken.None))
        {
            Assert.Equal("busy", Try());
        }
        Assert.False(File.Exists(path));
        // A file that a dead process left holds nobody up.
        Assert.Equal("free", Try());
        DirectoryLock.Take(path, wait: false, () => Assert.Fail("nobody has it"), CancellationToken.None).Dispose();
        Assert.False(File.Exists(path));
    }

    public void Dispose() => _scratch.Dispose();
}
