using System.Runtime.Versioning;
using Packhorse.Model;
using Packhorse.Mount;
using Packhorse.Os;
using Packhorse.Pack;

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
                PackDelta.RefuseBase(request.Base, request.Pack);
                CheckPlatform(request, image);
                using var ladder = new ImageLadder(request, file, image, reporter);
                IReadyEnvironment environment = ladder.Climb(() =>
                    UnpackedEnvironment.Make(request, reporter, cancellation)
                );
                // Unpacking has told it already.
                if (environment is MountedEnvironment && image.Machine.Count > 0)
                {
                    request.Machine().Unmet(image.Machine).ToList().ForEach(request.Tell);
                }
                return environment;
            }
            file.Dispose();
        }
        return UnpackedEnvironment.Make(request, reporter, cancellation);
    }

    /// <summary>What each way to start says here, without starting anything.</summary>
    /// <returns>A table for people.</returns>
    public static IReadOnlyList<string> Explain(StartRequest request, IReporter reporter)
    {
        using InputFile file = InputFile.Open(request.Pack);
        if (ImageIdentity.Read(file, request.Pack) is not { } image)
        {
            return [$"{request.Pack} holds packages, no image: they are unpacked into scratch space"];
        }
        CheckPlatform(request, image);
        using var ladder = new ImageLadder(request, file, image, reporter);
        return ladder.Explain();
    }

    /// <summary>The environment that a running process of this user has mounted.</summary>
    /// <param name="into">The directory that it was given; null: the first of <paramref name="scratch"/> that has one.</param>
    /// <param name="name">The begin of the environment's name or of its digest; null: the only one that there is.</param>
    /// <exception cref="NotFoundException">There is none.</exception>
    /// <exception cref="UsageException">There are several.</exception>
    public static IReadyEnvironment Enter(
        string? into,
        IReadOnlyList<string?> scratch,
        string? name,
        ProcessEnvironment variables
    )
    {
        IEnumerable<string?> parents = into is null ? [.. scratch, EnvironmentStore.LastResort] : [into];
        var found = new List<(MountedImage Image, string Directory)>();
        foreach (string parent in parents.OfType<string>().Where(FileTree.DirectoryExists).Distinct())
        {
            string directory = Path.Combine(parent, EnvironmentStore.NameOfUser);
            found.AddRange(MountedImage.JoinAll(Path.Combine(directory, "mounts")).Select(image => (image, directory)));
        }
        (MountedImage Image, string Directory)[] meant =
        [
            .. found.Where(one =>
                name is null
                || one.Image.Name == name
                || Path.GetFileName(one.Image.Prefix).StartsWith(name, StringComparison.Ordinal)
            ),
        ];
        foreach ((MountedImage image, _) in found.Except(meant))
        {
            image.Dispose();
        }
        return meant switch
        {
            [var one] => new MountedEnvironment(
                one.Image,
                variables,
                new StartPlace(one.Image.Prefix, one.Image.Name, one.Directory, IsCompiled: true)
            ),
            [] => throw new NotFoundException(
                ErrorCodes.EnvironmentNotFound,
                "no running process has such an environment mounted"
            )
            {
                Hint = "--into names the directory that it was given, and its user must be this one",
            },
            _ => throw new UsageException(
                ErrorCodes.BadArguments,
                $"several are mounted: {string.Join(", ", meant.Select(one => $"{one.Image.Name} at {one.Image.Prefix}"))}"
            )
            {
                Hint = "name one",
            },
        };
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
