using System.Buffers.Binary;

namespace Packhorse.Codecs;

/// <summary>Extra fields of zip headers (APPNOTE.TXT 4.5).</summary>
internal static class ZipExtra
{
    private const ushort Zip64 = 1;

    /// <summary>Replaces the values that are all ones by those of the zip64 field, which holds only these, in this order.</summary>
    public static void ReadZip64(ReadOnlySpan<byte> extra, ref ulong size, ref ulong compressed, ref ulong offset)
    {
        while (extra.Length >= 4)
        {
            int length = BinaryPrimitives.ReadUInt16LittleEndian(extra[2..]);
            if (length > extra.Length - 4)
            {
                return;
            }
            if (BinaryPrimitives.ReadUInt16LittleEndian(extra) == Zip64)
            {
                ReadOnlySpan<byte> values = extra.Slice(4, length);
                Take(ref values, ref size);
                Take(ref values, ref compressed);
                Take(ref values, ref offset);
                return;
            }
            extra = extra[(4 + length)..];
        }
    }

    private static void Take(ref ReadOnlySpan<byte> values, ref ulong value)
    {
        if (value == uint.MaxValue && values.Length >= 8)
        {
            value = BinaryPrimitives.ReadUInt64LittleEndian(values);
            values = values[8..];
        }
    }
}
