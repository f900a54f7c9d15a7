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

    private PackContents(string where, Dictionary<string, IRandomAccess> members, List<IDisposable> owned)
    {
        Where = where;
        _members = members;
        _owned = owned;
    }

    /// <summary>The path of the pack, for messages.</summary>
    public string Where { get; }

    public PackManifest Manifest { get; private set; } = new() { Platform = Platform.NoArch };

    public IReadOnlyList<PackedPackage> Packages { get; private set; } = [];

    /// <summary>The header of a self-extracting file; null for other packs.</summary>
    public SelfExtractingHeader? Header { get; private set; }

    /// <summary>The file itself, all of it; null for a directory.</summary>
    public IRandomAccess? File { get; private set; }

    /// <summary>
    /// SHA-256 that stands for the whole content: of the manifest, which has the digests of the other members. Where another tool's
    /// has none, the lists of packages and the wheels are taken in.
    /// </summary>
    public Digest Identity { get; private set; }

    /// <param name="path">A tar, a self-extracting file or a directory.</param>
    /// <exception cref="NotFoundException">There is nothing of that name.</exception>
    /// <exception cref="CorruptDataException">It is no pack, or it is damaged.</exception>
    public static PackContents Open(string path)
    {
        var owned = new List<IDisposable>();
        try
        {
            PackContents contents = FileTree.DirectoryExists(path)
                ? new PackContents(path, ListDirectory(path, owned), owned)
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

    public void Dispose() => _owned.ForEach(item => item.Dispose());

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
            return new PackContents(path, IndexTar(payload, path), owned) { Header = header, File = file };
        }
        bool isTar = count == beginning.Length && beginning[TarMagicOffset..].SequenceEqual("ustar"u8);
        IRandomAccess? decoded = isTar ? null : UpstreamExecutable.Find(file, path);
        return new PackContents(path, IndexTar(decoded ?? file, path), owned) { File = file };
    }

    private static Dictionary<string, IRandomAccess> IndexTar(IRandomAccess file, string path)
    {
        var members = new Dictionary<string, IRandomAccess>(StringComparer.Ordinal);
        using Stream stream = file.AsStream();
        var tar = new TarReader(stream, path);
        while (MoveNext(tar, path))
        {
            string name = PackMemberName(tar.Current, path);
            if (tar.Current.Type == TarEntryType.File && name.Length > 0)
            {
                if (tar.Current.Size > file.Length - tar.Position)
                {
                    throw new CorruptDataException(
                        ErrorCodes.Truncated,
                        $"{path} ends in the middle of {EntryPath.Quote(name)}"
                    );
                }
                AddMember(members, name, new SourceSlice(file, tar.Position, tar.Current.Size), path);
            }
        }
        CheckEnd(tar, path);
        return members;
    }

    /// <summary>Goes to the next member; what does not even begin like a tar is told by what it is.</summary>
    internal static bool MoveNext(TarReader tar, string where)
    {
        bool atStart = tar.Position == 0;
        try
        {
            bool any = tar.MoveNext();
            return any || tar.Position > 0
                ? any
                : throw new CorruptDataException(ErrorCodes.Truncated, "there is nothing to read");
        }
        catch (CorruptDataException error) when (atStart && tar.Position <= TarReader.BlockBytes)
        {
            throw PackSniffer.NoPack(where, tar.Header[..(int)tar.Position], error);
        }
    }

    internal static string PackMemberName(TarEntry entry, string where)
    {
        if (entry.Type is not (TarEntryType.File or TarEntryType.Directory))
        {
            throw new CorruptDataException(
                ErrorCodes.BadPack,
                $"{where}: {EntryPath.Quote(entry.Name)} is neither a file nor a directory, so this is no pack"
            );
        }
        return EntryPath.Normalize(entry.Name, where);
    }

    internal static void CheckEnd(TarReader tar, string where)
    {
        if (!tar.EndMarkerSeen)
        {
            throw new CorruptDataException(ErrorCodes.Truncated, $"{where} is cut off: the end of its tar is missing")
            {
                Hint = "copy or download the pack again",
            };
        }
    }

    private static void AddMember(
        Dictionary<string, IRandomAccess> members,
        string name,
        IRandomAccess content,
        string where
    )
    {
        if (!members.TryAdd(name, content))
        {
            throw new CorruptDataException(ErrorCodes.BadPack, $"{where} holds {EntryPath.Quote(name)} twice");
        }
    }

    // Only the places that a pack has are looked at, so that a directory with other things in it is not walked.
    private static Dictionary<string, IRandomAccess> ListDirectory(string root, List<IDisposable> owned)
    {
        var members = new Dictionary<string, IRandomAccess>(StringComparer.Ordinal);
        void Add(string name)
        {
            string path = Path.Combine(root, name);
            if (FileTree.FileExists(path))
            {
                InputFile file = InputFile.Open(path);
                owned.Add(file);
                AddMember(members, name, file, root);
            }
        }

        Add(PackManifest.Path);
        Add(PackLayout.EnvironmentFile);
        string channel = Path.Combine(root, PackLayout.ChannelDirectory);
        if (FileTree.DirectoryExists(channel))
        {
            foreach (
                string subdir in FileTree
                    .List(channel)
                    .Where(name => FileTree.DirectoryExists(Path.Combine(channel, name)))
            )
            {
                foreach (string name in FileTree.List(Path.Combine(channel, subdir)))
                {
                    Add($"{PackLayout.ChannelDirectory}/{subdir}/{name}");
                }
            }
        }
        string wheels = Path.Combine(root, PackLayout.WheelDirectory);
        if (FileTree.DirectoryExists(wheels))
        {
            foreach (string name in FileTree.List(wheels))
            {
                Add($"{PackLayout.WheelDirectory}/{name}");
            }
        }
        return members;
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
        identity.Append(manifest);
        Manifest = PackManifest.Parse(manifest, Where);
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
        lists.CheckComplete(
            _members.ToDictionary(member => member.Key, member => member.Value.Length, StringComparer.Ordinal)
        );
        Packages = lists.Packages();
        if (Manifest.Members is null)
        {
            AppendWheels(identity);
        }
        Identity = identity.Finish();
        foreach (PackedPackage package in Packages)
        {
            CheckSize(package);
        }
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
