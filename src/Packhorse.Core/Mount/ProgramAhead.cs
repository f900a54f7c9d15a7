using System.Buffers.Binary;
using System.Runtime.Versioning;
using System.Text;
using Packhorse.Model;
using Packhorse.Os;

namespace Packhorse.Mount;

/// <summary>
/// Has the kernel ask for a program of a mounted environment as a whole before it begins. As it runs, its pages would be asked for one by
/// one as it comes to them, in no order, and it would wait for each.
/// </summary>
[SupportedOSPlatform("linux")]
internal static class ProgramAhead
{
    /// <summary>Where linkers put the headers of a program, and more than a script's first line may have (BINPRM_BUF_SIZE).</summary>
    internal const int HeadBytes = 4096;

    // ELF-64, System V gABI 4.1: the header, program headers, the type of segments that are loaded.
    private const int HeaderBytes = 64;
    private const int ProgramHeaderBytes = 56;
    private const uint LoadSegment = 1;

    /// <summary>
    /// Asks for it, and waits for nothing but its first page: of more than <see cref="FuseConnection.MostInBackground"/> requests at once
    /// it would. What is no program of the environment is passed over.
    /// </summary>
    /// <param name="prefix">Where the environment is mounted.</param>
    /// <param name="name">As the command names it: found in <c>bin</c>, or a path.</param>
    public static void Ask(string prefix, string name)
    {
        string path = name.Contains('/', StringComparison.Ordinal) ? name : $"{prefix}/bin/{name}";
        try
        {
            // A script needs the program that its first line names.
            if (Ask(prefix, path, out string? interpreter) && interpreter is not null)
            {
                _ = Ask(prefix, interpreter, out _);
            }
        }
        catch (PackhorseException)
        {
            // Whoever starts it finds that too, and says so.
        }
    }

    /// <returns>False when it is not below the prefix, or no file.</returns>
    private static bool Ask(string prefix, string path, out string? interpreter)
    {
        interpreter = null;
        if (!path.StartsWith(prefix + "/", StringComparison.Ordinal) || !FileTree.FileExists(path))
        {
            return false;
        }
        using InputFile file = InputFile.Open(path);
        Span<byte> head = stackalloc byte[HeadBytes];
        head = head[..file.Read(head, 0)];
        if (head.StartsWith("#!"u8))
        {
            interpreter = Interpreter(head);
            return true;
        }
        foreach ((long offset, long length) in Segments(head, file.Length, Limits.ProgramAheadBytes))
        {
            AdvisedFile.WillNeed(file, offset, length);
        }
        return true;
    }

    private static string Interpreter(ReadOnlySpan<byte> head)
    {
        ReadOnlySpan<byte> line = head[2..];
        int end = line.IndexOf((byte)'\n');
        line = (end < 0 ? line : line[..end]).TrimStart(" \t"u8);
        end = line.IndexOfAny((byte)' ', (byte)'\t');
        return Encoding.UTF8.GetString(end < 0 ? line : line[..end]);
    }

    /// <summary>
    /// The parts of the file of a program or a library that are mapped: neither what debuggers want nor names of functions.
    /// </summary>
    /// <param name="head">The first bytes of the file.</param>
    /// <param name="most">Bytes of all of them.</param>
    internal static IReadOnlyList<(long Offset, long Length)> Segments(
        ReadOnlySpan<byte> head,
        long fileBytes,
        long most
    )
    {
        if (head.Length < HeaderBytes || !head.StartsWith("\x7F\x45LF\x02\x01"u8))
        {
            return [];
        }
        var segments = new List<(long, long)>();
        ulong at = BinaryPrimitives.ReadUInt64LittleEndian(head[32..]);
        int count = BinaryPrimitives.ReadUInt16LittleEndian(head[56..]);
        for (; count > 0 && at <= (ulong)(head.Length - ProgramHeaderBytes); count--, at += ProgramHeaderBytes)
        {
            ReadOnlySpan<byte> header = head[(int)at..];
            long offset = BinaryPrimitives.ReadInt64LittleEndian(header[8..]);
            long length = BinaryPrimitives.ReadInt64LittleEndian(header[32..]);
            if (
                BinaryPrimitives.ReadUInt32LittleEndian(header) == LoadSegment
                && offset >= 0
                && offset < fileBytes
                && length > 0
                && most > 0
            )
            {
                length = Math.Min(most, Math.Min(length, fileBytes - offset));
                segments.Add((offset, length));
                most -= length;
            }
        }
        return segments;
    }
}
