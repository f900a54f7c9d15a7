using System.Runtime.Versioning;
using Packhorse.Image;
using Packhorse.Model;
using Packhorse.Mount;
using Packhorse.Os;

namespace Packhorse.Run;

/// <summary>
/// The ways to start in an image, tried in their order until one holds. Each that does not leaves a finding and nothing else.
/// </summary>
[SupportedOSPlatform("linux")]
internal sealed class ImageLadder : IDisposable
{
    private readonly StartRequest _request;
    private readonly InputFile _file;
    private readonly ImageIdentity _image;
    private readonly IReporter _reporter;
    private readonly List<RungFinding> _findings = [];
    private readonly long _begun;
    private readonly MountScratch _scratch;

    public ImageLadder(StartRequest request, InputFile file, ImageIdentity image, IReporter reporter)
    {
        _begun = request.Clock.GetTimestamp();
        (_request, _file, _image, _reporter) = (request, file, image, reporter);
        _scratch = new MountScratch(request, reporter);
    }

    /// <summary>What was found out so far.</summary>
    public IReadOnlyList<RungFinding> Findings => _findings;

    /// <param name="unpack">The last rung.</param>
    /// <exception cref="SystemRefusedException">None holds.</exception>
    public IReadyEnvironment Climb(Func<IReadyEnvironment> unpack)
    {
        bool mayBeJoined = _request.Job is not null && _request.Policy.Allows(Rung.Join);
        using DirectoryLock? turn = mayBeJoined ? _scratch.TakeTurn(_image.Root) : null;
        if ((TryJoin() ?? TryNamespace() ?? TryFuserMount()) is { } mounted)
        {
            Tell(mounted.How);
            return mounted.Environment;
        }
        turn?.Dispose();
        if (!_request.Policy.Allows(Rung.Unpack))
        {
            _findings.Add(new RungFinding(Rung.Unpack, false, "forbidden"));
            throw new SystemRefusedException(ErrorCodes.CannotMount, "the image cannot be mounted here: " + Summary())
            {
                Hint = "--start auto allows unpacking it into scratch space",
            };
        }
        _findings.Add(new RungFinding(Rung.Unpack, true, "what is left"));
        _request.Tell($"cannot mount {_image.Label}, unpacking it: {Summary()}");
        return unpack();
    }

    /// <summary>Tries each way for itself, and takes back what it made.</summary>
    /// <returns>A table for people.</returns>
    public IReadOnlyList<string> Explain()
    {
        foreach (
            Func<(IReadyEnvironment Environment, string How)?> way in new[] { TryJoin, TryNamespace, TryFuserMount }
        )
        {
            (way()?.Environment as IDisposable)?.Dispose();
        }
        _findings.Add(
            _request.Policy.Allows(Rung.Unpack)
                ? new RungFinding(
                    Rung.Unpack,
                    true,
                    $"into {_scratch.Directory ?? "no directory: there is no scratch space"}"
                )
                : new RungFinding(Rung.Unpack, false, "forbidden")
        );
        int first = _findings.FindIndex(finding => finding.IsTaken);
        return
        [
            .. _findings.Select(
                (finding, i) =>
                    $"{(i == first ? "->" : "  ")} {StartPolicy.NameOf(finding.Rung), -10}  {(finding.IsTaken ? "yes" : "no "), -3}  {finding.Finding}"
            ),
        ];
    }

    public void Dispose() => _file.Dispose();

    private string Summary() =>
        string.Join(
            "; ",
            _findings
                .Where(finding => !finding.IsTaken && finding.Rung != Rung.Unpack)
                .Select(finding => $"{StartPolicy.NameOf(finding.Rung)}: {finding.Finding}")
        );

    private void Tell(string how)
    {
        double milliseconds = _request.Clock.GetElapsedTime(_begun).TotalMilliseconds;
        _request.Tell($"mounted {_image.Label} in {Math.Ceiling(milliseconds):F0} ms ({how})");
        foreach (RungFinding finding in _findings)
        {
            _reporter.Detail($"{StartPolicy.NameOf(finding.Rung)}: {finding.Finding}");
        }
    }

    private (IReadyEnvironment Environment, string How)? TryJoin()
    {
        if (!IsAllowed(Rung.Join))
        {
            return null;
        }
        if (_request.Job is not { } job)
        {
            return No(Rung.Join, "this is no job with a scratch directory of its own");
        }
        if (_scratch.Meeting is not { } directory)
        {
            return No(Rung.Join, "there is no scratch directory");
        }
        if (MountedImage.Join(directory, null, _image.Root, job) is not { } image)
        {
            return No(Rung.Join, "no other process of this job has it mounted");
        }
        return Yes(Rung.Join, image, "joined the mount of this job");
    }

    private (IReadyEnvironment Environment, string How)? TryNamespace()
    {
        if (!IsAllowed(Rung.Namespace))
        {
            return null;
        }
        if (MountProbe.WhyNoNamespace() is { } reason)
        {
            return No(Rung.Namespace, reason);
        }
        string? covered = null;
        string prefix;
        if (_request.Directory is { } at)
        {
            prefix = at;
        }
        else if (CoverableBase.Find(_image.Base, InUse(), out string why) is { } found)
        {
            covered = found;
            prefix = CanonicalPrefix.Below(found, _image.EnvironmentDigest);
        }
        else
        {
            return No(Rung.Namespace, $"no directory can be covered: {why}");
        }
        string how = prefix == _image.Prefix ? "user namespace" : $"user namespace, relocated to {prefix}";
        return TryServe(Rung.Namespace, NewMount(prefix) with { Covered = covered, Changes = Changes() }, how);
    }

    private (IReadyEnvironment Environment, string How)? TryFuserMount()
    {
        if (!IsAllowed(Rung.FuserMount))
        {
            return null;
        }
        if (MountProbe.WhyNoFuserMount(out string program) is { } reason)
        {
            return No(Rung.FuserMount, reason);
        }
        if (_request.IsWritable)
        {
            return No(Rung.FuserMount, "it makes no environment that can be changed");
        }
        if (_scratch.Directory is not { } scratch)
        {
            return No(Rung.FuserMount, "there is no scratch directory");
        }
        string prefix = _request.Directory ?? Path.Combine(scratch, $"{_image.Digits}-{Processes.Own}");
        MountRequest mount = NewMount(prefix) with { Mounter = program, RemovesPrefix = _request.Directory is null };
        return TryServe(Rung.FuserMount, mount, "fusermount3");
    }

    private MountRequest NewMount(string prefix) =>
        new()
        {
            File = _file.Path,
            Name = _image.Name,
            Prefix = prefix,
            Baked = _image.Prefix,
            // What others read is no part of a record, and it is to be there when its command has ended.
            Meeting = _request.Record is null ? _scratch.Meeting : null,
            Job = _request.Job ?? "",
            Record = _request.Record,
            Processors = _request.Workers,
        };

    private (IReadyEnvironment Environment, string How)? TryServe(Rung rung, MountRequest request, string how)
    {
        try
        {
            if (request.RemovesPrefix)
            {
                FileTree.CreateDirectory(request.Prefix);
            }
            return Yes(rung, MountedImage.Serve(request, _file, _request.Variables.Entries), how);
        }
        catch (PackhorseException refused) when (refused is SystemRefusedException or NotFoundException)
        {
            if (request.RemovesPrefix)
            {
                FileTree.RemoveEmptyDirectory(request.Prefix);
            }
            string? who = rung == Rung.Namespace ? MountProbe.WhoRefusesNamespaces() : null;
            return No(rung, who is null ? refused.Message : $"{refused.Message} ({who})");
        }
    }

    private bool IsAllowed(Rung rung)
    {
        if (!_request.Policy.Allows(rung))
        {
            _ = No(rung, "forbidden");
            return false;
        }
        return true;
    }

    private (IReadyEnvironment Environment, string How)? No(Rung rung, string reason)
    {
        _findings.Add(new RungFinding(rung, false, reason));
        return null;
    }

    private (IReadyEnvironment Environment, string How)? Yes(Rung rung, MountedImage image, string how)
    {
        _findings.Add(new RungFinding(rung, true, image.Shortcoming is { } less ? $"{how}, {less}" : how));
        var place = new StartPlace(image.Prefix, _image.Name, _scratch.Directory, _image.HasByteCode)
        {
            // The record of a program would have in it what it did not read; and what was recorded is asked for anyway.
            IsAskedAhead = _request.Record is null && !_image.HasHotSet,
        };
        return (new MountedEnvironment(image, _request.Variables, place), how);
    }

    private IEnumerable<string> InUse() =>
        new List<string?>
        {
            FileTree.Absolute("."),
            FileTree.Absolute(_request.Pack),
            _request.Variables.GetText("HOME"),
            _request.Variables.GetText("TMPDIR"),
            _request.Into,
        }
            .Concat(_request.Scratch)
            .Concat(_request.Command)
            .OfType<string>()
            .Where(path => path.StartsWith('/'));

    private string? Changes()
    {
        if (!_request.IsWritable)
        {
            return null;
        }
        string scratch =
            _scratch.Directory
            ?? throw new UsageException(
                ErrorCodes.NoScratchDirectory,
                "there is no scratch directory for what is changed in the environment"
            )
            {
                Hint = "name one with --into DIR",
            };
        string directory = Path.Combine(scratch, $"changes-{_image.Digits}");
        PrivateDirectory.Create(directory);
        return directory;
    }
}
