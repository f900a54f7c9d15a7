using System.Runtime.Versioning;
using Packhorse.Model;
using Packhorse.Os;
using Packhorse.Pack;

namespace Packhorse.Run;

/// <summary>
/// What a mount has in scratch space: a place where others of the job find it, and whose turn it is. It needs none of it, so that a
/// directory that is full or missing is no error.
/// </summary>
[SupportedOSPlatform("linux")]
internal sealed class MountScratch
{
    private readonly IReporter _reporter;
    private readonly Lazy<string?> _directory;
    private readonly Lazy<string?> _meeting;

    /// <param name="reporter">Gets, as a detail, why something is not to be had.</param>
    public MountScratch(StartRequest request, IReporter reporter)
    {
        _reporter = reporter;
        _directory = new Lazy<string?>(() => Try("no scratch directory", () => Open(request)));
        _meeting = new Lazy<string?>(() =>
            Directory is { } own ? Try("nobody can join", () => OpenMeeting(own)) : null
        );
    }

    /// <summary>The directory of this user's; null: there is none.</summary>
    public string? Directory => _directory.Value;

    /// <summary>Where processes of this user find each other's mounts; null: nobody does.</summary>
    public string? Meeting => _meeting.Value;

    /// <summary>Several processes of a job that begin at once are to have one mount.</summary>
    /// <param name="root">Of the image.</param>
    /// <returns>Null when each has to have its own.</returns>
    public DirectoryLock? TakeTurn(Digest root) =>
        Meeting is { } meeting
            ? Try(
                "nobody waits for another",
                () =>
                    DirectoryLock.Take(Path.Combine(meeting, $"{root.ToString()[..16]}.lock"), true, () => { }, default)
            )
            : null;

    private T? Try<T>(string without, Func<T> make)
        where T : class
    {
        try
        {
            return make();
        }
        catch (PackhorseException error)
        {
            _reporter.Detail($"{without}: {error.Message}");
            return null;
        }
    }

    private static string Open(StartRequest request) =>
        EnvironmentStore.Open(request.Into, [.. request.Scratch, EnvironmentStore.LastResort]).Directory;

    private static string OpenMeeting(string own)
    {
        string directory = Path.Combine(own, "mounts");
        PrivateDirectory.Create(directory);
        return directory;
    }
}
