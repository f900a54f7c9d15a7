using System.Buffers.Binary;
using Packhorse.Codecs;
using Packhorse.Image;
using Packhorse.Os;

namespace Packhorse.Packing.Squashfs;

/// <summary>How a file system is written.</summary>
internal sealed record SquashfsOptions
{
    /// <summary>Of zstd.</summary>
    public int CompressionLevel { get; init; } = DefaultLevel;

    /// <summary>Threads that compress.</summary>
    public int Workers { get; init; } = 1;

    /// <summary>Measured: higher ones cost ten times as long for 7 % of the size and read no faster.</summary>
    public const int DefaultLevel = 6;
}

/// <summary>
/// Writes a SquashFS 4.0 file system in one pass over its files, in the order in which they come; equal files in an equal order give equal
/// bytes. One thread gives files in.
/// </summary>
internal sealed class SquashfsWriter : IDisposable
{
    /// <summary>1980-01-01: of directories, and of the file system.</summary>
    public const long FixedTime = 315532800;

    private const UnixFileMode DirectoryMode = (UnixFileMode)0x1ED; // 0755

    // A compressor's options: one metadata block of one number, the level.
    private const int OptionsBytes = SquashfsFormat.MetadataHeaderBytes + sizeof(uint);

    private readonly OutputFile _output;
    private readonly long _begin;
    private readonly SquashfsOptions _options;
    private readonly BlockPipeline _pipeline;
    private readonly DirectoryNode _root = new(DirectoryMode, FixedTime) { IsRoot = true };
    private readonly Dictionary<string, DirectoryNode> _directories = new(StringComparer.Ordinal);

    /// <param name="begin">Where in the output the file system begins.</param>
    public SquashfsWriter(OutputFile output, long begin, SquashfsOptions options, CancellationToken cancellation)
    {
        _output = output;
        _begin = begin;
        _options = options;
        _directories.Add("", _root);
        _pipeline = new BlockPipeline(
            output,
            (begin, SquashfsFormat.SuperblockBytes + OptionsBytes),
            (SquashfsFormat.BlockBytes, options.CompressionLevel, options.Workers),
            cancellation
        );
        Data = new DataWriter(_pipeline);
    }

    /// <summary>Takes the contents of files.</summary>
    public DataWriter Data { get; }

    /// <summary>Files that another prefix changes; known, with their references, after <see cref="Complete"/>.</summary>
    public IReadOnlyList<FileNode> Relocated { get; private set; } = [];

    /// <summary>Where the tables of inodes and directories are; known after <see cref="Complete"/>.</summary>
    public (long Start, long Length) Tables { get; private set; }

    public void AddDirectory(string path) => _ = Directory(path);

    /// <param name="path">Relative to the root, with slashes; its directory is made where it is missing.</param>
    public void Add(string path, Node node)
    {
        (DirectoryNode directory, string name) = Place(path);
        directory.Add(name, node);
    }

    /// <summary>Gives a file another name.</summary>
    public FileNode AddName(string existing, string path)
    {
        var file = (FileNode)Find(existing)!;
        file.Names++;
        Add(path, file);
        return file;
    }

    public Node? Find(string path)
    {
        int slash = path.LastIndexOf('/');
        return _directories.TryGetValue(slash < 0 ? "" : path[..slash], out DirectoryNode? directory)
            ? directory.Find(path[(slash + 1)..])
            : null;
    }

    /// <summary>No file comes any more: writes the tables.</summary>
    /// <returns>Bytes of the file system, a multiple of <see cref="SquashfsFormat.Alignment"/>.</returns>
    public long Complete()
    {
        Data.Complete();
        long position = _pipeline.Complete();
        using var compressor = new ZstdCompressor(_options.CompressionLevel);
        var tree = new TreeWriter(compressor);
        tree.Write(_root);
        Relocated = tree.Relocated;

        long inodes = Append(ref position, tree.InodeTable());
        long directories = Append(ref position, tree.DirectoryTable());
        Tables = (inodes, position - inodes);
        long? fragments = Data.Fragments.Count == 0 ? null : AppendIndexed(ref position, FragmentEntries(), compressor);
        // One owner and group: 0.
        long ids = AppendIndexed(ref position, new byte[sizeof(uint)], compressor);

        var superblock = new SquashfsSuperblock
        {
            InodeCount = tree.Count,
            Modified = (uint)FixedTime,
            FragmentCount = (uint)Data.Fragments.Count,
            Flags = SquashfsFlags.Duplicates | SquashfsFlags.NoAttributes | SquashfsFlags.CompressorOptions,
            IdCount = 1,
            Root = _root.Reference,
            BytesUsed = position,
            IdTable = ids,
            InodeTable = inodes,
            DirectoryTable = directories,
            FragmentTable = fragments,
        };
        WriteBeginning(superblock);
        long length = (position + SquashfsFormat.Alignment - 1) / SquashfsFormat.Alignment * SquashfsFormat.Alignment;
        _output.Write(new byte[length - position], _begin + position);
        return length;
    }

    public void Dispose()
    {
        Data.Dispose();
        _pipeline.Dispose();
    }

    private void WriteBeginning(SquashfsSuperblock superblock)
    {
        var beginning = new byte[SquashfsFormat.SuperblockBytes + OptionsBytes];
        superblock.Write(beginning);
        Span<byte> options = beginning.AsSpan(SquashfsFormat.SuperblockBytes);
        BinaryPrimitives.WriteUInt16LittleEndian(options, SquashfsFormat.MetadataUncompressed | sizeof(uint));
        BinaryPrimitives.WriteUInt32LittleEndian(
            options[SquashfsFormat.MetadataHeaderBytes..],
            (uint)_options.CompressionLevel
        );
        _output.Write(beginning, _begin);
    }

    private byte[] FragmentEntries()
    {
        var entries = new byte[Data.Fragments.Count * SquashfsFormat.FragmentEntryBytes];
        for (int i = 0; i < Data.Fragments.Count; i++)
        {
            Span<byte> entry = entries.AsSpan(i * SquashfsFormat.FragmentEntryBytes);
            BinaryPrimitives.WriteInt64LittleEndian(entry, Data.Fragments[i].Start);
            BinaryPrimitives.WriteUInt32LittleEndian(entry[8..], Data.Fragments[i].Size);
        }
        return entries;
    }

    private long Append(ref long position, ReadOnlySpan<byte> bytes)
    {
        long start = position;
        _output.Write(bytes, _begin + start);
        position += bytes.Length;
        return start;
    }

    // A table whose blocks are found by a list of where each begins; the superblock names the list.
    private long AppendIndexed(ref long position, ReadOnlySpan<byte> table, ZstdCompressor compressor)
    {
        var blocks = new MetadataWriter(compressor);
        var index = new List<byte>();
        Span<byte> place = stackalloc byte[sizeof(long)];
        for (int at = 0; at < table.Length; at += SquashfsFormat.MetadataBytes)
        {
            BinaryPrimitives.WriteInt64LittleEndian(place, position + blocks.BlockStart);
            index.AddRange(place);
            blocks.Write(table[at..Math.Min(table.Length, at + SquashfsFormat.MetadataBytes)]);
        }
        Append(ref position, blocks.Complete());
        return Append(ref position, System.Runtime.InteropServices.CollectionsMarshal.AsSpan(index));
    }

    private (DirectoryNode Directory, string Name) Place(string path)
    {
        int slash = path.LastIndexOf('/');
        return slash < 0 ? (_root, path) : (Directory(path[..slash]), path[(slash + 1)..]);
    }

    private DirectoryNode Directory(string path)
    {
        if (!_directories.TryGetValue(path, out DirectoryNode? directory))
        {
            directory = new DirectoryNode(DirectoryMode, FixedTime);
            _directories.Add(path, directory);
            Add(path, directory);
        }
        return directory;
    }
}
