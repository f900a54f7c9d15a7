using System.Buffers.Binary;
using Packhorse.Codecs;
using Packhorse.Image;
using Packhorse.Model;
using Packhorse.Pack;

namespace Packhorse.Tests.Image;

public sealed class ImageFooterTests
{
    private const long TreeOffset = 5_000_000;

    private static readonly long TreeBytes = DigestTreeShape.Of(TreeOffset).Bytes;
    private static readonly long FileBytes = TreeOffset + TreeBytes + ImageFooter.Bytes;

    private static readonly ImageFooter Footer = new()
    {
        FileBytes = FileBytes,
        FileSystem = new ImagePart(8192, 4_096_000),
        Manifest = new ImagePart(4_104_192, 3001),
        Relocations = new ImagePart(4_108_000, 100),
        HotSet = new ImagePart(4_109_000, 0),
        DigestTree = new ImagePart(TreeOffset, TreeBytes),
        Top = Sha256.Hash("top"u8),
    };

    [Fact]
    public void What_was_written_is_read_again_and_its_root_is_the_digest_of_what_stands_before_it()
    {
        (byte[] bytes, Digest root) = Write(Footer);

        ImageFooter read = ImageFooter.Parse(bytes, FileBytes, "file");

        Assert.Equal(Sha256.Hash(bytes.AsSpan(0, 4048)), root);
        Assert.Equal(root, read.Root);
        Assert.Equal(Footer, read with { Root = default });
        Assert.True(ImageFooter.IsOne(bytes));
        Assert.True(bytes.AsSpan().EndsWith(SelfExtractingHeader.EndMark));
    }

    [Fact]
    public void Every_flipped_bit_is_damage_and_never_another_version()
    {
        (byte[] bytes, _) = Write(Footer);
        for (int i = 0; i < bytes.Length; i++)
        {
            bytes[i] ^= 0x04;
            var error = Assert.Throws<CorruptDataException>(() => ImageFooter.Parse(bytes, FileBytes, "file"));
            Assert.Contains("file", error.Message, StringComparison.Ordinal);
            bytes[i] ^= 0x04;
        }
    }

    [Fact]
    public void A_newer_version_is_not_damage()
    {
        (byte[] bytes, _) = Write(Footer);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(8), 2);
        Sha256.Hash(bytes.AsSpan(0, 4048)).CopyTo(bytes.AsSpan(4048));

        var error = Assert.Throws<IncompatibleException>(() => ImageFooter.Parse(bytes, FileBytes, "file"));

        Assert.Equal(ErrorCodes.NewerFormat, error.Code);
    }

    [Fact]
    public void A_footer_of_another_file_is_refused()
    {
        (byte[] bytes, _) = Write(Footer);

        var error = Assert.Throws<CorruptDataException>(() => ImageFooter.Parse(bytes, FileBytes + 8, "file"));

        Assert.Equal(ErrorCodes.SizeMismatch, error.Code);
    }

    public static TheoryData<string> Nonsense => new(Contradictions.Keys);

    private static readonly Dictionary<string, ImageFooter> Contradictions = new()
    {
        ["the file system begins within a page"] = Footer with { FileSystem = new ImagePart(8200, 4_091_904) },
        ["the file system ends within a page"] = Footer with { FileSystem = new ImagePart(8192, 4_095_999) },
        ["there is no file system"] = Footer with { FileSystem = new ImagePart(8192, 0) },
        ["the manifest begins within the file system"] = Footer with { Manifest = new ImagePart(4_104_184, 3001) },
        ["the manifest is in no place for one"] = Footer with { Manifest = new ImagePart(4_104_193, 3000) },
        ["the parts are in another order"] = Footer with { Relocations = new ImagePart(0, 100) },
        ["a part has a negative length"] = Footer with { Relocations = new ImagePart(4_108_000, -8) },
        ["a part has a negative offset"] = Footer with { FileSystem = new ImagePart(-4096, 4096) },
        ["a part is longer than anything"] = Footer with { HotSet = new ImagePart(4_109_000, long.MaxValue) },
        ["a part begins behind everything"] = Footer with { HotSet = new ImagePart(long.MaxValue - 7, 0) },
        ["the tree is too short"] = Footer with { DigestTree = new ImagePart(TreeOffset, TreeBytes - 32) },
        ["something is behind the tree"] = Footer with { FileBytes = FileBytes + 32 },
    };

    [Theory]
    [MemberData(nameof(Nonsense))]
    public void A_footer_that_contradicts_itself_is_refused(string how)
    {
        ImageFooter footer = Contradictions[how];
        (byte[] bytes, _) = Write(footer);

        var error = Assert.Throws<CorruptDataException>(() => ImageFooter.Parse(bytes, footer.FileBytes, "file"));

        Assert.Equal(ErrorCodes.BadImage, error.Code);
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 0)]
    [InlineData(32 << 10, 0)]
    [InlineData((32 << 10) + 1, 2)]
    [InlineData(32 << 20, 1024)]
    [InlineData((32 << 20) + 1, 1025 + 2)]
    [InlineData(32L << 30, (1 << 20) + 1024)]
    public void Only_levels_of_more_than_one_digest_are_stored(long covered, long digests) =>
        Assert.Equal(digests * 32, DigestTreeShape.Of(covered).Bytes);

    private static (byte[] Bytes, Digest Root) Write(ImageFooter footer)
    {
        var bytes = new byte[ImageFooter.Bytes];
        return (bytes, footer.Write(bytes));
    }
}
