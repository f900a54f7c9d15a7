using Packhorse.Codecs;
using Packhorse.Model;
using Packhorse.TestChannel;
using SharpCompress.Compressors.BZip2;
using ZstdSharp;

namespace Packhorse.Fuzz;

/// <summary>Small archives of enormous content, put together from parts so that making them costs nothing.</summary>
internal static class Bombs
{
    private const long Claimed = 8L << 30;

    /// <summary>bzip2 streams one after the other: a header of a file of 8 GiB, then zeros at 20,000 to 1.</summary>
    public static byte[] TarBz2()
    {
        byte[] zeros = BZip2(new byte[900_000]);
        return
        [
            .. BZip2(TarHeader.ForFile("zeros", Claimed)),
            .. Enumerable.Repeat(zeros, 200).SelectMany(bytes => bytes),
        ];
    }

    /// <summary>
    /// zstd frames that stay below the limit on the ratio, deflated once more: a thousand to one of several hundred to one.
    /// </summary>
    public static byte[] DeflatedConda()
    {
        byte[] zeros = Zstd(new byte[8000]);
        byte[] header = Zstd(TarHeader.ForFile("zeros", Claimed));
        int frames = (4 << 20) / zeros.Length;
        return Conda(
            [.. header, .. Enumerable.Repeat(zeros, frames).SelectMany(bytes => bytes)],
            new ZipMemberOptions { Deflate = true }
        );
    }

    /// <summary>A frame whose header asks for a window of 256 MiB (RFC 8878, 3.1.1.1.2), and an empty last block.</summary>
    public static byte[] LargeWindow() =>
        Conda([0x28, 0xB5, 0x2F, 0xFD, 0x00, (28 - 10) << 3, 0x01, 0x00, 0x00], new ZipMemberOptions());

    public static byte[] Conda(byte[] part, ZipMemberOptions options)
    {
        using var conda = new MemoryStream();
        var zip = new ZipWriter(conda);
        zip.Add("metadata.json", "{\"conda_pkg_format_version\": 2}");
        zip.Add("pkg-tool-1.0-h0_0.tar.zst", part, options);
        zip.Add("info-tool-1.0-h0_0.tar.zst", part, options);
        zip.Finish();
        return conda.ToArray();
    }

    public static byte[] Zstd(ReadOnlySpan<byte> content)
    {
        using var compressor = new Compressor();
        return compressor.Wrap(content).ToArray();
    }

    public static byte[] BZip2(byte[] content)
    {
        using var compressed = new MemoryStream();
        using (
            BZip2Stream stream = BZip2Stream.Create(
                compressed,
                SharpCompress.Compressors.CompressionMode.Compress,
                decompressConcatenated: false,
                leaveOpen: true
            )
        )
        {
            stream.Write(content);
        }
        return compressed.ToArray();
    }
}

/// <summary>The same block again and again.</summary>
internal sealed class RepeatedStream(byte[] block, long times) : ReadOnlyStream
{
    private long _left = block.Length * times;

    public override int Read(Span<byte> buffer)
    {
        int at = (int)(block.Length - (_left % block.Length)) % block.Length;
        int count = (int)Math.Min(Math.Min(buffer.Length, block.Length - at), _left);
        block.AsSpan(at, count).CopyTo(buffer);
        _left -= count;
        return count;
    }
}
