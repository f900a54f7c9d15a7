using System.Globalization;
using Packhorse.Codecs;
using Packhorse.Tests.Packing;
using Packhorse.Tests.Support;

namespace Packhorse.Tests.Codecs;

/// <summary>The headers of packs against a second writing-down of what pixi-pack's tar library does.</summary>
public sealed class TarHeaderTests : IDisposable
{
    private const long EightGiB = 1L << 33;

    private readonly ScratchDirectory _scratch = new();

    [Fact]
    public void Headers_of_names_of_any_length_are_upstreams()
    {
        for (int length = 1; length <= 300; length++)
        {
            string name = Name(length);
            byte[] file = TarHeader.ForFile(name, 1234);
            Assert.Equal(TarRs.Member(name, "0", "0000644", TarRs.Octal(1234, 11)), file);
            Assert.Equal(TarRs.Directory(name), TarHeader.ForDirectory(name));
            Assert.Equal(file.Length, TarHeader.Length(name));
            Assert.Equal(length <= 100 ? 512 : 1536, file.Length);
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(511)]
    [InlineData(EightGiB - 1)]
    public void Sizes_below_8_GiB_are_octal(long size) =>
        Assert.Equal(TarRs.Member("name", "0", "0000644", TarRs.Octal(size, 11)), TarHeader.ForFile("name", size));

    [Theory]
    [InlineData(EightGiB)]
    [InlineData(EightGiB + 1)]
    [InlineData(1L << 40)]
    [InlineData((1L << 40) - 1)]
    public void Sizes_from_8_GiB_on_are_base_256(long size)
    {
        byte[] field = new byte[12];
        System.Buffers.Binary.BinaryPrimitives.WriteInt64BigEndian(field.AsSpan(4), size);
        field[0] = 0x80;
        byte[] header = TarHeader.ForFile("name", size);
        Assert.Equal(TarRs.Member("name", "0", "0000644", field), header);
        var reader = new TarReader(new MemoryStream(header), "test");
        Assert.True(reader.MoveNext());
        Assert.Equal(size, reader.Current.Size);
    }

    [Fact]
    public void Executable_files_have_mode_0755() =>
        Assert.Equal(
            TarRs.Member("name", "0", "0000755", TarRs.Octal(0, 11)),
            TarHeader.ForFile("name", 0, executable: true)
        );

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 512)]
    [InlineData(512, 512)]
    [InlineData(513, 1024)]
    [InlineData(EightGiB + 1, EightGiB + 512)]
    public void Content_is_padded_to_blocks(long size, long padded) =>
        Assert.Equal(padded, TarHeader.PaddedLength(size));

    [Fact]
    public void GNU_tar_reads_the_headers()
    {
        string path = _scratch["names.tar"];
        string[] names = [.. new[] { 1, 99, 100, 101, 102, 255, 300 }.Select(Name)];
        using (FileStream tar = File.Create(path))
        {
            tar.Write(TarHeader.ForDirectory("dir"));
            foreach (string name in names)
            {
                tar.Write(TarHeader.ForFile(name, 0));
            }
            tar.Write(new byte[TarHeader.EndBytes]);
        }
        Assert.Equal(
            ["dir", .. names],
            StockTool.Run("tar", "-tf", path).Split('\n', StringSplitOptions.RemoveEmptyEntries)
        );
        string first = StockTool.Run("tar", "-tvf", path, "--full-time", "--numeric-owner").Split('\n')[0];
        Assert.StartsWith("drwxr-xr-x 0/0", first, StringComparison.Ordinal);
        Assert.Contains("2006-07-24 01:21:28", first, StringComparison.Ordinal);
    }

    [Fact]
    public void GNU_tar_reads_sizes_from_8_GiB_on()
    {
        string path = _scratch["large.tar"];
        using (FileStream tar = File.Create(path))
        {
            tar.Write(TarHeader.ForFile("large", EightGiB + 5));
            // Holes: no disk is used.
            tar.SetLength(512 + TarHeader.PaddedLength(EightGiB + 5));
            tar.Position = tar.Length;
            tar.Write(TarHeader.ForFile("after", 0));
            tar.Write(new byte[TarHeader.EndBytes]);
        }
        string[] lines = StockTool.Run("tar", "-tvf", path).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Contains((EightGiB + 5).ToString(CultureInfo.InvariantCulture), lines[0], StringComparison.Ordinal);
        Assert.EndsWith(" after", lines[1], StringComparison.Ordinal);
    }

    public void Dispose() => _scratch.Dispose();

    // Components of at most 200 characters, different for every length.
    private static string Name(int length) =>
        string.Concat(
            Enumerable.Range(0, length).Select(i => i % 201 == 200 ? '/' : (char)('a' + ((i + length) % 26)))
        );
}
