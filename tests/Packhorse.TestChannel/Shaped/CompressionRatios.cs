using System.Collections.Concurrent;
using System.Numerics;

namespace Packhorse.TestChannel;

/// <summary>
/// How well made-up data compress, by trial: the more there is, the better, until the compressor's window is full.
/// </summary>
internal sealed class CompressionRatios(ZstdOptions options)
{
    // Powers of four, in bytes of content.
    private const int SmallestLog = 14;
    private const int LargestLog = 22;

    private readonly ConcurrentDictionary<(SyntheticKind Kind, int Log), double> _ratios = [];

    public ZstdOptions Options => options;

    /// <param name="compressed">Bytes that the data are to have when they are compressed.</param>
    public double Of(SyntheticKind kind, long compressed)
    {
        // About three times as many before; to the nearest of the powers.
        int log = BitOperations.Log2((ulong)Math.Max(1, compressed * 6)) & ~1;
        return _ratios.GetOrAdd(
            (kind, Math.Clamp(log, SmallestLog, LargestLog)),
            key => Measure(key.Kind, 1 << key.Log)
        );
    }

    private double Measure(SyntheticKind kind, int length)
    {
        FileContent content = FileContent.Generate(
            length,
            stream => SyntheticData.Write(stream, kind, length, seed: 3)
        );
        using MemoryStream compressed = new();
        Compression.Zstd(new TarArchive([new TarMember("sample") { Content = content }]), compressed, options);
        return (double)length / compressed.Length;
    }
}
