using System.Buffers.Binary;
using Packhorse.Image;
using Packhorse.Model;
using Packhorse.Tests.Support;

namespace Packhorse.Tests.Image;

/// <summary>File systems that were made to do harm, and damaged ones without a digest to tell.</summary>
public sealed class HostileSquashfsTests : IDisposable
{
    // The smallest that there are: every byte is changed.
    private const int BlockBytes = 4096;

    // One bit of each byte; with PACKHORSE_FULL=1 more of them.
    private static readonly int Step = Environment.GetEnvironmentVariable("PACKHORSE_FULL") == "1" ? 1 : 8;

    private readonly ScratchDirectory _scratch = new();
    private readonly ITestOutputHelper _log;

    public HostileSquashfsTests(ITestOutputHelper log) => _log = log;

    public void Dispose() => _scratch.Dispose();

    [Theory]
    [InlineData("")]
    [InlineData("-noI")]
    [InlineData("-noI -noD -noF")]
    public void Every_flipped_bit_of_a_file_system_ends_in_an_error_or_an_end(string options)
    {
        byte[] image = Trees.Squash(
            MakeSmall(),
            ["-b", "4096", .. options.Split(' ', StringSplitOptions.RemoveEmptyEntries)]
        );
        int used = (int)BinaryPrimitives.ReadInt64LittleEndian(image.AsSpan(40));
        (int refused, int read) = (0, 0);
        for (int i = 0; i < used; i++)
        {
            for (int bit = i % 8; bit < 8; bit += Step)
            {
                image[i] ^= (byte)(1 << bit);
                if (Survives(image))
                {
                    read++;
                }
                else
                {
                    refused++;
                }
                image[i] ^= (byte)(1 << bit);
            }
        }
        _log.WriteLine($"{used} bytes: {refused} changes were refused, {read} read to their end");
        Assert.True(refused > 100);
    }

    [Fact]
    public void Every_beginning_of_a_file_system_is_refused()
    {
        byte[] image = Trees.Squash(MakeSmall(), "-b", "4096");
        int used = (int)BinaryPrimitives.ReadInt64LittleEndian(image.AsSpan(40));
        for (int length = 0; length < used; length += 3)
        {
            Assert.False(Survives(image[..length]));
        }
        Assert.True(Survives(image[..used]));
    }

    [Theory]
    [InlineData("a/b", "a/b/c")]
    [InlineData("a", "a/b")]
    [InlineData("", "a/b")]
    [InlineData("a", "other")]
    public void A_directory_that_lies_in_itself_or_in_two_others_is_refused(string inner, string outer)
    {
        byte[] image = Plain(MakeSmall());
        using (SquashfsTree tree = Open(image))
        {
            // The entry of OUTER in its directory leads to INNER instead.
            InodeReference wrong = inner.Length == 0 ? tree.Root : Trees.Find(tree, inner);
            InodeReference right = Trees.Find(tree, outer);
            Span<byte> entry = EntryOf(image, right);
            BinaryPrimitives.WriteUInt16LittleEndian(entry, (ushort)wrong.Offset);
        }

        using SquashfsTree changed = Open(image);
        var error = Assert.Throws<CorruptDataException>(() => Trees.Walk(changed).Count());
        Assert.Contains("has two names", error.Message, StringComparison.Ordinal);
    }

    // Offsets are those in the inode, after its sixteen common bytes; values of four bytes.
    [Theory]
    [InlineData("file", 12, uint.MaxValue)] // size
    [InlineData("file", 4, 5u)] // fragment
    [InlineData("file", 4, 0x80000000u)]
    [InlineData("file", 8, 0xFFFFFFFEu)] // offset in the fragment
    [InlineData("file", 8, 100_000u)]
    [InlineData("large", 0, 0u)] // where the blocks are
    [InlineData("large", 0, 50u)]
    [InlineData("large", 0, 0xFFFFFFFFu)]
    [InlineData("large", 16, 0x02000005u)] // size of the first block
    [InlineData("large", 16, 0x01001001u)]
    [InlineData("large", 16, 4097u)]
    [InlineData("large", 16, 5u)]
    [InlineData("twice", 12, 0x10000000u)] // size, upper half: exabytes
    [InlineData("twice", 12, 0x80000000u)] // negative
    [InlineData("twice", 12, 0xFFu)] // terabytes
    [InlineData("twice", 0, 0xFFFFFF00u)] // where the blocks are
    [InlineData("twice", 4, 0x7FFFFFFFu)] // the same, upper half
    [InlineData("a", 0, 0x10000u)] // where the listing is
    [InlineData("a", 8, 0xFFFFu)] // size of the listing
    [InlineData("a", 8, 0x20000020u)] // offset in the listing's block
    [InlineData("link", 4, 0u)] // length of the text
    [InlineData("link", 4, 5000u)]
    [InlineData("link", 4, uint.MaxValue)]
    public void Impossible_numbers_of_inodes_are_refused(string path, int offset, uint value)
    {
        byte[] image = Plain(MakeSmall());
        using (SquashfsTree tree = Open(image))
        {
            Span<byte> inode = InodeOf(image, Trees.Find(tree, path));
            BinaryPrimitives.WriteUInt32LittleEndian(inode[(SquashfsFormat.InodeHeaderBytes + offset)..], value);
        }
        Assert.False(Survives(image));
    }

    [Theory]
    [InlineData(4)] // a block device
    [InlineData(7)] // a socket
    [InlineData(0)]
    [InlineData(15)]
    [InlineData(1)] // a directory
    public void An_inode_of_another_type_than_its_entry_says_is_refused(ushort type)
    {
        byte[] image = Plain(MakeSmall());
        using (SquashfsTree tree = Open(image))
        {
            BinaryPrimitives.WriteUInt16LittleEndian(InodeOf(image, Trees.Find(tree, "large")), type);
        }
        Assert.False(Survives(image));
    }

    [Theory]
    [InlineData("..")]
    [InlineData("./")]
    [InlineData("x/")]
    [InlineData("x\0")]
    [InlineData("zz")] // out of order
    [InlineData("b2")] // the same name twice
    public void Names_that_are_none_are_refused(string name)
    {
        Directory.CreateDirectory(_scratch["tree"]);
        _scratch.Write("tree/b1", "1"u8);
        _scratch.Write("tree/b2", "2"u8);
        byte[] image = Plain(_scratch["tree"]);
        int at = image.AsSpan().LastIndexOf("b1"u8);
        System.Text.Encoding.ASCII.GetBytes(name).CopyTo(image.AsSpan(at));

        Assert.False(Survives(image));
    }

    [Theory]
    [InlineData(0, 0xFFFFFFFFu)] // entries of the run
    [InlineData(0, 256u)]
    [InlineData(4, 0xFFFFFFFFu)] // where the inodes are
    [InlineData(18, 0xFFFFu)] // length of the first name
    [InlineData(16, 9u)] // type of the first entry
    public void Impossible_numbers_of_directories_are_refused(int offset, uint value)
    {
        byte[] image = Plain(MakeSmall());
        SquashfsSuperblock superblock = SquashfsSuperblock.Parse(image, image.Length, "image");
        BinaryPrimitives.WriteUInt32LittleEndian(
            image.AsSpan((int)superblock.DirectoryTable + SquashfsFormat.MetadataHeaderBytes + offset),
            value
        );

        Assert.False(Survives(image));
    }

    [Theory]
    [InlineData(0x0000)]
    [InlineData(0x8000)]
    [InlineData(0xFFFF)]
    [InlineData(0x2001)]
    public void Impossible_lengths_of_metadata_blocks_are_refused(ushort header)
    {
        byte[] image = Plain(MakeSmall());
        SquashfsSuperblock superblock = SquashfsSuperblock.Parse(image, image.Length, "image");
        BinaryPrimitives.WriteUInt16LittleEndian(image.AsSpan((int)superblock.InodeTable), header);

        Assert.False(Survives(image));
    }

    [Theory]
    [InlineData(1 << 26)]
    [InlineData(BlockBytes + 1)]
    [InlineData(BlockBytes - 1)]
    [InlineData(0)]
    public void A_frame_that_becomes_more_or_less_than_its_block_is_refused(int length)
    {
        byte[] image = Trees.Squash(MakeSmall(), "-b", "4096", "-noI");
        using var compressor = new ZstdSharp.Compressor(19);
        ReadOnlySpan<byte> frame = compressor.Wrap(new byte[length]);
        using (SquashfsTree tree = Open(image))
        {
            Span<byte> inode = InodeOf(image, Trees.Find(tree, "large"));
            int start = (int)BinaryPrimitives.ReadUInt32LittleEndian(inode[SquashfsFormat.InodeHeaderBytes..]);
            // The content of the first file is noise: there is room.
            frame.CopyTo(image.AsSpan(start));
            BinaryPrimitives.WriteUInt32LittleEndian(
                inode[(SquashfsFormat.InodeHeaderBytes + 16)..],
                (uint)frame.Length
            );
        }

        Assert.False(Survives(image));
    }

    [Fact]
    public void An_index_that_leads_astray_is_refused_or_finds_nothing_else()
    {
        for (int i = 0; i < 2000; i++)
        {
            _scratch.Write($"tree/many/{i:d4}-{new string('n', 40)}", [(byte)i]);
        }
        byte[] image = Plain(_scratch["tree"]);
        InodeReference many;
        using (SquashfsTree tree = Open(image))
        {
            many = Trees.Find(tree, "many");
        }
        var name = System.Text.Encoding.ASCII.GetBytes($"1999-{new string('n', 40)}");
        int index = InodeAt(image, many) + SquashfsFormat.InodeHeaderBytes + 24;
        foreach (
            (int offset, uint value) in ((int, uint)[])
                [(0, uint.MaxValue), (0, 12345), (4, 77), (4, uint.MaxValue), (8, 999)]
        )
        {
            byte[] changed = image.ToArray();
            BinaryPrimitives.WriteUInt32LittleEndian(changed.AsSpan(index + offset), value);
            using SquashfsTree tree = Open(changed);
            try
            {
                _ = tree.TryLookup(many, name, out _);
                tree.OpenDirectory(many, 50_000).MoveNext();
            }
            catch (CorruptDataException)
            {
                // Any end is fine but another exception.
            }
        }
    }

    private string MakeSmall()
    {
        var noise = new byte[3 * BlockBytes / 2];
        new Random(1).NextBytes(noise);
        // The second block is compressed, the first is not.
        noise.AsSpan(BlockBytes + 100, 1000).Clear();
        _scratch.Write("tree/large", noise);
        _scratch.Write("tree/file", "small\n"u8);
        _scratch.Write("tree/twice", Trees.Text(5000));
        _scratch.Write("tree/a/b/c/d", "deep\n"u8);
        _scratch.Write("tree/other/e", "else\n"u8);
        File.CreateSymbolicLink(_scratch["tree/link"], "file");
        StockTool.Run("ln", _scratch["tree/twice"], _scratch["tree/zwice"]);
        return _scratch["tree"];
    }

    // Metadata and content as they are: bytes can be changed where they lie.
    private static byte[] Plain(string root) => Trees.Squash(root, "-b", "4096", "-noI", "-noD", "-noF");

    private static SquashfsTree Open(byte[] image) => new(new MemorySource(image), 1 << 20, "image");

    // Reads everything; only exceptions of ours may come.
    private static bool Survives(byte[] image)
    {
        try
        {
            using SquashfsTree tree = Open(image);
            var buffer = new byte[128 << 10];
            foreach ((string path, InodeReference inode, InodeKind kind) in Trees.Walk(tree))
            {
                _ = tree.TryLookup(tree.Root, System.Text.Encoding.UTF8.GetBytes(path), out _);
                InodeAttributes attributes = tree.Attributes(inode);
                if (kind == InodeKind.SymbolicLink)
                {
                    _ = tree.ReadLink(inode);
                }
                // Sizes may be anything: the begin and the end of a file.
                for (long offset = 0; kind == InodeKind.File && offset < Math.Min(attributes.Size, 1 << 18); )
                {
                    offset += tree.Read(inode, offset, buffer);
                }
                if (kind == InodeKind.File)
                {
                    _ = tree.Read(inode, attributes.Size - 1, buffer);
                }
            }
            return true;
        }
        catch (PackhorseException)
        {
            return false;
        }
    }

    private static int InodeAt(byte[] image, InodeReference inode)
    {
        SquashfsSuperblock superblock = SquashfsSuperblock.Parse(image, image.Length, "image");
        return (int)superblock.InodeTable + (int)inode.Block + SquashfsFormat.MetadataHeaderBytes + inode.Offset;
    }

    private static Span<byte> InodeOf(byte[] image, InodeReference inode) => image.AsSpan(InodeAt(image, inode));

    // The entry of a directory in the listing of its parent, found by its inode's offset and its type.
    private static Span<byte> EntryOf(byte[] image, InodeReference inode)
    {
        SquashfsSuperblock superblock = SquashfsSuperblock.Parse(image, image.Length, "image");
        for (int at = (int)superblock.DirectoryTable; ; at++)
        {
            Span<byte> entry = image.AsSpan(at);
            if (
                BinaryPrimitives.ReadUInt16LittleEndian(entry) == inode.Offset
                && BinaryPrimitives.ReadUInt16LittleEndian(entry[4..]) == (ushort)SquashfsInodeType.Directory
                && BinaryPrimitives.ReadUInt16LittleEndian(entry[6..]) < 20
            )
            {
                return entry;
            }
        }
    }
}
