using Packhorse.Codecs;
using Packhorse.Model;
using Packhorse.Os;

namespace Packhorse.Publish;

/// <summary>A directory of this machine, a mounted network file system mostly.</summary>
public sealed class DirectoryDestination : IDestination
{
    // Nobody writes to a file that caches take to be immutable.
    private const UnixFileMode Mode =
        FilePermissions.All & ~(UnixFileMode.UserWrite | UnixFileMode.GroupWrite | UnixFileMode.OtherWrite);

    private readonly string _directory;
    private readonly Func<double> _randomness;

    /// <param name="randomness">For the names of files on their way.</param>
    /// <exception cref="NotFoundException">Not even the directory above it is there.</exception>
    public DirectoryDestination(string directory, Func<double> randomness)
    {
        _directory = FileTree.Absolute(directory);
        _randomness = randomness;
        string? parent = Path.GetDirectoryName(_directory);
        if (!FileTree.DirectoryExists(_directory) && !(parent is not null && FileTree.DirectoryExists(parent)))
        {
            throw new NotFoundException(
                ErrorCodes.FileNotFound,
                $"there is no directory {EntryPath.Quote(_directory)}, nor one above it to create it in"
            )
            {
                Hint = $"if it is the right one: mkdir -p {ShellText.Quote(_directory)}",
            };
        }
    }

    public string Location(string name) => Path.Combine(_directory, name);

    public string? SitePath(string name) => Location(name);

    public string? Url(string name) => null;

    public Task<long?> SizeOfAsync(string name, CancellationToken cancellation) =>
        Task.FromResult<long?>(
            FileTree.KindOf(Location(name)) == FileKind.File ? FileTree.SizeOf(Location(name)) : null
        );

    public string RemovalOf(string name) => $"rm -f {ShellText.Quote(Location(name))}";

    public Task<Occupant> LookAsync(string name, LocalFile file, IReporter reporter, CancellationToken cancellation) =>
        Task.Run(() => Look(Location(name), file, reporter, cancellation), cancellation);

    public Task<bool> TryPlaceAsync(string name, LocalFile file, IReporter reporter, CancellationToken cancellation) =>
        Task.Run(() => TryPlace(Location(name), file, reporter, cancellation), cancellation);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private static Occupant Look(string path, LocalFile file, IReporter reporter, CancellationToken cancellation)
    {
        if (!FileTree.Exists(path))
        {
            return new Occupant(OccupantKind.Nothing);
        }
        if (FileTree.KindOf(path) != FileKind.File)
        {
            return new Occupant(OccupantKind.OtherContent);
        }
        using InputFile there = InputFile.Open(path);
        if (there.Length == file.Size)
        {
            reporter.BeginStage("Comparing", 1, there.Length);
        }
        Digest digest = ContentDigest.Of(
            there,
            there.Length,
            there.Length == file.Size ? reporter : SilentReporter.Instance,
            cancellation
        );
        bool isSame = there.Length == file.Size && digest == file.Sha256;
        return new Occupant(isSame ? OccupantKind.SameContent : OccupantKind.OtherContent, there.Length, digest);
    }

    private bool TryPlace(string path, LocalFile file, IReporter reporter, CancellationToken cancellation)
    {
        FileTree.CreateDirectory(_directory);
        string part = Path.Combine(_directory, TemporaryNames.Make(_randomness));
        using OutputFile output = OutputFile.CreateAt(part, path, Mode);
        reporter.BeginStage("Publishing", 1, 2 * file.Size);
        Copy(file, output, reporter, cancellation);
        output.Flush();
        ReadBack(file, output, reporter, cancellation);
        return output.TryCompleteNew();
    }

    private static void Copy(LocalFile file, OutputFile output, IReporter reporter, CancellationToken cancellation)
    {
        using InputFile input = InputFile.Open(file.Path);
        using var hash = new Sha256();
        var block = new byte[LocalFile.BlockBytes];
        long offset = 0;
        int count;
        while ((count = input.Read(block, offset)) > 0)
        {
            cancellation.ThrowIfCancellationRequested();
            hash.Append(block.AsSpan(0, count));
            output.Write(block.AsSpan(0, count), offset);
            offset += count;
            reporter.Advance(count);
        }
        if (offset != file.Size || hash.Finish() != file.Sha256)
        {
            throw Changed(file);
        }
    }

    internal static CorruptDataException Changed(LocalFile file) =>
        new(
            ErrorCodes.DigestMismatch,
            $"{EntryPath.Quote(file.Path)} changed while it was being published; nothing was placed"
        )
        {
            Hint = "publish it again when whoever writes it has finished",
        };

    private static void ReadBack(LocalFile file, OutputFile output, IReporter reporter, CancellationToken cancellation)
    {
        using var hash = new Sha256();
        var block = new byte[LocalFile.BlockBytes];
        long offset = 0;
        int count;
        while ((count = output.Read(block, offset)) > 0)
        {
            cancellation.ThrowIfCancellationRequested();
            hash.Append(block.AsSpan(0, count));
            offset += count;
            reporter.Advance(count);
        }
        Digest digest = hash.Finish();
        if (offset != file.Size || digest != file.Sha256)
        {
            throw new CorruptDataException(
                ErrorCodes.DigestMismatch,
                $"what was written to {EntryPath.Quote(output.PartPath)} reads as {offset:N0} bytes, sha256 {digest}, not as {file.Size:N0} bytes, sha256 {file.Sha256}; nothing was placed"
            )
            {
                Hint = "the file system or its quota may be at fault",
            };
        }
    }
}
