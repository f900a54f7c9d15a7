using System.Buffers.Binary;
using Packhorse.Model;
using Packhorse.Pack;

namespace Packhorse.Packing;

/// <summary>
/// The program that a self-extracting file carries: an ELF executable, with Packhorse's note or, when it is another unpacker, such as
/// pixi-unpack, without.
/// </summary>
public sealed class RuntimeImage
{
    // A runtime has 2 to 3 MB; what is larger was named by mistake.
    public const int MostBytes = 64 << 20;

    // ELF-64, System V gABI 4.1: the header, a program header, a note.
    private const int HeaderBytes = 64;
    private const int ProgramHeaderBytes = 56;
    private const int NoteType = 4;
    private const uint PackhorseNoteType = 1;

    private readonly byte[] _padded;

    private RuntimeImage(ReadOnlySpan<byte> elf, Platform platform, bool isOwn)
    {
        Platform = platform;
        IsOwn = isOwn;
        int blocks = (elf.Length + SelfExtractingHeader.Bytes - 1) / SelfExtractingHeader.Bytes;
        _padded = new byte[blocks * SelfExtractingHeader.Bytes];
        elf.CopyTo(_padded);
        Sha256 = Codecs.Sha256.Hash(_padded);
    }

    /// <summary>What it runs on.</summary>
    public Platform Platform { get; }

    /// <summary>True for Packhorse's runtime. Any other program gets the tar on standard input, and all it can do is to unpack it.</summary>
    public bool IsOwn { get; }

    /// <summary>The executable and the zeros after it.</summary>
    public ReadOnlySpan<byte> Padded => _padded;

    /// <summary>Of <see cref="Padded"/>.</summary>
    public Digest Sha256 { get; }

    /// <param name="where">The file, for messages.</param>
    /// <exception cref="UsageException">Not a program for Linux.</exception>
    /// <exception cref="IncompatibleException">For a machine that is not known, or a runtime of another format version.</exception>
    public static RuntimeImage Parse(ReadOnlySpan<byte> elf, string where)
    {
        if (elf.Length < HeaderBytes || !elf.StartsWith("\x7F\x45LF\x02\x01"u8) || elf.Length > MostBytes)
        {
            throw NotOurs(where);
        }
        ushort machine = BinaryPrimitives.ReadUInt16LittleEndian(elf[18..]);
        Platform platform = machine switch
        {
            62 => Platform.Linux64,
            183 when Platform.TryParse("linux-aarch64", out Platform arm) => arm,
            _ => throw new IncompatibleException(
                ErrorCodes.WrongPlatform,
                $"{where} is a program for ELF machine {machine}; self-extracting files are for x86-64 and aarch64"
            ),
        };
        uint? format = FindNote(elf);
        if (format is not (null or SelfExtractingHeader.FormatVersion))
        {
            throw new IncompatibleException(
                ErrorCodes.NewerFormat,
                $"{where} is a runtime for version {format} of the self-extracting format, written is {SelfExtractingHeader.FormatVersion}"
            );
        }
        return new RuntimeImage(elf, platform, isOwn: format is not null);
    }

    /// <exception cref="IncompatibleException">The pack is for another platform than the runtime.</exception>
    public void CheckPlatform(Platform pack)
    {
        if (pack != Platform)
        {
            throw new IncompatibleException(
                ErrorCodes.WrongPlatform,
                $"the unpacker is for {Platform}, it cannot unpack an environment for {pack}"
            );
        }
    }

    private static uint? FindNote(ReadOnlySpan<byte> elf)
    {
        ulong table = BinaryPrimitives.ReadUInt64LittleEndian(elf[32..]);
        int count = BinaryPrimitives.ReadUInt16LittleEndian(elf[56..]);
        for (int i = 0; i < count; i++)
        {
            ReadOnlySpan<byte> header = Part(elf, table + ((ulong)i * ProgramHeaderBytes), ProgramHeaderBytes);
            if (header.IsEmpty)
            {
                return null;
            }
            if (BinaryPrimitives.ReadUInt32LittleEndian(header) == NoteType)
            {
                ulong offset = BinaryPrimitives.ReadUInt64LittleEndian(header[8..]);
                ulong length = BinaryPrimitives.ReadUInt64LittleEndian(header[32..]);
                if (FindNoteIn(Part(elf, offset, length)) is { } format)
                {
                    return format;
                }
            }
        }
        return null;
    }

    private static uint? FindNoteIn(ReadOnlySpan<byte> notes)
    {
        while (notes.Length >= 12)
        {
            uint name = BinaryPrimitives.ReadUInt32LittleEndian(notes);
            uint value = BinaryPrimitives.ReadUInt32LittleEndian(notes[4..]);
            uint type = BinaryPrimitives.ReadUInt32LittleEndian(notes[8..]);
            ReadOnlySpan<byte> rest = notes[12..];
            ulong paddedName = (name + 3UL) & ~3UL;
            ulong paddedValue = (value + 3UL) & ~3UL;
            if (paddedName + paddedValue > (ulong)rest.Length)
            {
                return null;
            }
            if (type == PackhorseNoteType && value == 4 && rest[..(int)name].SequenceEqual("Packhorse\0"u8))
            {
                return BinaryPrimitives.ReadUInt32LittleEndian(rest[(int)paddedName..]);
            }
            notes = rest[(int)(paddedName + paddedValue)..];
        }
        return null;
    }

    // Empty where it is not inside.
    private static ReadOnlySpan<byte> Part(ReadOnlySpan<byte> elf, ulong offset, ulong length) =>
        offset <= (ulong)elf.Length && length <= (ulong)elf.Length - offset
            ? elf.Slice((int)offset, (int)length)
            : default;

    private static UsageException NotOurs(string where) =>
        new(ErrorCodes.NotARuntime, $"{where} is no program for Linux")
        {
            Hint =
                "a self-extracting file carries packhorse-runtime, which packhorse brings with it, or another unpacker",
        };
}
