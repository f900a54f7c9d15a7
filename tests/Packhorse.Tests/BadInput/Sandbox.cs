using Packhorse.TestChannel;

namespace Packhorse.Tests.BadInput;

/// <summary>
/// A directory with a channel and a place to work in. What a command refuses must leave the place as it was:
/// <see cref="Refuses(string, string[])"/> looks.
/// </summary>
internal sealed class Sandbox : IDisposable
{
    private const string MemoryFileSystem = "/dev/shm";

    private readonly string _root;

    /// <param name="inMemory">For thousands of runs: where the machine has it, a file system that waits for no disk.</param>
    public Sandbox(bool inMemory = false)
    {
        string name = $"bad-input-{Guid.NewGuid():N}";
        bool hasMemory = inMemory && Directory.Exists(MemoryFileSystem);
        _root = Path.Combine(hasMemory ? MemoryFileSystem : Path.GetTempPath(), name);
        Work = Outside("work");
        Directory.CreateDirectory(Work);
        Channel = new ChannelDirectory(Outside("channel"));
    }

    public ChannelDirectory Channel { get; }

    /// <summary>What commands read and write.</summary>
    public string Work { get; }

    /// <summary>A path in <see cref="Work"/>.</summary>
    public string this[string name] => Path.Combine(Work, name);

    public string Environment => this["env"];

    /// <summary>Beside <see cref="Work"/>: what must not be touched.</summary>
    public string Outside(string name) => Path.Combine(_root, name);

    public string Write(string name, ReadOnlySpan<byte> content)
    {
        string path = this[name];
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllBytes(path, content);
        return path;
    }

    /// <summary>A lock over all packages of the channel, beside nothing else.</summary>
    public string Lock()
    {
        Channel.WriteLock(this["project"]);
        return this["project"];
    }

    /// <summary>A pack of some packages, made as the command makes it.</summary>
    public byte[] Pack(params PackageBuilder[] packages) => Pack("packhorse", packages);

    public byte[] Pack(string layout, params PackageBuilder[] packages)
    {
        foreach (PackageBuilder package in packages)
        {
            Channel.Add(package);
        }
        CliResult made = Cli.Run("pack", Lock(), "-p", "linux-64", "-o", "-", "--layout", layout);
        Assert.True(made.ExitCode == 0, made.Error);
        return made.Output;
    }

    /// <summary>A self-extracting file of some packages, with a runtime that cannot be executed.</summary>
    public byte[] SelfExtracting(params PackageBuilder[] packages)
    {
        foreach (PackageBuilder package in packages)
        {
            Channel.Add(package);
        }
        string runtime = Outside("runtime");
        string made = Outside("environment.sh");
        File.WriteAllBytes(runtime, FakeRuntime.Make());
        string[] options = ["-p", "linux-64", "--create-executable", "--pixi-unpack-source", runtime, "-o", made];
        CliResult result = Cli.Run(["pack", Lock(), .. options]);
        Assert.True(result.ExitCode == 0, result.Error);
        byte[] file = File.ReadAllBytes(made);
        File.Delete(made);
        File.Delete(runtime);
        return file;
    }

    /// <summary>Runs, and asserts that it is refused with <paramref name="code"/> and that nothing has changed.</summary>
    /// <param name="code">Whose two digits after "PH" are the exit code.</param>
    public CliResult Refuses(string code, params string[] arguments) =>
        Refuses(code, ReadOnlyMemory<byte>.Empty, arguments);

    public CliResult Refuses(string code, ReadOnlyMemory<byte> input, params string[] arguments)
    {
        string before = Tree.Describe(_root);
        CliResult result = Cli.Run(input, arguments);
        string after = Tree.Describe(_root);
        Assert.True(result.ExitCode == int.Parse(code.AsSpan(2, 2)), $"exit code {result.ExitCode}: {result.Error}");
        Assert.Contains($"[{code}]", result.Error, StringComparison.Ordinal);
        Assert.StartsWith("error: ", LastError(result), StringComparison.Ordinal);
        Assert.Equal(before, after);
        return result;
    }

    /// <summary>A pack is refused from a file and from a pipe alike.</summary>
    public void RefusesPack(string code, byte[] pack, params string[] says)
    {
        string path = Write("bad.tar", pack);
        string fromFile = Refuses(code, "unpack", path, "-o", Work).Error;
        string fromPipe = Refuses(code, pack, "unpack", "-", "-o", Work).Error;
        Assert.All(says, text => Assert.Contains(text, fromFile, StringComparison.Ordinal));
        Assert.All(says, text => Assert.Contains(text, fromPipe, StringComparison.Ordinal));
    }

    public CliResult Unpacks(byte[] pack, bool fromPipe)
    {
        CliResult result = fromPipe
            ? Cli.Run(pack, "unpack", "-", "-o", Work)
            : Cli.Run("unpack", Write("pack.tar", pack), "-o", Work);
        Assert.True(result.ExitCode == 0, result.Error);
        return result;
    }

    public void Dispose() => Directory.Delete(_root, recursive: true);

    private static string LastError(CliResult result) =>
        result.Error.Split('\n').Last(line => line.StartsWith("error", StringComparison.Ordinal));
}
