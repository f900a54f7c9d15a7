namespace Packhorse.Tests.BadInput;

/// <summary>What the system refuses: told with its reason, exit code 6, nothing left. Needs root to become somebody else.</summary>
public sealed class SystemRefusalTests : IDisposable
{
    private readonly Sandbox _sandbox = new();

    public SystemRefusalTests() =>
        Assert.SkipUnless(OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess, "needs root");

    public void Dispose() => _sandbox.Dispose();

    private static void Ends(string code, string says, string line, params string[] arguments)
    {
        using PackhorseProcess process = PackhorseProcess.Shell(line, arguments);
        (int exitCode, string error) = process.Wait();
        Assert.SkipWhen(
            error.Contains("unshare failed", StringComparison.Ordinal),
            "mount namespaces are refused here"
        );
        Assert.True(exitCode == int.Parse(code.AsSpan(2, 2)), $"{exitCode}: {error}");
        Assert.Contains($"[{code}]", error, StringComparison.Ordinal);
        Assert.Contains(says, error, StringComparison.Ordinal);
    }

    // As a user who may read everything here and write nothing.
    private void EndsForNobody(string says, params string[] arguments)
    {
        string root = Path.GetDirectoryName(_sandbox.Work)!;
        Support.StockTool.Run("chmod", "-R", "a+rX", root);
        string before = Tree.Describe(root);
        Ends(
            "PH0602",
            says,
            "exec setpriv --reuid 65534 --regid 65534 --clear-groups env HOME=/nonexistent \"$@\"",
            arguments
        );
        Assert.Equal(before, Tree.Describe(root));
    }

    [Fact]
    public void A_directory_that_may_not_be_written_to()
    {
        string pack = _sandbox.Write("pack.tar", _sandbox.Pack(Small.Tool()));
        EndsForNobody(_sandbox.Work, "unpack", pack, "-o", _sandbox.Work);
        EndsForNobody("new", "unpack", pack, "-o", _sandbox["new/deep"]);
        EndsForNobody("out.tar", "pack", _sandbox["project"], "-p", "linux-64", "-o", _sandbox["out.tar"]);
        EndsForNobody("out", "pack", _sandbox["project"], "-p", "linux-64", "--directory-only", "-o", _sandbox["out"]);
    }

    [Fact]
    public void A_file_that_may_not_be_read()
    {
        string pack = _sandbox.Write("pack.tar", _sandbox.Pack(Small.Tool()));
        string root = Path.GetDirectoryName(_sandbox.Work)!;
        Support.StockTool.Run("chmod", "-R", "a+rX", root);
        Support.StockTool.Run("chmod", "a+w", _sandbox.Work);
        Support.StockTool.Run("chmod", "400", pack, _sandbox["project/pixi.lock"]);
        string before = Tree.Describe(root);
        const string Line = "exec setpriv --reuid 65534 --regid 65534 --clear-groups env HOME=/nonexistent \"$@\"";
        Ends("PH0602", "pack.tar", Line, "unpack", pack, "-o", _sandbox.Work);
        Ends("PH0602", "pixi.lock", Line, "pack", _sandbox["project"], "-p", "linux-64", "-o", _sandbox["out"]);
        Assert.Equal(before, Tree.Describe(root));
    }

    [Fact]
    public void A_full_disk()
    {
        _sandbox.Channel.Add(Small.Tool().AddFile("lib/large", LargeContent.OfBytes(4 << 20)));
        string pack = _sandbox.Write("pack.tar", _sandbox.Pack());
        string disk = _sandbox["disk"];
        Directory.CreateDirectory(disk);
        // What is left is listed before the file system goes with its namespace.
        string line =
            $"unshare -m sh -c 'mount -t tmpfs -o size=2m none {disk} && \"$@\"; code=$?; find {disk} -mindepth 1 >&2; exit $code' sh \"$@\"";
        foreach (
            string[] command in (string[][])
                [
                    ["unpack", pack, "-o", disk],
                    ["pack", _sandbox["project"], "-p", "linux-64", "-o", $"{disk}/out.tar"],
                    ["pack", _sandbox["project"], "-p", "linux-64", "--directory-only", "-o", $"{disk}/out"],
                ]
        )
        {
            using PackhorseProcess process = PackhorseProcess.Shell(line, command);
            (int exitCode, string error) = process.Wait();
            Assert.SkipWhen(error.Contains("unshare failed"), "mount namespaces are refused here");
            Assert.True(exitCode == 6, $"{exitCode}: {error}");
            Assert.Contains("[PH0601]", error, StringComparison.Ordinal);
            Assert.Contains("hint: free some space", error, StringComparison.Ordinal);
            string[] left = [.. error.Split('\n').Where(text => text.StartsWith(disk))];
            Assert.True(left.Length == 0, string.Join('\n', left));
        }
        using PackhorseProcess fromPipe = PackhorseProcess.Shell($"{line} <'{pack}'", "unpack", "-", "-o", disk);
        (int code, string said) = fromPipe.Wait();
        Assert.True(code == 6, said);
        Assert.DoesNotContain($"\n{disk}", said, StringComparison.Ordinal);
    }

    [Fact]
    public void A_disk_that_is_mounted_read_only()
    {
        string pack = _sandbox.Write("pack.tar", _sandbox.Pack(Small.Tool()));
        string disk = _sandbox["disk"];
        Directory.CreateDirectory(disk);
        string line = $"unshare -m sh -c 'mount -t tmpfs -o ro none {disk} && exec \"$@\"' sh \"$@\"";
        Ends("PH0603", "choose a directory that can be written to", line, "unpack", pack, "-o", disk);
        Ends("PH0603", disk, line, "pack", _sandbox["project"], "-p", "linux-64", "-o", $"{disk}/out.tar");
    }
}
