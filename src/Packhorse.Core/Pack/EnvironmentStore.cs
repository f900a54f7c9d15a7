using System.Globalization;
using System.Runtime.Versioning;
using Packhorse.Image;
using Packhorse.Install;
using Packhorse.Model;
using Packhorse.Os;

namespace Packhorse.Pack;

/// <summary>
/// Environments unpacked to be run, each under the digest of its pack: <c>BASE/packhorse-UID/HEX</c>, where HEX are the first 16 digits
/// of <see cref="PackContents.Identity"/>, or of an image's root. An environment gets that name when all of it is there, so that what has the name is whole.
/// </summary>
[SupportedOSPlatform("linux")]
public sealed class EnvironmentStore
{
    private const int DigitsOfName = 16;

    /// <summary>Where to unpack when nothing else is known.</summary>
    public const string LastResort = "/tmp";

    /// <summary>The directory of this user below one that is everybody's.</summary>
    public static string NameOfUser => string.Create(CultureInfo.InvariantCulture, $"packhorse-{ProcessImage.UserId}");

    private EnvironmentStore(string directory) => Directory = directory;

    /// <summary>The directory of this user's environments, private to them.</summary>
    public string Directory { get; }

    /// <summary>A home for programs that have no other.</summary>
    public string Home => Path.Combine(Directory, "home");

    /// <summary>Chooses and makes the directory.</summary>
    /// <param name="into">What the user named; created with its parents where it is missing.</param>
    /// <param name="scratch">Directories to use otherwise, in order; null, empty and missing ones are passed over.</param>
    /// <exception cref="UsageException">There is none.</exception>
    /// <exception cref="SystemRefusedException">It belongs to somebody else, or cannot be made.</exception>
    public static EnvironmentStore Open(string? into, params ReadOnlySpan<string?> scratch)
    {
        string? parent = null;
        if (into is not null)
        {
            parent = FileTree.Absolute(into);
            FileTree.CreateDirectory(parent);
        }
        foreach (string? candidate in scratch)
        {
            parent ??=
                candidate is ['/', ..] && ProcessImage.IsWritableDirectory(candidate)
                    ? FileTree.Absolute(candidate)
                    : null;
        }
        if (parent is null)
        {
            throw new UsageException(
                ErrorCodes.NoScratchDirectory,
                "there is no scratch directory to unpack into: none of _CONDOR_SCRATCH_DIR, TMPDIR and /tmp can be written to"
            )
            {
                Hint = "name one with --into DIR",
            };
        }
        string directory = Path.Combine(parent, NameOfUser);
        PrivateDirectory.Create(directory);
        return new EnvironmentStore(directory);
    }

    /// <summary>Unpacks where that was not done before, waiting for another process that is at it.</summary>
    /// <returns>The environment's prefix.</returns>
    /// <exception cref="PackhorseException">Whatever went wrong.</exception>
    public string Provide(
        PackContents pack,
        (Platform Here, int Workers, VirtualPackages Machine) with,
        IReporter reporter,
        CancellationToken cancellation
    )
    {
        pack.Manifest.CheckPlatform(with.Here);
        return Provide(
            (pack.Identity, pack.Packages.Select(package => package.Record)),
            with,
            reporter,
            request => Unpacker.Unpack(pack, request, reporter, cancellation)
        );
    }

    /// <inheritdoc cref="Provide(PackContents, ValueTuple{Platform, int, VirtualPackages}, IReporter, CancellationToken)"/>
    public string Provide(
        EnvironmentImage image,
        (Platform Here, int Workers, VirtualPackages Machine) with,
        IReporter reporter,
        CancellationToken cancellation
    )
    {
        image.Manifest.CheckPlatform(with.Here);
        return Provide(
            (image.Footer.Root, image.Manifest.Packages.Select(package => package.Record)),
            with,
            reporter,
            request => ImageUnpacker.Unpack(image, request, reporter, cancellation)
        );
    }

    private string Provide(
        (Digest Identity, IEnumerable<PackageRecord> Packages) what,
        (Platform Here, int Workers, VirtualPackages Machine) with,
        IReporter reporter,
        Action<UnpackRequest> unpack
    )
    {
        var request = new UnpackRequest
        {
            OutputDirectory = Directory,
            EnvironmentName = what.Identity.ToString()[..DigitsOfName],
            Shells = [],
            Here = with.Here,
            Machine = with.Machine,
            Workers = with.Workers,
        };
        if (IsWhole(request.Prefix))
        {
            reporter.Detail($"using the environment in {request.Prefix}");
            // Perhaps unpacked by another machine, into a directory that they share.
            PackSupport.WarnOfMachine(what.Packages, with.Machine, reporter);
        }
        else
        {
            unpack(request);
        }
        return request.Prefix;
    }

    private static bool IsWhole(string prefix)
    {
        string marker = Path.Combine(prefix, EnvironmentMarker.Path);
        return FileTree.FileExists(marker)
            && EnvironmentMarker.Parse(InputFile.ReadAllBytes(marker, Limits.JsonBytes))?.Prefix == prefix;
    }
}
