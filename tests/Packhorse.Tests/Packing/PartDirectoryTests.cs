using System.Runtime.Versioning;
using Packhorse.Model;
using Packhorse.Os;
using Packhorse.TestChannel;
using Packhorse.Tests.Support;

namespace Packhorse.Tests.Packing;

/// <summary>What packing leaves beside its output when it fails, and what becomes of it.</summary>
[SupportedOSPlatform("linux")]
public sealed class PartDirectoryTests : IDisposable
{
    private readonly ScratchDirectory _scratch = new();

    public PartDirectoryTests() => Channel = SamplePackages.Channel(_scratch["channel"]);

    private ChannelDirectory Channel { get; }

    private string Output => _scratch["out/environment"];

    private string Part => Output + ".part.d";

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_run_goes_on_where_failed_ones_ended(bool directory)
    {
        Directory.CreateDirectory(_scratch["out"]);
        Channel.WriteLock(_scratch["project"]);
        // The smallest is brought last.
        BuiltPackage missing = Channel.Packages.MinBy(package => package.Record.Size)!;
        string place = Channel.PathOf(missing);
        File.Move(place, place + ".away");

        CommandRun first = Pack(directory).Failed((int)ExitClass.NotFound);
        Assert.Contains("is kept in", first.Error, StringComparison.Ordinal);
        Assert.True(Directory.Exists(Part));
        Assert.False(Path.Exists(Output));
        Pack(directory).Failed((int)ExitClass.NotFound);
        Assert.True(Directory.Exists(Part));

        // What was brought is not brought again: only the missing one has to be there now.
        foreach (BuiltPackage package in Channel.Packages.Where(package => package != missing))
        {
            File.Delete(Channel.PathOf(package));
        }
        File.Move(place + ".away", place);
        Pack(directory).Successful();
        Assert.Equal(["environment"], Names());
        CommandRun.Of("unpack", "-q", "-o", _scratch["node"], Output).Successful();
    }

    [Theory]
    [InlineData(false, "pack")]
    [InlineData(true, "lock")]
    public void A_second_run_leaves_the_parts_of_the_first_alone(bool directory, string held)
    {
        Channel.WriteLock(_scratch["project"]);
        Directory.CreateDirectory(Part);
        File.WriteAllText(Path.Combine(Part, "journal"), "of the first\n");
        using OutputFile first = OutputFile.Resume(Path.Combine(Part, held), Output, FilePermissions.ReadWrite);
        Pack(directory).Failed((int)ExitClass.Transient);
        Assert.Equal("of the first\n", File.ReadAllText(Path.Combine(Part, "journal")));
        Assert.True(File.Exists(Path.Combine(Part, held)));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Parts_of_another_lock_file_are_not_used(bool directory)
    {
        Directory.CreateDirectory(_scratch["out"]);
        Channel.WriteLock(_scratch["project"]);
        string away = Channel.PathOf(Channel.Packages[0]);
        File.Move(away, away + ".away");
        Pack(directory).Failed((int)ExitClass.NotFound);
        File.Move(away + ".away", away);

        Channel.Add(new PackageBuilder("another").AddFile("share/another", "x"));
        Channel.WriteLock(_scratch["project"]);
        Pack(directory).Successful();
        string reference = _scratch["reference"];
        CommandRun.Of([.. Arguments(directory), "-o", reference, _scratch["project"]]).Successful();
        if (directory)
        {
            Assert.Equal(TreeListing.Files(reference), TreeListing.Files(Output));
        }
        else
        {
            Assert.Equal(File.ReadAllBytes(reference), File.ReadAllBytes(Output));
        }
        Assert.Equal(["environment"], Names());
    }

    [Fact]
    public void Members_of_unknown_size_are_brought_first_and_nothing_is_left()
    {
        Directory.CreateDirectory(_scratch["out"]);
        string lockPath = Channel.WriteLock(_scratch["project"]);
        string reference = _scratch["reference"];
        CommandRun.Of("pack", "-q", "-o", reference, _scratch["project"]).Successful();
        string[] lines = File.ReadAllLines(lockPath);
        File.WriteAllLines(lockPath, lines.Where(line => !line.StartsWith("  size: ", StringComparison.Ordinal)));
        Pack(directory: false).Successful();
        Assert.Equal(["environment"], Names());
        CommandRun.Of("unpack", "-q", "-o", _scratch["node"], Output).Successful();

        byte[] streamed = CommandRun.Of("pack", "-q", "-o", "-", _scratch["project"]).Successful().Output;
        Assert.Equal(File.ReadAllBytes(Output), streamed);
    }

    [Fact]
    public void A_pack_replaces_the_one_before()
    {
        Directory.CreateDirectory(_scratch["out"]);
        Channel.WriteLock(_scratch["project"]);
        Pack(directory: true).Successful();
        File.WriteAllText(Path.Combine(Output, "channel/linux-64/old.conda"), "stale");
        Pack(directory: true).Successful();
        Assert.DoesNotContain("channel/linux-64/old.conda", TreeListing.Files(Output));
        Assert.Equal(["environment"], Names());
    }

    public void Dispose() => _scratch.Dispose();

    private static string[] Arguments(bool directory) =>
        directory ? ["pack", "-q", "--directory-only"] : ["pack", "-q"];

    private CommandRun Pack(bool directory) =>
        CommandRun.Of([
            .. Arguments(directory),
            "-c",
            _scratch.Write("config.toml", "[concurrency]\ndownloads = 1\n"u8),
            "-o",
            Output,
            _scratch["project"],
        ]);

    private IEnumerable<string?> Names() =>
        Directory.EnumerateFileSystemEntries(_scratch["out"]).Select(Path.GetFileName);
}
