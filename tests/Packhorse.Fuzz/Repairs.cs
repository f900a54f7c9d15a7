using System.Buffers.Binary;
using System.Text;
using Packhorse.Codecs;
using Packhorse.Image;
using Packhorse.Model;
using Packhorse.Pack;

namespace Packhorse.Fuzz;

/// <summary>Makes checksums right again after a change, in place; what has none is left as it is.</summary>
internal static class Repairs
{
    /// <summary>Of every tar header, as far as there are headers.</summary>
    public static byte[] TarChecksums(byte[] tar)
    {
        for (int at = 0; at + TarReader.BlockBytes <= tar.Length; at += TarReader.BlockBytes)
        {
            Span<byte> header = tar.AsSpan(at, TarReader.BlockBytes);
            if (header[257..].StartsWith("ustar"u8))
            {
                header.Slice(148, 8).Fill((byte)' ');
                int sum = 0;
                foreach (byte value in header)
                {
                    sum += value;
                }
                Encoding.ASCII.GetBytes(Convert.ToString(sum, 8).PadLeft(7, '0') + "\0").CopyTo(header[148..]);
            }
        }
        return tar;
    }

    /// <summary>Of the header of a self-extracting file.</summary>
    public static byte[] HeaderDigest(byte[] file)
    {
        if (file.Length >= SelfExtractingHeader.Bytes)
        {
            int digested = SelfExtractingHeader.DigestedBytes;
            Span<byte> line = file.AsSpan(digested, SelfExtractingHeader.Bytes - digested);
            SelfExtractingHeader.WriteDigestLine(Sha256.Hash(file.AsSpan(0, digested)), line);
        }
        return file;
    }

    /// <summary>Of an image: its footer is made to fit the file's size, the tree to fit what is before it, the root to fit the footer.</summary>
    public static byte[] ImageDigests(byte[] file)
    {
        if (file.Length < ImageFooter.Bytes || !ImageFooter.IsOne(file.AsSpan(file.Length - ImageFooter.Bytes)))
        {
            return file;
        }
        Span<byte> footer = file.AsSpan(file.Length - ImageFooter.Bytes);
        BinaryPrimitives.WriteInt64LittleEndian(footer[16..], file.Length);
        long tree = BinaryPrimitives.ReadInt64LittleEndian(footer[88..]);
        if (tree > 0 && tree + DigestTreeShape.Of(tree).Bytes == file.Length - ImageFooter.Bytes)
        {
            Span<byte> level = DigestsOf(file.AsSpan(0, (int)tree));
            for (Span<byte> rest = file.AsSpan((int)tree); level.Length > Digest.Size; level = DigestsOf(level))
            {
                level.CopyTo(rest);
                rest = rest[level.Length..];
            }
            level.CopyTo(footer[104..]);
        }
        Sha256.Hash(footer[..4048]).CopyTo(footer[4048..]);
        return file;
    }

    private static byte[] DigestsOf(ReadOnlySpan<byte> bytes)
    {
        var digests = new byte[
            (bytes.Length + DigestTreeShape.ChunkBytes - 1) / DigestTreeShape.ChunkBytes * Digest.Size
        ];
        for (Span<byte> into = digests; !bytes.IsEmpty; into = into[Digest.Size..])
        {
            int count = Math.Min(bytes.Length, DigestTreeShape.ChunkBytes);
            Sha256.Hash(bytes[..count]).CopyTo(into);
            bytes = bytes[count..];
        }
        return digests;
    }
}
