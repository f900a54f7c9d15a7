using Packhorse.TestChannel;

namespace Packhorse.Tests.BadInput;

/// <summary>Content made while it is written.</summary>
internal static class LargeContent
{
    private const int BlockBytes = 128 << 10;

    /// <summary>Bytes that no compression makes less.</summary>
    public static FileContent OfBytes(int length) => Make(length, BlockBytes);

    /// <summary>Bytes that compress to about a hundredth: large to unpack, small to keep.</summary>
    public static FileContent Compressible(long length) => Make(length, 1 << 10);

    /// <summary>Zeros.</summary>
    public static FileContent Zeros(long length) =>
        FileContent.Generate(length, stream => Write(stream, length, (_, _) => { }));

    private static FileContent Make(long length, int random) =>
        FileContent.Generate(
            length,
            stream => Write(stream, length, (source, block) => source.NextBytes(block.AsSpan(0, random)))
        );

    private static void Write(Stream stream, long length, Action<Random, byte[]> fill)
    {
        var source = new Random(1);
        var block = new byte[BlockBytes];
        for (long left = length; left > 0; left -= block.Length)
        {
            fill(source, block);
            stream.Write(block.AsSpan(0, (int)Math.Min(left, block.Length)));
        }
    }
}
