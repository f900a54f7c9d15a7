using System.Runtime.Versioning;
using Packhorse.Model;
using Packhorse.Pack;

namespace Packhorse.Run;

/// <summary>The one place where it is decided by which way an environment comes to be there. Today there is one.</summary>
[SupportedOSPlatform("linux")]
public static class EnvironmentProvider
{
    /// <summary>Makes an environment ready. This part may take long and may be cancelled; starting comes after it.</summary>
    /// <exception cref="PackhorseException">There is none, and nothing was started.</exception>
    public static IReadyEnvironment Provide(StartRequest request, IReporter reporter, CancellationToken cancellation)
    {
        using PackContents pack = PackContents.Open(request.Pack);
        return UnpackedEnvironment.Make(pack, request, reporter, cancellation);
    }
}
