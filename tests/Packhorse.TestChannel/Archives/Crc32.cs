namespace Packhorse.TestChannel;

/// <summary>The CRC of zip (polynomial 0xEDB88320), eight bytes at a time.</summary>
internal sealed class Crc32
{
    private static readonly uint[][] Tables = MakeTables();

    private uint _state = uint.MaxValue;

    public uint Value => ~_state;

    public void Append(ReadOnlySpan<byte> bytes)
    {
        uint state = _state;
        while (bytes.Length >= 8)
        {
            state ^= BitConverter.ToUInt32(bytes);
            state =
                Tables[7][(byte)state]
                ^ Tables[6][(byte)(state >> 8)]
                ^ Tables[5][(byte)(state >> 16)]
                ^ Tables[4][state >> 24]
                ^ Tables[3][bytes[4]]
                ^ Tables[2][bytes[5]]
                ^ Tables[1][bytes[6]]
                ^ Tables[0][bytes[7]];
            bytes = bytes[8..];
        }
        foreach (byte value in bytes)
        {
            state = Tables[0][(byte)(state ^ value)] ^ (state >> 8);
        }
        _state = state;
    }

    private static uint[][] MakeTables()
    {
        uint[][] tables = [.. Enumerable.Range(0, 8).Select(_ => new uint[256])];
        for (uint value = 0; value < 256; value++)
        {
            uint remainder = value;
            for (int bit = 0; bit < 8; bit++)
            {
                remainder = (remainder >> 1) ^ (0xEDB88320 & (uint)-(int)(remainder & 1));
            }
            tables[0][value] = remainder;
        }
        for (int table = 1; table < 8; table++)
        {
            for (int value = 0; value < 256; value++)
            {
                uint before = tables[table - 1][value];
                tables[table][value] = tables[0][(byte)before] ^ (before >> 8);
            }
        }
        return tables;
    }
}
