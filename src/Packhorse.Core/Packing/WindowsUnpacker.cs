using System.Buffers.Binary;
using Packhorse.Model;

namespace Packhorse.Packing;

/// <summary>The program that an <c>environment.ps1</c> carries: pixi-unpack.exe, since Packhorse has none for Windows.</summary>
public sealed class WindowsUnpacker
{
    // PE format, "MS-DOS Stub": where the PE signature is; after it comes the machine.
    private const int SignatureOffset = 0x3C;
    private const int DosHeaderBytes = 0x40;

    private readonly byte[] _program;

    private WindowsUnpacker(byte[] program, string machine) => (_program, Machine) = (program, machine);

    public ReadOnlySpan<byte> Program => _program;

    /// <summary>The conda subdir of what it runs on.</summary>
    public string Machine { get; }

    /// <param name="where">The file, for messages.</param>
    /// <exception cref="UsageException">Not a program for Windows.</exception>
    /// <exception cref="IncompatibleException">For another machine than the pack.</exception>
    public static WindowsUnpacker Parse(byte[] program, string where, Platform pack)
    {
        string? machine = MachineOf(program);
        if (machine is null)
        {
            throw new UsageException(ErrorCodes.NotARuntime, $"{where} is no program for Windows");
        }
        // Windows on ARM runs programs for x86-64, not the other way round.
        if (machine != pack.Subdir && !(machine == "win-64" && pack.Subdir == "win-arm64"))
        {
            throw new IncompatibleException(
                ErrorCodes.WrongPlatform,
                $"the unpacker is for {machine}, it cannot unpack an environment for {pack}"
            );
        }
        return new WindowsUnpacker(program, machine);
    }

    private static string? MachineOf(ReadOnlySpan<byte> program)
    {
        if (program.Length < DosHeaderBytes || !program.StartsWith("MZ"u8))
        {
            return null;
        }
        uint offset = BinaryPrimitives.ReadUInt32LittleEndian(program[SignatureOffset..]);
        if (offset > program.Length - 6 || !program[(int)offset..].StartsWith("PE\0\0"u8))
        {
            return null;
        }
        return BinaryPrimitives.ReadUInt16LittleEndian(program[((int)offset + 4)..]) switch
        {
            0x8664 => "win-64",
            0xAA64 => "win-arm64",
            _ => null,
        };
    }
}
