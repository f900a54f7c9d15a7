using System.Buffers.Binary;

namespace Packhorse.Fuzz;

/// <summary>The smallest file that is known as a runtime: an ELF header, one program header, the note. It cannot be executed.</summary>
internal static class FakeRuntime
{
    private const int NoteOffset = 64 + 56;

    public static byte[] Make(uint format = 1, ushort machine = 62)
    {
        var elf = new byte[NoteOffset + 28];
        "\x7F\x45LF\x02\x01\x01"u8.CopyTo(elf);
        BinaryPrimitives.WriteUInt16LittleEndian(elf.AsSpan(16), 3);
        BinaryPrimitives.WriteUInt16LittleEndian(elf.AsSpan(18), machine);
        BinaryPrimitives.WriteUInt64LittleEndian(elf.AsSpan(32), 64);
        BinaryPrimitives.WriteUInt16LittleEndian(elf.AsSpan(54), 56);
        BinaryPrimitives.WriteUInt16LittleEndian(elf.AsSpan(56), 1);
        Span<byte> program = elf.AsSpan(64);
        BinaryPrimitives.WriteUInt32LittleEndian(program, 4);
        BinaryPrimitives.WriteUInt64LittleEndian(program[8..], NoteOffset);
        BinaryPrimitives.WriteUInt64LittleEndian(program[32..], 28);
        Span<byte> note = elf.AsSpan(NoteOffset);
        BinaryPrimitives.WriteUInt32LittleEndian(note, 10);
        BinaryPrimitives.WriteUInt32LittleEndian(note[4..], 4);
        BinaryPrimitives.WriteUInt32LittleEndian(note[8..], 1);
        "Packhorse\0"u8.CopyTo(note[12..]);
        BinaryPrimitives.WriteUInt32LittleEndian(note[24..], format);
        return elf;
    }
}
