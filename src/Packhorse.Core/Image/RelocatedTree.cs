using System.Buffers;
using System.Text;
using Packhorse.Codecs;
using Packhorse.Install;
using Packhorse.Model;

namespace Packhorse.Image;

/// <summary>
/// Another tree as it is when its environment is installed at another prefix than the one it was made for. Names, inodes, links and times
/// are the same; sizes follow from the table. Nothing is searched and no file is held: content is put together as it is
/// read. Thread-safe.
/// </summary>
public sealed class RelocatedTree : IImageTree
{
    private const int DigestBufferBytes = 128 << 10;

    /// <summary>Pieces of files that are kept; 24 bytes each.</summary>
    private const int MostPieces = 64 << 10;

    private readonly IImageTree _tree;
    private readonly RelocationTable _table;
    private readonly RelocationPlanner _planner;
    private readonly InstallTarget _target;
    private readonly Dictionary<InodeReference, RelocatedFile> _files = [];
    private readonly Dictionary<InodeReference, Digest> _digests = [];
    private int _pieces;

    /// <param name="tree">As the image has it; not owned.</param>
    /// <param name="target">The new prefix.</param>
    /// <param name="where">The file, for messages.</param>
    /// <exception cref="UsageException">The prefix is too long for one of the files, which is named.</exception>
    public RelocatedTree(IImageTree tree, RelocationTable table, InstallTarget target, string where)
    {
        _tree = tree;
        _table = table;
        _target = target;
        _planner = new RelocationPlanner(table, target, where);
        CheckFits(where);
    }

    public InodeReference Root => _tree.Root;

    public uint InodeCount => _tree.InodeCount;

    public InodeAttributes Attributes(InodeReference inode)
    {
        InodeAttributes attributes = _tree.Attributes(inode);
        return Find(inode, attributes) is { } file ? attributes with { Size = file.Size } : attributes;
    }

    public bool TryLookup(InodeReference directory, ReadOnlySpan<byte> name, out InodeReference inode) =>
        _tree.TryLookup(directory, name, out inode);

    public IDirectoryCursor OpenDirectory(InodeReference directory, long position) =>
        _tree.OpenDirectory(directory, position);

    public InodeReference Parent(InodeReference directory) => _tree.Parent(directory);

    public byte[] ReadLink(InodeReference link) => _tree.ReadLink(link);

    public int Read(InodeReference file, long offset, Span<byte> destination)
    {
        if (!_table.TryFind(file, out _) || Find(file, _tree.Attributes(file)) is not { } relocated)
        {
            return _tree.Read(file, offset, destination);
        }
        if (offset < 0 || offset >= relocated.Size)
        {
            return 0;
        }
        Span<byte> rest = destination[..(int)Math.Min(destination.Length, relocated.Size - offset)];
        int total = rest.Length;
        for (int i = relocated.IndexOf(offset); !rest.IsEmpty; i++)
        {
            RelocatedPiece piece = relocated.Pieces[i];
            int count = (int)Math.Min(rest.Length, relocated.EndOf(i) - offset);
            ReadPiece(file, (relocated, piece), offset - piece.Offset, rest[..count]);
            rest = rest[count..];
            offset += count;
        }
        return total;
    }

    /// <summary>True for a file that records of conda-meta may have the digest of.</summary>
    public bool IsDigested(InodeReference file) =>
        _table.TryFind(file, out RelocationEntry entry) && entry.Kind is RelocationKind.Text or RelocationKind.Binary;

    /// <summary>What is known of a file's content at the new prefix need not be computed when a record of it is read.</summary>
    public void Remember(InodeReference file, Digest sha256)
    {
        lock (_digests)
        {
            _digests.TryAdd(file, sha256);
        }
    }

    private void ReadPiece(
        InodeReference file,
        (RelocatedFile File, RelocatedPiece Piece) of,
        long within,
        Span<byte> destination
    )
    {
        switch (of.Piece.Kind)
        {
            case PieceKind.Stored:
                ReadStored(file, of.Piece.Source + within, destination);
                break;
            case PieceKind.Prefix:
                _target.PrefixBytes.AsSpan((int)within, destination.Length).CopyTo(destination);
                break;
            case PieceKind.Text:
                of.File.Text(of.Piece).Slice((int)within, destination.Length).CopyTo(destination);
                break;
            case PieceKind.Sha256:
                string digest = DigestOf(new InodeReference((ulong)of.Piece.Source)).ToString();
                Encoding.ASCII.GetBytes(digest.AsSpan((int)within, destination.Length), destination);
                break;
            default:
                destination.Clear();
                break;
        }
    }

    private void ReadStored(InodeReference file, long offset, Span<byte> destination)
    {
        if (_tree.Read(file, offset, destination) != destination.Length)
        {
            // Sizes were compared when the pieces were planned.
            throw new InvalidOperationException($"the file {file} ends before its size");
        }
    }

    private RelocatedFile? Find(InodeReference inode, in InodeAttributes attributes)
    {
        if (attributes.Kind != InodeKind.File || !_table.TryFind(inode, out RelocationEntry entry))
        {
            return null;
        }
        if (entry.Kind == RelocationKind.ByteCode)
        {
            return null;
        }
        lock (_files)
        {
            if (_files.TryGetValue(inode, out RelocatedFile? known))
            {
                return known;
            }
        }
        RelocatedFile planned = _planner.Plan(entry, attributes.Size, of => Attributes(of).Size);
        lock (_files)
        {
            if (_pieces > MostPieces)
            {
                _files.Clear();
                _pieces = 0;
            }
            if (_files.TryAdd(inode, planned))
            {
                _pieces += planned.Pieces.Count;
            }
        }
        return planned;
    }

    private Digest DigestOf(InodeReference file)
    {
        lock (_digests)
        {
            if (_digests.TryGetValue(file, out Digest known))
            {
                return known;
            }
        }
        using var hash = new Sha256();
        byte[] buffer = ArrayPool<byte>.Shared.Rent(DigestBufferBytes);
        try
        {
            long offset = 0;
            int count;
            while ((count = Read(file, offset, buffer.AsSpan(0, DigestBufferBytes))) > 0)
            {
                hash.Append(buffer.AsSpan(0, count));
                offset += count;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
        Digest digest = hash.Finish();
        Remember(file, digest);
        return digest;
    }

    private void CheckFits(string where)
    {
        for (int i = 0; i < _table.Count; i++)
        {
            RelocationEntry entry = _table[i];
            if (entry.LongestPrefix > 0 && _target.PrefixBytes.Length > entry.LongestPrefix)
            {
                string path = ImageWalk.PathOf(_tree, entry.Inode) ?? entry.Inode.ToString();
                throw new UsageException(
                    ErrorCodes.PrefixTooLong,
                    $"the prefix {EntryPath.Quote(_target.Prefix)} has {_target.PrefixBytes.Length} bytes, but {where} has room for {entry.LongestPrefix} in {EntryPath.Quote(path)}"
                )
                {
                    Hint = "choose a directory with a shorter path",
                };
            }
        }
    }
}
