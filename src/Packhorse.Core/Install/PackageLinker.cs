using System.Buffers;
using Packhorse.Codecs;
using Packhorse.Conda;
using Packhorse.Model;

namespace Packhorse.Install;

/// <summary>
/// Installs one package into a sink while its content streams through: every file is written once, with the prefix already in it.
/// </summary>
public sealed class PackageLinker : IDisposable
{
    private const int BufferBytes = 256 << 10;

    // 1980: archives can hold times before it, which zip files and some file systems cannot.
    internal const long EarliestTime = 315532800;

    private readonly PlannedPackage _plan;
    private readonly InstallTarget _target;
    private readonly IInstallSink _sink;
    private readonly byte[] _buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
    private readonly Dictionary<string, LinkedPath> _linked = new(StringComparer.Ordinal);

    public PackageLinker(PlannedPackage plan, InstallTarget target, IInstallSink sink)
    {
        _plan = plan;
        _target = target;
        _sink = sink;
    }

    private string Where => _plan.Package.FileName;

    /// <summary>The linker is for one package.</summary>
    public void Dispose() => ArrayPool<byte>.Shared.Return(_buffer);

    /// <param name="package">The package's members from the first one on; read to the end.</param>
    /// <exception cref="CorruptDataException">The content is not what the package's lists say.</exception>
    public LinkedPackage Link(CondaPackageReader package, CancellationToken cancellation)
    {
        while (package.MoveNext())
        {
            cancellation.ThrowIfCancellationRequested();
            if (!package.IsInfo && _plan.Find(package.Path) is { } path)
            {
                LinkMember(path, package.Tar);
            }
        }
        CheckAllSeen();
        var paths = new List<LinkedPath>(_linked.Values);
        paths.AddRange(EntryPointWriter.Write(_plan, _sink));
        return new LinkedPackage(_plan, paths);
    }

    private void LinkMember(PlannedPath path, TarReader tar)
    {
        TarEntry entry = tar.Current;
        if (_linked.ContainsKey(path.Source.Path))
        {
            throw new CorruptDataException(
                ErrorCodes.BadPackage,
                $"{Where} holds {EntryPath.Quote(path.Source.Path)} twice"
            );
        }
        LinkedPath linked = entry.Type switch
        {
            TarEntryType.File when path.Source.Placeholder is { } placeholder => WriteRelocated(path, tar, placeholder),
            TarEntryType.File => WriteFile(path, tar),
            TarEntryType.SymbolicLink => WriteSymbolicLink(path, entry),
            TarEntryType.HardLink => WriteHardLink(path, entry),
            _ => throw new CorruptDataException(
                ErrorCodes.BadPackage,
                $"{Where}: {EntryPath.Quote(path.Source.Path)} is neither a file nor a link (tar type '{entry.TypeFlag}')"
            ),
        };
        _linked.Add(path.Source.Path, linked);
    }

    private LinkedPath WriteFile(PlannedPath path, TarReader tar)
    {
        TarEntry entry = tar.Current;
        if (path.Source.Size is { } size && size != entry.Size)
        {
            throw new CorruptDataException(
                ErrorCodes.BadPackage,
                $"{Where}: {EntryPath.Quote(path.Source.Path)} has {entry.Size:N0} bytes, its list says {size:N0}"
            );
        }
        using IInstallFile file = _sink.CreateFile(
            new InstallFile(path.Target, Mode(entry), Time(entry.Modified), entry.Size)
        );
        int count;
        while ((count = Fill(tar)) > 0)
        {
            file.Write(_buffer.AsSpan(0, count));
        }
        file.Complete();
        return Linked(path, LinkedPathKind.File, null);
    }

    private LinkedPath WriteRelocated(PlannedPath path, TarReader tar, PrefixPlaceholder placeholder)
    {
        TarEntry entry = tar.Current;
        // Younger than what the package holds: byte-code compiled from the packaged text does not count for it.
        long modified = (_plan.Package.Info.AboutModified ?? entry.Modified) + 1;
        bool keepsLength = placeholder.Mode == PrefixFileMode.Binary;
        using IInstallFile file = _sink.CreateFile(
            new InstallFile(path.Target, Mode(entry), Time(modified), keepsLength ? entry.Size : null)
            {
                Placeholder = placeholder,
            }
        );
        using var relocation = new Relocation(placeholder, _target, file);
        int count;
        while ((count = Fill(tar)) > 0)
        {
            relocation.Write(_buffer.AsSpan(0, count));
        }
        Digest digest = relocation.Finish();
        file.Complete();
        return Linked(path, LinkedPathKind.File, digest);
    }

    private LinkedPath WriteSymbolicLink(PlannedPath path, TarEntry entry)
    {
        CheckLink(path.Source.Path, entry.LinkName, Where);
        _sink.CreateSymbolicLink(path.Target, entry.LinkName, Time(entry.Modified));
        return Linked(path, LinkedPathKind.SoftLink, null) with { LinkText = entry.LinkName };
    }

    /// <exception cref="CorruptDataException">No file system could hold such a link.</exception>
    internal static void CheckLink(string path, string target, string where)
    {
        if (target.Length == 0 || target.Contains('\0') || target.Length > Limits.PathBytes)
        {
            throw new CorruptDataException(
                ErrorCodes.BadPackage,
                $"{where}: {EntryPath.Quote(path)} is a link to an impossible name"
            );
        }
    }

    private LinkedPath WriteHardLink(PlannedPath path, TarEntry entry)
    {
        string existing = EntryPath.Normalize(entry.LinkName, Where);
        if (!_linked.TryGetValue(existing, out LinkedPath? linked) || linked.Kind != LinkedPathKind.File)
        {
            throw new CorruptDataException(
                ErrorCodes.BadPackage,
                $"{Where}: {EntryPath.Quote(path.Source.Path)} is a hard link to {EntryPath.Quote(existing)}, which is no file before it"
            );
        }
        if (path.Source.Placeholder != linked.Source?.Placeholder)
        {
            throw new CorruptDataException(
                ErrorCodes.BadPackage,
                $"{Where}: {EntryPath.Quote(path.Source.Path)} and {EntryPath.Quote(existing)} are one file with two placeholders"
            );
        }
        _sink.CreateHardLink(linked.Target, path.Target);
        return Linked(path, LinkedPathKind.File, linked.Sha256InPrefix);
    }

    private void CheckAllSeen()
    {
        if (_linked.Count == _plan.Paths.Count)
        {
            return;
        }
        PlannedPath missing = _plan.Paths.First(path => !_linked.ContainsKey(path.Source.Path));
        throw new CorruptDataException(
            ErrorCodes.BadPackage,
            $"{Where} lists {EntryPath.Quote(missing.Source.Path)} but does not hold it"
        );
    }

    // Decoders give out a block at a time; fewer, larger writes cost less.
    private int Fill(TarReader tar)
    {
        int total = 0;
        int count;
        while (total < BufferBytes && (count = tar.Read(_buffer.AsSpan(total, BufferBytes - total))) > 0)
        {
            total += count;
        }
        return total;
    }

    private static LinkedPath Linked(PlannedPath path, LinkedPathKind kind, Digest? installed) =>
        new()
        {
            Target = path.Target,
            ClobberedPath = path.ClobberedPath,
            Kind = kind,
            Source = path.Source,
            Sha256InPrefix = installed,
            Size = path.Source.Size,
        };

    private static UnixFileMode Mode(TarEntry entry) => (UnixFileMode)(entry.Mode & 0x1FF);

    /// <summary>A time that every file system can keep.</summary>
    internal static long Time(long modified) => Math.Max(modified, EarliestTime);
}
