using System.Buffers;
using Packhorse.Codecs;
using Packhorse.Conda;
using Packhorse.Model;
using Packhorse.Wheels;

namespace Packhorse.Install;

/// <summary>
/// Installs one wheel into a sink: every file is inflated straight to its place and compared with RECORD on the way; RECORD is written
/// anew, of what was installed.
/// </summary>
public sealed class WheelLinker : IDisposable
{
    private const int BufferBytes = 256 << 10;

    private const UnixFileMode Regular =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    private const UnixFileMode Executable =
        UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    // Another one than that of entry points, which are no files of a package.
    private static readonly PrefixPlaceholder ScriptPlaceholder = new("/prefix", PrefixFileMode.Text);

    private readonly PlannedPackage _plan;
    private readonly InstallTarget _target;
    private readonly IInstallSink _sink;
    private readonly byte[] _buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);

    // Paths whose content is another one at another prefix.
    private readonly HashSet<string> _moving = new(StringComparer.Ordinal);

    // By their paths in the wheel: of the few files that have one.
    private readonly Dictionary<string, string> _longDigests;

    public WheelLinker(PlannedPackage plan, InstallTarget target, IInstallSink sink)
    {
        _longDigests = plan
            .Package.Wheel!.Members.Where(member => member.Listed?.LongDigest is not null)
            .ToDictionary(member => member.Member.Name, member => member.Listed!.LongDigest!, StringComparer.Ordinal);
        _plan = plan;
        _target = target;
        _sink = sink;
    }

    private string Where => _plan.Package.FileName;

    /// <summary>The linker is for one wheel.</summary>
    public void Dispose() => ArrayPool<byte>.Shared.Return(_buffer);

    /// <param name="wheel">The whole file, as it was planned.</param>
    /// <exception cref="CorruptDataException">A file is not what RECORD says of it.</exception>
    public LinkedPackage Link(IRandomAccess wheel, CancellationToken cancellation)
    {
        ZipDirectory zip = ZipDirectory.Read(wheel, Where);
        var linked = new List<LinkedPath>(_plan.FileCount);
        foreach (ZipMember member in zip.Members)
        {
            cancellation.ThrowIfCancellationRequested();
            if (_plan.Find(member.Name) is { } path)
            {
                using Stream content = zip.Open(member);
                linked.Add(
                    path.Interpreter is null ? WriteFile(path, member, content) : WriteScript(path, member, content)
                );
            }
        }
        if (linked.Count != _plan.Paths.Count)
        {
            throw new CorruptDataException(ErrorCodes.BadPackage, $"{Where} changed while it was installed");
        }
        IReadOnlyList<LinkedPath> commands = EntryPointWriter.Write(_plan, _sink);
        _moving.UnionWith(commands.Select(command => command.Target));
        linked.AddRange(commands);
        linked.AddRange(_plan.Documents.Select(document => WriteDocument(document.Target, document.Content)));
        linked.Add(WriteDocument(_plan.RecordFile!, MakeRecord(linked)));
        return new LinkedPackage(_plan, linked);
    }

    private LinkedPath WriteFile(PlannedPath path, ZipMember member, Stream content)
    {
        UnixFileMode mode = (member.Mode & 0x49) != 0 ? Regular | Executable : Regular;
        using IInstallFile file = _sink.CreateFile(new InstallFile(path.Target, mode, member.Modified, member.Size));
        using var packaged = new PackagedContent(path, LongDigestOf(path));
        Copy(content, member, packaged, file, already: 0);
        file.Complete();
        return Linked(path, packaged.Check(Where), installed: null);
    }

    private LinkedPath WriteScript(PlannedPath path, ZipMember member, Stream content)
    {
        int count = content.ReadAtLeast(_buffer.AsSpan(0, BufferBytes), BufferBytes, throwOnEndOfStream: false);
        ReadOnlySpan<byte> begin = _buffer.AsSpan(0, count);
        byte[]? line = RewriteFirstLine(begin, path.Interpreter!, out int replaced, out byte[] asPackaged);
        using IInstallFile file = _sink.CreateFile(
            new InstallFile(path.Target, Regular | Executable, member.Modified, line is null ? member.Size : null)
            {
                Placeholder = line is null ? null : ScriptPlaceholder,
            }
        );
        using var packaged = new PackagedContent(path, LongDigestOf(path));
        using var installed = new Sha256();
        packaged.Append(begin);
        if (line is not null)
        {
            (file as IPrefixObserver)?.OnFirstLine(asPackaged, EntryPointScript.PlaceholderBytes, line.Length);
            file.Write(line);
            installed.Append(line);
            _moving.Add(path.Target);
        }
        file.Write(begin[replaced..]);
        installed.Append(begin[replaced..]);
        Copy(content, member, packaged, new Both(file, installed), count);
        file.Complete();
        return Linked(path, packaged.Check(Where), line is null ? null : installed.Finish());
    }

    /// <summary>The binary distribution format's rule for scripts: a first line that begins with <c>#!python</c>.</summary>
    /// <param name="replaced">Bytes of the script that the new line stands in place of.</param>
    /// <param name="asPackaged">The line as a conda package would have it.</param>
    /// <returns>Null where the line stays.</returns>
    private byte[]? RewriteFirstLine(
        ReadOnlySpan<byte> script,
        string interpreter,
        out int replaced,
        out byte[] asPackaged
    )
    {
        replaced = 0;
        asPackaged = [];
        int end = script.IndexOf((byte)'\n');
        ReadOnlySpan<byte> line = (end < 0 ? script : script[..end]).TrimEnd((byte)'\r');
        if (!line.StartsWith("#!python"u8) || _target.Platform.IsWindows)
        {
            return null;
        }
        // "#!python", "#!pythonw" and "#!python3" are the same; what follows are arguments.
        int blank = line.IndexOf((byte)' ');
        asPackaged = [.. EntryPointScript.PackagedFirstLine(interpreter), .. blank < 0 ? [] : line[blank..]];
        replaced = end < 0 ? script.Length : end;
        return Shebang.Rewrite(asPackaged, EntryPointScript.PlaceholderBytes, _target);
    }

    private void Copy(Stream content, ZipMember member, PackagedContent packaged, IContentWriter to, long already)
    {
        long total = already;
        int count;
        while (total <= member.Size && (count = content.Read(_buffer.AsSpan(0, BufferBytes))) > 0)
        {
            total += count;
            packaged.Append(_buffer.AsSpan(0, count));
            to.Write(_buffer.AsSpan(0, count));
        }
        if (total != member.Size)
        {
            throw new CorruptDataException(
                ErrorCodes.BadPackage,
                $"{Where}: {EntryPath.Quote(member.Name)} has not the {member.Size:N0} bytes that its directory says"
            );
        }
    }

    private string? LongDigestOf(PlannedPath path) => _longDigests.GetValueOrDefault(path.Source.Path);

    private static LinkedPath Linked(PlannedPath path, Digest packaged, Digest? installed) =>
        new()
        {
            Target = path.Target,
            ClobberedPath = path.ClobberedPath,
            Kind = LinkedPathKind.File,
            Source = path.Source with { Sha256 = packaged },
            Sha256InPrefix = installed,
            Size = path.Source.Size,
        };

    private LinkedPath WriteDocument(string target, byte[] content)
    {
        _sink.WriteFile(target, content, Regular, PackageLinker.EarliestTime);
        return new LinkedPath
        {
            Target = target,
            Kind = LinkedPathKind.File,
            Sha256InPrefix = Sha256.Hash(content),
            Size = content.Length,
        };
    }

    // Files that the prefix changes have neither digest nor size in it, which is allowed: so that an environment that is moved is
    // still what its RECORD says, wherever it is unpacked or mounted.
    private byte[] MakeRecord(List<LinkedPath> linked)
    {
        IEnumerable<RecordEntry> entries = linked.Select(path =>
            _moving.Contains(path.Target)
                ? new RecordEntry(RelativeToRoot(path.Target), null, null)
                : new RecordEntry(RelativeToRoot(path.Target), path.Sha256InPrefix ?? path.Source!.Sha256, path.Size)
        );
        return RecordFile.Write(entries.Append(new RecordEntry(RelativeToRoot(_plan.RecordFile!), null, null)));
    }

    private string RelativeToRoot(string target)
    {
        string root = _plan.RecordRoot;
        if (target.StartsWith($"{root}/", StringComparison.Ordinal))
        {
            return target[(root.Length + 1)..];
        }
        int up = root.Count(c => c == '/') + 1;
        return string.Concat(Enumerable.Repeat("../", up)) + target;
    }

    private sealed class Both(IInstallFile file, Sha256 hash) : IContentWriter
    {
        public void Write(ReadOnlySpan<byte> bytes)
        {
            hash.Append(bytes);
            file.Write(bytes);
        }
    }

    /// <summary>The content of a file as the wheel has it, for what RECORD says of it.</summary>
    private sealed class PackagedContent(PlannedPath path, string? longDigest) : IDisposable
    {
        private readonly Sha256 _hash = new();
        private readonly Sha512? _longHash = longDigest is null ? null : new Sha512(longDigest.Length / 2);

        public void Append(ReadOnlySpan<byte> bytes)
        {
            _hash.Append(bytes);
            _longHash?.Append(bytes);
        }

        /// <returns>Its SHA-256.</returns>
        public Digest Check(string where)
        {
            Digest actual = _hash.Finish();
            if (path.Source.Sha256 is { } listed && listed != actual)
            {
                throw Differs(where, "SHA-256", actual.ToString(), listed.ToString());
            }
            if (
                _longHash is not null
                && Convert.ToHexStringLower(_longHash.Finish()) is var found
                && found != longDigest
            )
            {
                throw Differs(where, longDigest!.Length == 2 * Sha512.Bytes ? "SHA-512" : "SHA-384", found, longDigest);
            }
            return actual;
        }

        public void Dispose()
        {
            _hash.Dispose();
            _longHash?.Dispose();
        }

        private CorruptDataException Differs(string where, string algorithm, string actual, string listed) =>
            new(
                ErrorCodes.DigestMismatch,
                $"{where}: {EntryPath.Quote(path.Source.Path)} is not what RECORD says: its {algorithm} is {actual}, expected {listed}"
            );
    }
}
