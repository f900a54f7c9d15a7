using Packhorse.Image;
using Packhorse.Model;

namespace Packhorse.Tests.Image;

public sealed class SquashfsSuperblockTests
{
    private static readonly SquashfsSuperblock Superblock = new()
    {
        InodeCount = 7,
        Modified = 315532800,
        FragmentCount = 2,
        Flags = SquashfsFlags.CompressorOptions | SquashfsFlags.NoAttributes,
        IdCount = 1,
        Root = new InodeReference(100, 32),
        BytesUsed = 9000,
        IdTable = 8990,
        InodeTable = 5000,
        DirectoryTable = 6000,
        FragmentTable = 7000,
    };

    [Fact]
    public void What_was_written_is_read_again()
    {
        Assert.Equal(Superblock, SquashfsSuperblock.Parse(Write(Superblock), 12288, "file"));
        SquashfsSuperblock withoutFragments = Superblock with { FragmentCount = 0, FragmentTable = null };
        Assert.Equal(withoutFragments, SquashfsSuperblock.Parse(Write(withoutFragments), 12288, "file"));
    }

    [Fact]
    public void Another_version_and_another_compressor_are_no_damage()
    {
        byte[] bytes = Write(Superblock);
        bytes[28] = 5;
        Assert.Throws<IncompatibleException>(() => SquashfsSuperblock.Parse(bytes, 12288, "file"));
        bytes[28] = 4;
        bytes[20] = (byte)SquashfsCompressor.Xz;
        Assert.Throws<IncompatibleException>(() => SquashfsSuperblock.Parse(bytes, 12288, "file"));
    }

    public static TheoryData<string> Nonsense => new(Contradictions.Keys);

    private static readonly Dictionary<string, SquashfsSuperblock> Contradictions = new()
    {
        ["blocks too small"] = Superblock with { BlockBytes = 2048 },
        ["blocks too large"] = Superblock with { BlockBytes = 2 << 20 },
        ["no power of two"] = Superblock with { BlockBytes = 130000 },
        ["longer than the file"] = Superblock with { BytesUsed = 12289 },
        ["exabytes"] = Superblock with { BytesUsed = long.MaxValue },
        ["negative"] = Superblock with { BytesUsed = -1 },
        ["inodes in the superblock"] = Superblock with { InodeTable = 90 },
        ["directories before inodes"] = Superblock with { DirectoryTable = 4999 },
        ["directories behind the end"] = Superblock with { DirectoryTable = 9001 },
        ["fragments before directories"] = Superblock with { FragmentTable = 5999 },
        ["fragments nowhere"] = Superblock with { FragmentTable = -1 },
        ["fragments behind the end"] = Superblock with { FragmentTable = 9001 },
        ["the root behind the inodes"] = Superblock with { Root = new InodeReference(1000, 0) },
        ["the root behind its block"] = Superblock with { Root = new InodeReference(0, 8192) },
    };

    [Theory]
    [MemberData(nameof(Nonsense))]
    public void A_superblock_that_contradicts_itself_is_refused(string how)
    {
        byte[] bytes = Write(Contradictions[how]);

        Assert.Throws<CorruptDataException>(() => SquashfsSuperblock.Parse(bytes, 12288, "file"));
    }

    [Fact]
    public void Something_else_is_no_file_system()
    {
        Assert.Throws<CorruptDataException>(() => SquashfsSuperblock.Parse(new byte[96], 12288, "file"));
        Assert.Throws<CorruptDataException>(() =>
            SquashfsSuperblock.Parse(Write(Superblock).AsSpan(0, 95), 95, "file")
        );
    }

    private static byte[] Write(SquashfsSuperblock superblock)
    {
        var bytes = new byte[SquashfsFormat.SuperblockBytes];
        superblock.Write(bytes);
        return bytes;
    }
}
