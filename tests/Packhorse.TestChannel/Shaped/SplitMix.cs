using System.Runtime.InteropServices;

namespace Packhorse.TestChannel;

/// <summary>SplitMix64 (Steele, Lea, Flood 2014): the same numbers for the same seed on every machine and in every version.</summary>
internal struct SplitMix(ulong seed)
{
    private ulong _state = seed;

    public ulong Next()
    {
        ulong value = _state += 0x9E3779B97F4A7C15;
        value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
        value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
        return value ^ (value >> 31);
    }

    /// <returns>0 to <paramref name="limit"/> - 1.</returns>
    public int Next(int limit) => (int)((UInt128)Next() * (ulong)limit >> 64);

    /// <returns>0 to 1, without 1.</returns>
    public double NextDouble() => (Next() >> 11) * (1.0 / (1L << 53));

    public void Fill(Span<byte> bytes)
    {
        foreach (ref ulong word in MemoryMarshal.Cast<byte, ulong>(bytes))
        {
            word = Next();
        }
        for (int index = bytes.Length & ~7; index < bytes.Length; index++)
        {
            bytes[index] = (byte)Next();
        }
    }
}
