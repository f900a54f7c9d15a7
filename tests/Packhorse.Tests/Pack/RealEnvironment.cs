using Packhorse.TestChannel;
using Packhorse.Tests.Support;

namespace Packhorse.Tests.Pack;

/// <summary>One real environment, locked, packed and unpacked once for all tests that look at it.</summary>
public sealed class RealEnvironment : IDisposable
{
    private readonly ScratchDirectory _scratch = new();
    private readonly Lazy<ChannelDirectory> _channel;

    // A Lazy remembers a failure too, and a skip.
    public RealEnvironment() => _channel = new Lazy<ChannelDirectory>(Make);

    public string PackPath => _scratch["environment.tar"];

    public string OutputDirectory => _scratch["node"];

    public string Prefix => _scratch["node/env"];

    /// <summary>Skips the test without the fixtures.</summary>
    public void Prepare() => _ = _channel.Value;

    /// <summary>Runs a program of the environment, which must not need the machine's Python, nor write byte-code.</summary>
    public string Run(string program, params IEnumerable<string> arguments) =>
        StockTool.Run(
            "env",
            ["-i", "PATH=/usr/bin:/bin", "PYTHONDONTWRITEBYTECODE=1", $"{Prefix}/{program}", .. arguments]
        );

    public void Dispose() => _scratch.Dispose();

    private ChannelDirectory Make()
    {
        ChannelDirectory channel = RealChannel.Make(_scratch["channel"], RealChannel.PythonEnvironment);
        channel.WriteLock(_scratch["project"]);
        CommandRun.Of("pack", "-q", "-o", PackPath, _scratch["project"]).Successful();
        CommandRun.Of("unpack", "-q", "-o", OutputDirectory, PackPath).Successful();
        return channel;
    }
}
