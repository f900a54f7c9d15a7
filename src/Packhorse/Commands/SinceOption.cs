using System.CommandLine;
using Packhorse.Model;
using Packhorse.Os;
using Packhorse.Packing;
using Packhorse.Publish;

namespace Packhorse.Commands;

/// <summary>The option of <c>packhorse pack</c> that makes deltas, and what it goes together with.</summary>
internal sealed class SinceOption
{
    private readonly Option<string?> _option = new("--since")
    {
        Description =
            "Make a delta: leave out the packages that this pack holds (a tar, a self-extracting file or a directory). Unpacked and run with --base.",
        HelpName = "PACK",
    };

    public void AddTo(Command command)
    {
        command.Add(_option);
        ArgumentRules.NotEmpty(_option);
    }

    /// <exception cref="UsageException">Of what is asked for there are no deltas.</exception>
    public void Check(ParseResult parsed, bool image, bool directory, bool upstream)
    {
        string? mistake =
            parsed.GetValue(_option) is null ? null
            : image ? "of images there are no deltas: --since is for packs"
            : directory ? "a delta is a file: --since and --directory-only exclude each other"
            : upstream ? "pixi-unpack knows no deltas: --since and --layout upstream exclude each other"
            : null;
        if (mistake is not null)
        {
            throw new UsageException(ErrorCodes.BadBase, mistake)
            {
                Hint = image
                    ? "leave --since out: an image is sent as a whole; or leave --image out, and make a delta of packs"
                    : "leave one of both out",
            };
        }
        RequireHere(parsed.GetValue(_option));
    }

    // All of it is read, for its SHA-256.
    private static void RequireHere(string? path)
    {
        if (path is null || FileTree.Exists(path))
        {
            return;
        }
        bool isUrl = path.Contains("://", StringComparison.Ordinal);
        int colon = path.IndexOf(':', StringComparison.Ordinal);
        bool isElsewhere =
            colon > 0 && path.IndexOf('/', StringComparison.Ordinal) is var slash && (slash < 0 || colon < slash);
        if (isElsewhere)
        {
            throw new UsageException(
                ErrorCodes.BadBase,
                $"{Redaction.Quote(path)} is not on this machine, and a delta is made against a pack that is here"
            )
            {
                Hint =
                    isUrl && !path.StartsWith("ssh://", StringComparison.Ordinal)
                        ? $"bring it first (packhorse fetch {ShellText.Quote(Redaction.Url(path))}), and name the file with --since"
                        : "bring it first, as by scp, and name the file with --since",
            };
        }
    }

    /// <exception cref="UsageException">What the self-extracting file would carry cannot unpack a delta.</exception>
    public static void Check(DeltaBase? since, CarriedProgram? program)
    {
        if (since is not null && (program?.Windows is not null || program?.Runtime is { IsOwn: false }))
        {
            throw new UsageException(
                ErrorCodes.BadBase,
                "only packhorse's own runtime unpacks deltas, and the file would carry another program"
            );
        }
    }

    /// <returns>Null where no delta is asked for.</returns>
    /// <inheritdoc cref="DeltaBase.Read"/>
    public DeltaBase? Read(ParseResult parsed, PackPlan plan, IReporter reporter, CancellationToken cancellation)
    {
        if (parsed.GetValue(_option) is not { } path)
        {
            return null;
        }
        var since = DeltaBase.Read(path, plan.Platform, reporter, cancellation);
        if (plan.Members.All(member => since.ContentOf(member) is null))
        {
            reporter.Warn($"{path} holds none of the packages: a delta against it is as large as a pack");
        }
        return since;
    }
}
