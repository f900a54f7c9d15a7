using System.Security.Cryptography;
using System.Text;
using Packhorse.Model;
using Packhorse.Publish;
using Packhorse.Tests.BadInput;
using Packhorse.Tests.Fetch;
using Packhorse.Tests.Support;

namespace Packhorse.Tests.Publish;

/// <summary>Publishing to directories of file systems that are full, cannot do all, or are other ones than the file's.</summary>
public sealed class PublishTroubleTests : IDisposable
{
    private readonly ScratchDirectory _scratch = new();
    private readonly byte[] _body = FetchBench.RandomBytes(3 << 20);
    private readonly string _file;
    private readonly string _name;

    public PublishTroubleTests()
    {
        _file = _scratch.Write("x.tar", _body);
        _name = $"x-{NameHash.DigitsOf(new Digest(SHA256.HashData(_body)), 8)}.tar";
        Directory.CreateDirectory(_scratch["there"]);
    }

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public async Task A_file_that_changes_while_it_is_published_is_not_placed()
    {
        LocalFile file = LocalFile.Read(_file, SilentReporter.Instance, TestContext.Current.CancellationToken);
        byte[] other = [.. _body];
        other[^1] ^= 1;
        _ = _scratch.Write("x.tar", other);
        await using var destination = new DirectoryDestination(_scratch["there"], () => 0.5);

        CorruptDataException error = await Assert.ThrowsAsync<CorruptDataException>(() =>
            Publisher.PublishAsync(
                file,
                file.PublishedName(),
                destination,
                dryRun: false,
                SilentReporter.Instance,
                TestContext.Current.CancellationToken
            )
        );

        Assert.Contains("changed while it was being published", error.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_scratch["there"]));
    }

    [Fact]
    public void A_full_file_system_is_told_and_nothing_is_left_on_it()
    {
        Assert.SkipUnless(
            Environment.UserName == "root",
            "this test becomes other users: it mounts a small file system"
        );
        (int exitCode, string error) = Mounted("1m", "; code=$?; ls -A \"$1\" >&2; exit $code");

        Assert.Equal(6, exitCode);
        Assert.Contains("[PH0601]", error, StringComparison.Ordinal);
        Assert.DoesNotContain("x-", error.Split("[PH0601]")[1], StringComparison.Ordinal);
        Assert.DoesNotContain(".part", error.Split("[PH0601]")[1], StringComparison.Ordinal);
    }

    [Fact]
    public void Another_file_system_than_the_files_is_copied_to()
    {
        Assert.SkipUnless(
            Environment.UserName == "root",
            "this test becomes other users: it mounts a small file system"
        );
        (int exitCode, string error) = Mounted("8m", $" && cmp '{_file}' \"$1/{_name}\" && ls -A \"$1\" >&2");

        Assert.True(exitCode == 0, error);
        Assert.EndsWith($"\n{_name}\n", $"\n{error}", StringComparison.Ordinal);
    }

    [Fact]
    public void A_quota_that_is_exceeded_is_told_and_nothing_is_left()
    {
        (int exitCode, string error) = WithErrors("pwrite64:error=EDQUOT");

        Assert.Equal(6, exitCode);
        Assert.Contains("[PH0601]", error, StringComparison.Ordinal);
        Assert.Contains("quota", error, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_scratch["there"]));
    }

    [Theory]
    [InlineData("EPERM")]
    [InlineData("EOPNOTSUPP")]
    public void Without_hard_links_the_file_gets_its_name_by_a_rename_that_replaces_nothing(string errno)
    {
        (int exitCode, string error) = WithErrors($"linkat:error={errno}");

        Assert.True(exitCode == 0, error);
        Assert.Equal(_body, File.ReadAllBytes(_scratch[$"there/{_name}"]));
        Assert.Single(Directory.EnumerateFileSystemEntries(_scratch["there"]));
    }

    [Fact]
    public void Where_nothing_can_be_placed_without_replacing_that_is_said()
    {
        (int exitCode, string error) = WithErrors("linkat:error=EPERM", "renameat2:error=EINVAL");

        Assert.Equal(6, exitCode);
        Assert.Contains("without replacing", error, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_scratch["there"]));
    }

    [Fact]
    public void Files_from_a_machine_whose_clock_is_ahead_are_listed_like_all_others()
    {
        string path = _scratch.Write($"there/{_name}", _body);
        File.SetLastWriteTimeUtc(path, new DateTime(2099, 1, 1, 0, 0, 0, DateTimeKind.Utc));

        CommandRun run = CommandRun.Of("published", _scratch["there"]).Successful();
        CommandRun again = CommandRun.Of("publish", _file, "--to", _scratch["there"]).Successful();

        Assert.Contains("2099-01-01", run.Text, StringComparison.Ordinal);
        Assert.Contains("there already", again.Text, StringComparison.Ordinal);
    }

    /// <param name="after">A piece of shell behind the command; "$1" in it is the directory.</param>
    private (int ExitCode, string Error) Mounted(string size, string after)
    {
        string there = _scratch["there"];
        string line =
            $"exec unshare --mount sh -c 'mount -t tmpfs -o size={size} none \"$1\" && there=$1 && shift && \"$@\""
            + after.Replace("$1", "$there", StringComparison.Ordinal).Replace("'", "'\\''", StringComparison.Ordinal)
            + $"' sh '{there}' \"$@\"";
        using PackhorseProcess process = PackhorseProcess.Shell(line, "publish", _file, "--to", there, "-q");
        return process.Wait();
    }

    // As file systems fail that are not to be had everywhere.
    private (int ExitCode, string Error) WithErrors(params string[] injections)
    {
        Assert.SkipUnless(File.Exists("/usr/bin/strace"), "no strace on this machine");
        var options = new StringBuilder();
        foreach (string injection in injections)
        {
            options.Append(" -e inject=").Append(injection);
        }
        string calls = string.Join(',', injections.Select(one => one.Split(':')[0]));
        string log = _scratch["trace"];
        using PackhorseProcess process = PackhorseProcess.Shell(
            $"exec strace -f -o '{log}' -e trace={calls}{options} \"$@\"",
            "publish",
            _file,
            "--to",
            _scratch["there"],
            "-q"
        );
        return process.Wait();
    }
}
