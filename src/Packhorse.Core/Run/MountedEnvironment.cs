using System.Diagnostics;
using System.Runtime.Versioning;
using Packhorse.Mount;

namespace Packhorse.Run;

/// <summary>
/// An environment that is mounted. The command is a child of this process, which stands in its place: with its exit code, and passing
/// signals on.
/// </summary>
[SupportedOSPlatform("linux")]
internal sealed class MountedEnvironment(MountedImage image, ProcessEnvironment variables, StartPlace place)
    : IReadyEnvironment,
        IDisposable
{
    public int Run(IReadOnlyList<byte[]> command, Action<string> tell) => Start(command);

    public int Shell() => Start(null);

    public void Dispose() => image.Dispose();

    private int Start(IReadOnlyList<byte[]>? command)
    {
        image.Start(StartRole.Arguments(place, command), variables.Entries);
        throw new UnreachableException();
    }
}
