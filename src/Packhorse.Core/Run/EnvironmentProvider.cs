using System.Runtime.Versioning;
using Packhorse.Model;
using Packhorse.Mount;
using Packhorse.Os;

namespace Packhorse.Run;

/// <summary>The one place where it is decided by which way an environment comes to be there.</summary>
[SupportedOSPlatform("linux")]
public static class EnvironmentProvider
{
    /// <summary>Makes an environment ready. This part may take long and may be cancelled; starting comes after it.</summary>
    /// <exception cref="PackhorseException">There is none, and nothing was started.</exception>
    public static IReadyEnvironment Provide(StartRequest request, IReporter reporter, CancellationToken cancellation)
    {
        if (FileTree.KindOf(request.Pack) == FileKind.File)
        {
            InputFile file = InputFile.Open(request.Pack);
            if (ImageIdentity.Read(file, request.Pack) is { } image)
            {
                CheckPlatform(request, image);
                using var ladder = new ImageLadder(request, file, image, reporter);
                return ladder.Climb(() => UnpackedEnvironment.Make(request, reporter, cancellation));
            }
            file.Dispose();
        }
        return UnpackedEnvironment.Make(request, reporter, cancellation);
    }

    private static void CheckPlatform(StartRequest request, ImageIdentity image)
    {
        if (image.Platform != request.Here.ToString())
        {
            throw new IncompatibleException(
                ErrorCodes.WrongPlatform,
                $"{request.Pack} is for {image.Platform}, and this machine is {request.Here}"
            );
        }
    }
}
