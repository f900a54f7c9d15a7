using System.Globalization;
using Packhorse.Codecs;
using Packhorse.Model;
using Packhorse.Os;

namespace Packhorse.Publish;

/// <summary>A directory of another machine, by the user's own <c>ssh</c>; its rules are those of <see cref="DirectoryDestination"/>.</summary>
public sealed class RemoteDestination : IDestination
{
    private readonly SshTarget _target;
    private readonly RemoteShell _shell;
    private readonly Func<double> _randomness;
    private readonly string _directory;

    // The directory, while it is not there yet.
    private string? _toMake;

    private RemoteDestination(
        SshTarget target,
        RemoteShell shell,
        string directory,
        string? toMake,
        Func<double> randomness
    )
    {
        _target = target;
        _shell = shell;
        _directory = directory;
        _toMake = toMake;
        _randomness = randomness;
    }

    /// <param name="randomness">For the names of files on their way.</param>
    /// <exception cref="PackhorseException">No connection, or no such directory nor one above it.</exception>
    public static Task<RemoteDestination> ConnectAsync(
        SshTarget target,
        SshProgram ssh,
        Func<double> randomness,
        CancellationToken cancellation
    ) => Task.Run(() => Connect(target, ssh, randomness, cancellation), cancellation);

    public string Location(string name) => _target.Location(PathOf(name));

    public string? SitePath(string name) => PathOf(name);

    public string? Url(string name) => null;

    public Task<long?> SizeOfAsync(string name, CancellationToken cancellation) =>
        Task.Run<long?>(
            () =>
                _toMake is null && _shell.Ask(["size", name], cancellation) is ["size", var text]
                    ? long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long size)
                        ? size
                        : throw Unheard(_target)
                    : null,
            cancellation
        );

    public string RemovalOf(string name) => _target.CommandLine($"rm -f {ShellText.Quote(PathOf(name))}");

    public Task<Occupant> LookAsync(string name, LocalFile file, IReporter reporter, CancellationToken cancellation) =>
        Task.Run(() => Look(name, file, reporter, cancellation), cancellation);

    public Task<bool> TryPlaceAsync(string name, LocalFile file, IReporter reporter, CancellationToken cancellation) =>
        Task.Run(() => TryPlace(name, file, reporter, cancellation), cancellation);

    public async ValueTask DisposeAsync()
    {
        await Task.Run(_shell.End).ConfigureAwait(false);
        _shell.Dispose();
    }

    /// <summary>What is there; nothing is changed.</summary>
    public Task<IReadOnlyList<PublishedFile>> ListAsync(IReporter reporter, CancellationToken cancellation) =>
        Task.Run(
            () =>
                _toMake is null
                    ? new RemoteListing(_shell, this).Read(reporter, cancellation)
                    : throw SshFailure.Refused(_target, "absent", ""),
            cancellation
        );

    private static RemoteDestination Connect(
        SshTarget target,
        SshProgram ssh,
        Func<double> randomness,
        CancellationToken cancellation
    )
    {
        var shell = RemoteShell.Start(target, ssh, cancellation);
        try
        {
            int slash = target.Path.LastIndexOf('/');
            string parent = slash == 0 ? "/" : target.Path[..slash];
            string[] answer = shell.Ask(["enter", target.Path, parent], cancellation);
            // With a line break and a dot behind it: a path may end with line breaks.
            string there = answer is ["here" or "above", var digits]
                ? RemoteShell.Text(digits)[..^2]
                : throw Unheard(target);
            return answer[0] == "here"
                ? new RemoteDestination(target, shell, there, null, randomness)
                : new RemoteDestination(
                    target,
                    shell,
                    Join(there, target.Path[(slash + 1)..]),
                    target.Path[(slash + 1)..],
                    randomness
                );
        }
        catch
        {
            shell.Dispose();
            throw;
        }
    }

    private Occupant Look(string name, LocalFile file, IReporter reporter, CancellationToken cancellation)
    {
        if (_toMake is not null)
        {
            return new Occupant(OccupantKind.Nothing);
        }
        reporter.Detail($"looking for {Location(name)}");
        switch (_shell.Ask(["look", name], cancellation))
        {
            case ["nothing"]:
                return new Occupant(OccupantKind.Nothing);
            case ["file", var size, var digest]:
                (long bytes, Digest sha256) = Described(size, digest);
                bool isSame = bytes == file.Size && sha256 == file.Sha256;
                return new Occupant(isSame ? OccupantKind.SameContent : OccupantKind.OtherContent, bytes, sha256);
            default:
                return new Occupant(OccupantKind.OtherContent);
        }
    }

    private bool TryPlace(string name, LocalFile file, IReporter reporter, CancellationToken cancellation)
    {
        if (_toMake is not null)
        {
            _ = _shell.Ask(["make", _toMake], cancellation);
            _toMake = null;
        }
        string part = TemporaryNames.Make(_randomness);
        string size = file.Size.ToString(CultureInfo.InvariantCulture);
        reporter.BeginStage("Publishing", 1, file.Size);
        string[] answer = _shell.AskWith(
            ["put", part, size],
            send =>
            {
                Send(file, send, reporter, cancellation);
                reporter.BeginStage($"Reading it back on {_target.Host}", 1, 0);
            },
            cancellation
        );
        (long bytes, Digest digest) = answer is ["put", var a, var b] ? Described(a, b) : throw Unheard(_target);
        if (bytes != file.Size || digest != file.Sha256)
        {
            throw new CorruptDataException(
                ErrorCodes.DigestMismatch,
                $"what was written to {EntryPath.Quote(Location(part))} reads as {bytes:N0} bytes, sha256 {digest}, not as {file.Size:N0} bytes, sha256 {file.Sha256}; nothing was placed"
            )
            {
                Hint = "the file system or its quota may be at fault",
            };
        }
        return _shell.Ask(["place", name], cancellation) switch
        {
            ["placed", "true"] => true,
            ["placed", "false"] => false,
            _ => throw Unheard(_target),
        };
    }

    private void Send(
        LocalFile file,
        Func<ReadOnlySpan<byte>, bool> send,
        IReporter reporter,
        CancellationToken cancellation
    )
    {
        using InputFile input = InputFile.Open(file.Path);
        using var hash = new Sha256();
        var block = new byte[LocalFile.BlockBytes];
        long offset = 0;
        while (offset < file.Size)
        {
            cancellation.ThrowIfCancellationRequested();
            int count = input.Read(block.AsSpan(0, (int)Math.Min(block.Length, file.Size - offset)), offset);
            if (count == 0)
            {
                break;
            }
            hash.Append(block.AsSpan(0, count));
            if (!send(block.AsSpan(0, count)))
            {
                return;
            }
            offset += count;
            reporter.Advance(count);
        }
        if (offset != file.Size || input.Length != file.Size || hash.Finish() != file.Sha256)
        {
            // The other side waits for the rest of a file that is not there any more.
            _shell.Break();
            throw DirectoryDestination.Changed(file);
        }
    }

    private string PathOf(string name) => Join(_directory, name);

    private static string Join(string directory, string name) =>
        directory.EndsWith('/') ? directory + name : $"{directory}/{name}";

    private (long Size, Digest Sha256) Described(string size, string digest) =>
        long.TryParse(size, NumberStyles.None, CultureInfo.InvariantCulture, out long bytes)
        && Digest.TryParse(digest, out Digest sha256)
            ? (bytes, sha256)
            : throw Unheard(_target);

    private static CorruptDataException Unheard(SshTarget target) =>
        new(ErrorCodes.Malformed, $"the shell on {target.Host} answered something else than was asked");
}
