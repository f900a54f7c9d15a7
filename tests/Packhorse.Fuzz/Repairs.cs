using System.Text;
using Packhorse.Codecs;
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
}
