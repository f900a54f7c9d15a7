using System.Buffers.Binary;

namespace Packhorse.Tests.SelfExtracting;

/// <summary>The smallest file that is known as a program for Windows. It cannot be executed.</summary>
internal static class FakeWindowsProgram
{
    public static byte[] Make(ushort machine = 0x8664)
    {
        var program = new byte[0x40 + 4 + 20];
        "MZ"u8.CopyTo(program);
        program[0x3C] = 0x40;
        "PE\0\0"u8.CopyTo(program.AsSpan(0x40));
        BinaryPrimitives.WriteUInt16LittleEndian(program.AsSpan(0x44), machine);
        return program;
    }
}
