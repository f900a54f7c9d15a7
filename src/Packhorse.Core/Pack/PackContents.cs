using System.Text;
using Packhorse.Codecs;
using Packhorse.Model;
using Packhorse.Os;

namespace Packhorse.Pack;

/// <summary>An open pack of which every member can be read at any time: a tar, a self-extracting file or a directory.</summary>
public sealed class PackContents : IDisposable
{
    private const int TarMagicOffset = 257;

    private readonly List<IDisposable> _owned;
    private readonly Dictionary<string, IRandomAccess> _members;
    private readonly HashSet<string> _lacking = new(StringComparer.Ordinal);
    private PackContents? _base;

    private PackContents(string where, Dictionary<string, IRandomAccess> members, List<IDisposable> owned)
    {
        Where = where;
        _members = members;
        _owned = owned;
    }

    /// <summary>The path of the pack, for messages.</summary>
    public string Where { get; }

    public PackManifest Manifest { get; private set; } = new() { Platform = Platform.NoArch };

    /// <summary>Of a delta, those in its base too.</summary>
    public IReadOnlyList<PackedPackage> Packages { get; private set; } = [];

    /// <summary>Members that are in a delta's base and not in the delta itself.</summary>
    public IReadOnlySet<string> Lacking => _lacking;

    /// <summary>The header of a self-extracting file; null for other packs.</summary>
    public SelfExtractingHeader? Header { get; private set; }

    /// <summary>The file itself, all of it; null for a directory.</summary>
    public IRandomAccess? File { get; private set; }

    /// <summary>
    /// SHA-256 that stands for the whole content: of the manifest, which has the digests of the other members; of a delta, of the
    /// whole pack's. Where another tool's has none, the lists of packages and the wheels are taken in.
    /// </summary>
    public Digest Identity { get; private set; }

    /// <summary>Opens a pack with all its packages: those of a delta together with those of its base.</summary>
    /// <param name="path">A tar, a self-extracting file or a directory.</param>
    /// <param name="basePath">Of a delta, the pack that the rest is in; null for whole packs.</param>
    /// <exception cref="NotFoundException">There is nothing of that name.</exception>
    /// <exception cref="UsageException">A delta without a base, or a base for what is no delta.</exception>
    /// <exception cref="CorruptDataException">It is no pack, or it is damaged, or the base is another one.</exception>
    public static PackContents Open(string path, string? basePath = null)
    {
        PackContents pack = OpenAlone(path);
        try
        {
            pack.Complete(basePath);
            return pack;
        }
        catch
        {
            pack.Dispose();
            throw;
        }
    }

    /// <summary>Opens a pack, or a delta without its base: to look at, as members are <see cref="Lacking"/>.</summary>
    /// <inheritdoc cref="Open"/>
    public static PackContents OpenAlone(string path)
    {
        var owned = new List<IDisposable>();
        try
        {
            PackContents contents = FileTree.DirectoryExists(path)
                ? new PackContents(path, PackIndex.OfDirectory(path, owned), owned)
                : OpenFile(path, owned);
            contents.ReadLists();
            return contents;
        }
        catch
        {
            owned.ForEach(item => item.Dispose());
            throw;
        }
    }

    /// <summary>The bytes of a member; owned by the pack.</summary>
    public IRandomAccess Member(string path) =>
        _members.GetValueOrDefault(path)
        ?? throw new CorruptDataException(
            ErrorCodes.BadPack,
            $"{Where} lists {EntryPath.Quote(path)} but does not hold it"
        );

    /// <summary>False of what a delta's base would have, while that was not opened with it.</summary>
    public bool Holds(string path) => _members.ContainsKey(path);

    /// <summary>A member for messages, with the file that it is in.</summary>
    public string Name(string path) => $"{(_lacking.Contains(path) && _base is { } from ? from.Where : Where)}: {path}";

    public void Dispose() => _owned.ForEach(item => item.Dispose());

    private void Complete(string? basePath)
    {
        if (Manifest.Delta is not { } delta)
        {
            PackDelta.RefuseBase(basePath, Where);
            return;
        }
        _base = delta.OpenBase(basePath ?? throw delta.Incomplete(Where), Where);
        _owned.Add(_base);
        foreach (PackMember member in Manifest.Members!.Where(member => _lacking.Contains(member.Path)))
        {
            IRandomAccess? content = _base._members.GetValueOrDefault(member.Path);
            if (content?.Length != member.Size)
            {
                throw new CorruptDataException(
                    ErrorCodes.BadPack,
                    $"{Where} is damaged: it says that {EntryPath.Quote(member.Path)} is in {_base.Where}, and it is not"
                );
            }
            _members.Add(member.Path, content);
        }
    }

    private static PackContents OpenFile(string path, List<IDisposable> owned)
    {
        InputFile file = InputFile.Open(path);
        owned.Add(file);
        // Where a tar has its magic (POSIX ustar and GNU).
        Span<byte> beginning = stackalloc byte[TarMagicOffset + 5];
        int count = file.Read(beginning, 0);
        if (SelfExtractingHeader.IsOne(beginning[..count]))
        {
            SelfExtractingHeader header = SelfExtractingHeader.Read(file, path);
            var payload = new SourceSlice(file, header.PayloadOffset, header.PayloadBytes);
            return new PackContents(path, PackIndex.OfTar(payload, path), owned) { Header = header, File = file };
        }
        bool isTar = count == beginning.Length && beginning[TarMagicOffset..].SequenceEqual("ustar"u8);
        IRandomAccess? decoded = isTar ? null : UpstreamExecutable.Find(file, path);
        return new PackContents(path, PackIndex.OfTar(decoded ?? file, path), owned) { File = file };
    }

    private void ReadLists()
    {
        if (!_members.ContainsKey(PackManifest.Path))
        {
            throw NoManifest(Where);
        }
        byte[] manifest = ReadJson(PackManifest.Path);
        if (Header is { } header && header.ManifestSha256 != Sha256.Hash(manifest))
        {
            throw new CorruptDataException(
                ErrorCodes.DigestMismatch,
                $"{Where}: {PackManifest.Path} is not what the header says"
            );
        }
        using var identity = new Sha256();
        ReadManifest(ref manifest);
        identity.Append(manifest);
        var lists = new PackLists(Manifest.Members, Where);
        foreach (string path in _members.Keys.Order(StringComparer.Ordinal))
        {
            if (
                PackLayout.TrySplitChannelPath(path, out string? subdir, out string? name)
                && name == PackLayout.RepodataName
            )
            {
                byte[] repodata = ReadJson(path);
                lists.AddRepodata(path, subdir, repodata);
                identity.Append(Manifest.Members is null ? repodata : []);
            }
        }
        lists.CheckComplete(Sizes());
        Packages = lists.Packages();
        if (Manifest.Members is null)
        {
            AppendWheels(identity);
        }
        Identity = identity.Finish();
        foreach (PackedPackage package in Packages.Where(package => !_lacking.Contains(package.Path)))
        {
            CheckSize(package);
        }
    }

    // Of a delta the whole pack's manifest counts, which its own vouches for.
    private void ReadManifest(ref byte[] content)
    {
        Manifest = PackManifest.Parse(content, Where);
        if (Manifest.Delta is not { } delta)
        {
            return;
        }
        content = ReadJson(PackDelta.WholeManifest);
        if (Sha256.Hash(content) != delta.Whole)
        {
            throw new CorruptDataException(
                ErrorCodes.DigestMismatch,
                $"{Where}: {PackDelta.WholeManifest} is not what {PackManifest.Path} says"
            );
        }
        PackManifest whole = PackManifest.Parse(content, $"{Where}: {PackDelta.WholeManifest}");
        if (whole.Members is null || whole.Platform != Manifest.Platform)
        {
            throw new CorruptDataException(
                ErrorCodes.BadPack,
                $"{Where}: {PackDelta.WholeManifest} is not the manifest of a whole pack for {Manifest.Platform}"
            );
        }
        Manifest = whole with { Delta = delta };
    }

    // In bytes, by path; of what a delta's base holds, as the manifest has them. Lists are in the delta itself.
    private Dictionary<string, long> Sizes()
    {
        Dictionary<string, long> sizes = _members.ToDictionary(
            member => member.Key,
            member => member.Value.Length,
            StringComparer.Ordinal
        );
        foreach (PackMember member in Manifest.Delta is null ? [] : Manifest.Members!)
        {
            if (PackLayout.IsPackage(member.Path) && sizes.TryAdd(member.Path, member.Size))
            {
                _lacking.Add(member.Path);
            }
        }
        return sizes;
    }

    // Nothing in another tool's pack says what its wheels are; a zip's directory at its end has sums over every member.
    private void AppendWheels(Sha256 identity)
    {
        const int LongestEnd = 1 << 20;
        foreach (PackedPackage wheel in Packages.Where(package => package.Record.IsWheel))
        {
            IRandomAccess content = Member(wheel.Path);
            var end = new byte[Math.Min(LongestEnd, content.Length)];
            content.ReadExactly(end, content.Length - end.Length, wheel.Path);
            identity.Append(Encoding.UTF8.GetBytes($"{wheel.Path} {content.Length}\n"));
            identity.Append(end);
        }
    }

    internal static CorruptDataException NoManifest(string where) =>
        new(ErrorCodes.BadPack, $"{where} is no pack: it has no {PackManifest.Path}");

    private void CheckSize(PackedPackage package)
    {
        long size = Member(package.Path).Length;
        if (package.Expected.Size is { } expected && expected != size)
        {
            throw new CorruptDataException(
                ErrorCodes.SizeMismatch,
                $"{Where}: {package.Path} has {size:N0} bytes, {expected:N0} were expected"
            );
        }
    }

    private byte[] ReadJson(string path)
    {
        IRandomAccess member = Member(path);
        if (member.Length > Limits.JsonBytes)
        {
            throw new CorruptDataException(
                ErrorCodes.LimitExceeded,
                $"{Where}: {path} has {member.Length:N0} bytes, more than {Limits.JsonBytes:N0}"
            );
        }
        var content = new byte[member.Length];
        member.ReadExactly(content, 0, Where);
        return content;
    }
}
