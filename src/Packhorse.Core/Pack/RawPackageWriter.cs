using System.Buffers;
using System.Runtime.Versioning;
using Packhorse.Codecs;
using Packhorse.Conda;
using Packhorse.Install;
using Packhorse.Model;
using Packhorse.Os;

namespace Packhorse.Pack;

/// <summary>Writes the members of one package as they come, before anything is known of it. For one thread.</summary>
[SupportedOSPlatform("linux")]
internal sealed class RawPackageWriter(SubdirectorySink sink, string where) : IDisposable
{
    private readonly Dictionary<string, LinkedPath> _linked = new(StringComparer.Ordinal);
    private readonly Dictionary<string, RawFile> _files = new(StringComparer.Ordinal);
    private readonly HashSet<string> _directories = new(StringComparer.Ordinal);
    private readonly byte[] _buffer = ArrayPool<byte>.Shared.Rent(256 << 10);
    private long _directoryCharacters;

    public IReadOnlyCollection<LinkedPath> Linked => _linked.Values;

    public void Dispose() => ArrayPool<byte>.Shared.Return(_buffer);

    /// <exception cref="CorruptDataException">The path is taken, or lies below a file or link.</exception>
    public void Write(string path, TarReader tar)
    {
        TarEntry entry = tar.Current;
        if (entry.Type == TarEntryType.Directory)
        {
            return;
        }
        if (_linked.ContainsKey(path) || _directories.Contains(path))
        {
            throw new CorruptDataException(ErrorCodes.BadPackage, $"{where} holds {EntryPath.Quote(path)} twice");
        }
        CreateParents(path);
        long modified = PackageLinker.Time(entry.Modified);
        switch (entry.Type)
        {
            case TarEntryType.File:
                WriteFile(path, tar, modified);
                break;
            case TarEntryType.SymbolicLink:
                PackageLinker.CheckLink(path, entry.LinkName, where);
                sink.CreateSymbolicLink(path, entry.LinkName, modified);
                Add(path, LinkedPathKind.SoftLink, entry.LinkName);
                break;
            case TarEntryType.HardLink:
                string existing = EntryPath.Normalize(entry.LinkName, where);
                if (!_files.TryGetValue(existing, out RawFile file))
                {
                    throw new CorruptDataException(
                        ErrorCodes.BadPackage,
                        $"{where}: {EntryPath.Quote(path)} is a hard link to {EntryPath.Quote(existing)}, which is no file before it"
                    );
                }
                sink.CreateHardLink(existing, path);
                _files.Add(path, file);
                Add(path, LinkedPathKind.File);
                break;
            default:
                throw new CorruptDataException(
                    ErrorCodes.BadPackage,
                    $"{where}: {EntryPath.Quote(path)} is neither a file nor a link (tar type '{entry.TypeFlag}')"
                );
        }
    }

    /// <summary>Compares what came with what the package's list says.</summary>
    /// <exception cref="CorruptDataException">It is missing, or has another size.</exception>
    public void CheckPresent(PackagePath path)
    {
        bool isInstalled = path.Type != PackagePathType.Directory && !CondaPackageReader.IsInfoPath(path.Path);
        if (isInstalled && !_linked.ContainsKey(path.Path))
        {
            throw new CorruptDataException(
                ErrorCodes.BadPackage,
                $"{where} lists {EntryPath.Quote(path.Path)} but does not hold it"
            );
        }
        if (_files.TryGetValue(path.Path, out RawFile file) && path.Size is { } size && size != file.Size)
        {
            throw new CorruptDataException(
                ErrorCodes.BadPackage,
                $"{where}: {EntryPath.Quote(path.Path)} has {file.Size:N0} bytes, its list says {size:N0}"
            );
        }
    }

    /// <summary>Rewrites a file that turned out to hold the prefix; one that never came is left to whoever misses it.</summary>
    public void Relocate(
        PackagePath path,
        InstallTarget target,
        long? aboutModified,
        LinuxDirectory stage,
        string directory
    )
    {
        if (!_files.TryGetValue(path.Path, out RawFile file))
        {
            return;
        }
        long modified = PackageLinker.Time((aboutModified ?? file.Modified) + 1);
        using InputFile input = InputFile.Open(Path.Combine(stage.Path, directory, path.Path));
        // Binary files keep their length: only the bytes that change are written.
        bool inPlace = path.Placeholder!.Mode == PrefixFileMode.Binary && (file.Mode & UnixFileMode.UserWrite) != 0;
        Digest digest;
        if (inPlace)
        {
            using LinuxFile output = stage.OpenFile($"{directory}/{path.Path}");
            digest = Rewrite(input, new ChangeWriter(input, output), path.Placeholder, target);
            output.SetModified(modified);
        }
        else
        {
            // Beside the package's directory: no name within is free for sure.
            string relocated = $"{directory}.relocated";
            using IInstallFile output = new DirectorySink(stage).CreateFile(
                new InstallFile(relocated, file.Mode, modified, null)
            );
            digest = Rewrite(input, output, path.Placeholder, target);
            output.Complete();
            stage.Rename(relocated, $"{directory}/{path.Path}");
        }
        _linked[path.Path] = _linked[path.Path] with { Sha256InPrefix = digest };
    }

    private Digest Rewrite(InputFile input, IContentWriter output, PrefixPlaceholder placeholder, InstallTarget target)
    {
        using var relocation = new Relocation(placeholder, target, output);
        using Stream content = input.AsStream();
        int count;
        while ((count = content.Read(_buffer)) > 0)
        {
            relocation.Write(_buffer.AsSpan(0, count));
        }
        return relocation.Finish();
    }

    private void WriteFile(string path, TarReader tar, long modified)
    {
        var mode = (UnixFileMode)(tar.Current.Mode & 0x1FF);
        using IInstallFile file = sink.CreateFile(new InstallFile(path, mode, modified, tar.Current.Size));
        int count;
        while ((count = tar.Read(_buffer)) > 0)
        {
            file.Write(_buffer.AsSpan(0, count));
        }
        file.Complete();
        _files.Add(path, new RawFile(mode, tar.Current.Modified, tar.Current.Size));
        Add(path, LinkedPathKind.File);
    }

    private void Add(string path, LinkedPathKind kind, string? linkText = null) =>
        _linked.Add(
            path,
            new LinkedPath
            {
                Target = path,
                Kind = kind,
                LinkText = linkText,
            }
        );

    // Parents are directories made here and nothing else: what would be written through a link is refused.
    private void CreateParents(string path)
    {
        for (int slash = path.IndexOf('/', StringComparison.Ordinal); slash > 0; slash = path.IndexOf('/', slash + 1))
        {
            string parent = path[..slash];
            if (_linked.ContainsKey(parent))
            {
                throw new CorruptDataException(
                    ErrorCodes.BadPackage,
                    $"{where} has a path below {EntryPath.Quote(parent)}, which is no directory"
                );
            }
            if (_directories.Add(parent))
            {
                _directoryCharacters += parent.Length;
                if (_directoryCharacters > Limits.DirectoryCharacters)
                {
                    throw new CorruptDataException(
                        ErrorCodes.LimitExceeded,
                        $"{where}: too many and too deep directories"
                    );
                }
                sink.CreateDirectories([parent]);
            }
        }
    }

    private readonly record struct RawFile(UnixFileMode Mode, long Modified, long Size);
}

/// <summary>Writes those bytes of a file that are not there already. What comes lags behind what was read.</summary>
[SupportedOSPlatform("linux")]
internal sealed class ChangeWriter(InputFile present, LinuxFile output) : IContentWriter
{
    private readonly byte[] _there = new byte[64 << 10];
    private long _position;

    public void Write(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            ReadOnlySpan<byte> part = bytes[..Math.Min(bytes.Length, _there.Length)];
            Span<byte> there = _there.AsSpan(0, part.Length);
            int known = present.Read(there, _position);
            int same = part.CommonPrefixLength(there[..known]);
            int end = part.Length;
            while (end > same && end <= known && part[end - 1] == there[end - 1])
            {
                end--;
            }
            output.WriteAt(part[same..end], _position + same);
            _position += part.Length;
            bytes = bytes[part.Length..];
        }
    }
}

/// <summary>A directory below another as a place to install into.</summary>
[SupportedOSPlatform("linux")]
internal sealed class SubdirectorySink(LinuxDirectory root, string directory) : IInstallSink
{
    private readonly DirectorySink _sink = new(root);

    public void CreateDirectories(IReadOnlyList<string> paths) =>
        _sink.CreateDirectories([.. paths.Select(path => $"{directory}/{path}")]);

    public IInstallFile CreateFile(InstallFile file) =>
        _sink.CreateFile(file with { Path = $"{directory}/{file.Path}" });

    public void CreateSymbolicLink(string path, string target, long modified) =>
        _sink.CreateSymbolicLink($"{directory}/{path}", target, modified);

    public void CreateHardLink(string existing, string path) =>
        _sink.CreateHardLink($"{directory}/{existing}", $"{directory}/{path}");
}
