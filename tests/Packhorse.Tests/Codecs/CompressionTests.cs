using Packhorse.Codecs;
using Packhorse.Model;
using Packhorse.Tests.Support;
using SharpCompress.Compressors;
using SharpCompress.Compressors.BZip2;
using ZstdSharp;
using ZstdSharp.Unsafe;

namespace Packhorse.Tests.Codecs;

public sealed class CompressionTests
{
    private static readonly byte[] EmptyBzip2 = [.. "BZh9"u8, 0x17, 0x72, 0x45, 0x38, 0x50, 0x90, 0, 0, 0, 0];

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(131_072)]
    [InlineData(1_000_003)]
    public void Zstd_frames_give_their_content(int length)
    {
        byte[] content = Noise(length);
        Assert.Equal(content, Unzstd(Zstd(content)));
        Assert.Equal(content, Unzstd(Zstd(content, contentSize: true)));
        Assert.Equal(content, Unzstd(Zstd(content, checksum: true)));
    }

    [Fact]
    public void Zstd_frames_follow_each_other_empty_and_skippable_ones_too()
    {
        byte[] skippable = [0x50, 0x2A, 0x4D, 0x18, 3, 0, 0, 0, 1, 2, 3];
        byte[] content = Noise(300_000);
        byte[] frames =
        [
            .. Zstd([]),
            .. Zstd(content[..7]),
            .. skippable,
            .. Zstd(content[7..100_000], contentSize: true),
            .. Zstd([]),
            .. Zstd(content[100_000..], checksum: true),
            .. skippable,
        ];
        Assert.Equal(content, Unzstd(frames));
        Assert.Equal(content, Unzstd(frames, 1, 2, 3, 4096));
    }

    [Fact]
    public void Zstd_content_comes_out_whatever_the_size_of_reads()
    {
        byte[] content = Noise(10_000);
        using var decoder = new ZstdStream(new MemoryStream(Zstd(content)), "test");
        for (int i = 0; i < content.Length; i++)
        {
            Assert.Equal(content[i], decoder.ReadByte());
        }
        Assert.Equal(-1, decoder.ReadByte());
        Assert.Equal(-1, decoder.ReadByte());
    }

    [Fact]
    public void No_zstd_frame_at_all_is_no_content() => Assert.Empty(Unzstd([]));

    [Theory]
    [InlineData(27, true)]
    [InlineData(28, false)]
    public void Zstd_windows_are_taken_up_to_128_MiB(int windowLog, bool taken)
    {
        // RFC 8878, 3.1.1: magic, a header with a window and nothing else, one raw block of two bytes that is the last.
        byte[] frame = [0x28, 0xB5, 0x2F, 0xFD, 0x00, (byte)((windowLog - 10) << 3), 0x11, 0, 0, (byte)'o', (byte)'k'];
        if (taken)
        {
            Assert.Equal("ok"u8, Unzstd(frame));
        }
        else
        {
            Assert.Equal(ErrorCodes.Malformed, Assert.Throws<CorruptDataException>(() => Unzstd(frame)).Code);
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(900_001)]
    public void Bzip2_streams_give_their_content(int length)
    {
        byte[] content = Noise(length);
        Assert.Equal(content, Unbzip2(length == 0 ? EmptyBzip2 : Bzip2(content)));
    }

    [Fact]
    public void Bzip2_streams_follow_each_other_empty_ones_too()
    {
        byte[] content = Noise(50_000);
        byte[] streams =
        [
            .. Bzip2(content[..10]),
            .. EmptyBzip2,
            .. Bzip2(content[10..40_000]),
            .. Bzip2(content[40_000..]),
        ];
        Assert.Equal(content, Unbzip2(streams));
        Assert.Equal(content, Unbzip2(streams, 1, 100, 7));
    }

    [Fact]
    public void Content_that_grows_beyond_all_measure_is_refused()
    {
        // 64 MiB of zeros become a few KiB.
        byte[] bomb = Zstd(new byte[64 << 20]);
        Assert.True(bomb.Length < (64 << 20) / Limits.DecompressionRatio);
        Assert.Equal(ErrorCodes.LimitExceeded, Assert.Throws<CorruptDataException>(() => Unzstd(bomb)).Code);
    }

    [Fact]
    public void Content_below_the_floor_may_grow_as_it_likes()
    {
        byte[] zeros = new byte[Limits.DecompressionFloor];
        byte[] small = Zstd(zeros);
        Assert.True(small.Length < zeros.Length / Limits.DecompressionRatio);
        Assert.Equal(zeros.Length, Unzstd(small).Length);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(50)]
    public void Data_that_end_too_early_are_refused(int missing)
    {
        byte[] content = Noise(1000);
        Assert.Throws<CorruptDataException>(() => Unzstd(Zstd(content)[..^missing]));
        Assert.Throws<CorruptDataException>(() => Unbzip2(Bzip2(content)[..^missing]));
    }

    [Fact]
    public void The_compressed_stream_stays_open()
    {
        using var zstd = new MemoryStream(Zstd([1]));
        new ZstdStream(zstd, "test").Dispose();
        using var bzip2 = new MemoryStream(Bzip2([1]));
        using (var decoder = new Bzip2Stream(bzip2, "test"))
        {
            Assert.Equal(1, decoder.ReadByte());
        }
        Assert.True(zstd.CanRead && bzip2.CanRead);
    }

    private static byte[] Noise(int length)
    {
        byte[] content = new byte[length];
        new Random(length).NextBytes(content);
        // Something to find again, too.
        content.AsSpan(0, length / 3).CopyTo(content.AsSpan(length / 2));
        return content;
    }

    private static byte[] Zstd(byte[] content, bool contentSize = false, bool checksum = false)
    {
        using var output = new MemoryStream();
        using (var frame = new CompressionStream(output, 3, leaveOpen: true))
        {
            frame.SetParameter(ZSTD_cParameter.ZSTD_c_checksumFlag, checksum ? 1 : 0);
            if (contentSize)
            {
                frame.SetPledgedSrcSize((ulong)content.Length);
            }
            frame.Write(content);
        }
        return output.ToArray();
    }

    private static byte[] Bzip2(byte[] content)
    {
        using var output = new MemoryStream();
        using (
            BZip2Stream stream = BZip2Stream.Create(
                output,
                CompressionMode.Compress,
                decompressConcatenated: false,
                leaveOpen: true
            )
        )
        {
            stream.Write(content);
        }
        return output.ToArray();
    }

    private static byte[] Unzstd(byte[] frames, params int[] pieces)
    {
        using var source = new OneWayStream(new MemoryStream(frames), pieces);
        using var decoder = new ZstdStream(source, "test");
        return ReadAll(decoder);
    }

    private static byte[] Unbzip2(byte[] streams, params int[] pieces)
    {
        using var source = new OneWayStream(new MemoryStream(streams), pieces);
        using var decoder = new Bzip2Stream(source, "test");
        return ReadAll(decoder);
    }

    private static byte[] ReadAll(Stream stream)
    {
        using var content = new MemoryStream();
        stream.CopyTo(content);
        return content.ToArray();
    }
}
