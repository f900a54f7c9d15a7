using Packhorse.Codecs;
using Packhorse.Model;

namespace Packhorse.Pack;

/// <summary>Says what somebody took for a pack, by its first bytes.</summary>
internal static class PackSniffer
{
    /// <summary>Enough for all kinds that are told apart.</summary>
    public const int Bytes = TarReader.BlockBytes;

    /// <param name="start">The first <see cref="Bytes"/> bytes, fewer when there are no more.</param>
    public static CorruptDataException NoPack(string where, ReadOnlySpan<byte> start, Exception inner)
    {
        (string what, string? hint) = Describe(start);
        return new CorruptDataException(ErrorCodes.BadPack, $"{where} is no pack: {what}", inner) { Hint = hint };
    }

    private static (string What, string? Hint) Describe(ReadOnlySpan<byte> start) =>
        start.IsEmpty ? ("it is empty", "copy or download it again")
        : start.StartsWith((ReadOnlySpan<byte>)[0x1F, 0x8B])
            ? ("it is compressed with gzip", "decompress it first, for example with gunzip")
        : start.StartsWith((ReadOnlySpan<byte>)[0x28, 0xB5, 0x2F, 0xFD])
            ? ("it is compressed with zstd", "decompress it first, for example with unzstd")
        : start.StartsWith((ReadOnlySpan<byte>)[0xFD, (byte)'7', (byte)'z', (byte)'X', (byte)'Z'])
            ? ("it is compressed with xz", "decompress it first, for example with unxz")
        : start.StartsWith("BZh"u8)
            ? (
                "it is compressed with bzip2, as conda packages are",
                "a pack holds such packages: packhorse pack makes one"
            )
        : start.StartsWith("PK\x03\x04"u8)
            ? ("it is a zip archive, as conda packages are", "a pack holds such packages: packhorse pack makes one")
        : start.StartsWith((ReadOnlySpan<byte>)[0x7F, (byte)'E', (byte)'L', (byte)'F']) ? ("it is a program", null)
        : start.StartsWith("#!"u8) ? ("it is a script", "if it is a self-extracting pack, run it with sh")
        : start.StartsWith("<"u8) ? ("it looks like a web page", "the address may need a login, or be wrong")
        : start.StartsWith("version: "u8) ? ("it looks like a lock file", "packhorse pack makes a pack of a lock file")
        : start.Length < Bytes ? ("it is too short", "copy or download it again")
        : ("it does not begin with a tar header", null);
}
