using SharpCompress.Compressors.BZip2;
using ZstdSharp;
using ZstdSharp.Unsafe;

namespace Packhorse.TestChannel;

/// <summary>How a zstd frame is written (RFC 8878).</summary>
public sealed record ZstdOptions
{
    public int Level { get; init; } = 3;

    /// <summary>False: the frame header has no content size, as streaming writers leave it.</summary>
    public bool ContentSize { get; init; } = true;

    /// <summary>An XXH64 checksum after each frame.</summary>
    public bool Checksum { get; init; }

    /// <summary>Zero: one frame. Else frames of at most so many bytes of content, one after the other.</summary>
    public int FrameSize { get; init; }

    /// <summary>Zero: as the level has it. Else the window's log2.</summary>
    public int WindowLog { get; init; }

    /// <summary>Threads that compress one frame, besides the calling one. Zero: none.</summary>
    public int Workers { get; init; }
}

internal static class Compression
{
    public static void Zstd(TarArchive tar, Stream output, ZstdOptions options)
    {
        if (options.FrameSize == 0)
        {
            using CompressionStream frame = Frame(output, options, tar.Length);
            tar.WriteTo(frame);
            return;
        }
        ReadOnlySpan<byte> left = tar.ToArray();
        while (!left.IsEmpty)
        {
            int count = Math.Min(options.FrameSize, left.Length);
            using CompressionStream frame = Frame(output, options, count);
            frame.Write(left[..count]);
            left = left[count..];
        }
    }

    public static void BZip2(TarArchive tar, Stream output)
    {
        using BZip2Stream stream = BZip2Stream.Create(
            output,
            SharpCompress.Compressors.CompressionMode.Compress,
            decompressConcatenated: false,
            leaveOpen: true
        );
        tar.WriteTo(stream);
    }

    private static CompressionStream Frame(Stream output, ZstdOptions options, long length)
    {
        CompressionStream stream = new(output, options.Level, bufferSize: 1 << 17, leaveOpen: true);
        stream.SetParameter(ZSTD_cParameter.ZSTD_c_checksumFlag, options.Checksum ? 1 : 0);
        if (options.WindowLog > 0)
        {
            stream.SetParameter(ZSTD_cParameter.ZSTD_c_windowLog, options.WindowLog);
        }
        if (options.Workers > 0)
        {
            stream.SetParameter(ZSTD_cParameter.ZSTD_c_nbWorkers, options.Workers);
        }
        if (options.ContentSize)
        {
            stream.SetPledgedSrcSize((ulong)length);
        }
        return stream;
    }
}
