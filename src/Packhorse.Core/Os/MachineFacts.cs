using System.Buffers;
using System.Runtime.Intrinsics.X86;
using System.Text;
using Packhorse.Model;

namespace Packhorse.Os;

/// <summary>What programs ask of a Linux machine: its kernel, its C library, its NVIDIA driver.</summary>
public static class MachineFacts
{
    // Multiarch and multilib systems, and those with one directory for all.
    private static readonly string[] LibraryDirectories =
    [
        "/lib64",
        "/usr/lib64",
        "/lib/x86_64-linux-gnu",
        "/usr/lib/x86_64-linux-gnu",
        "/lib/aarch64-linux-gnu",
        "/usr/lib/aarch64-linux-gnu",
        "/lib",
        "/usr/lib",
    ];

    private static readonly SearchValues<byte> DigitsAndPoint = SearchValues.Create("0123456789."u8);

    // A C library has some two megabytes.
    private const int LargestLibrary = 64 << 20;
    private const int PieceBytes = 64 << 10;

    // What is found may begin at the end of a piece.
    private const int LongestVersion = 64;

    /// <summary>As in <c>6.1.0-18-amd64</c>; null when it is not told.</summary>
    public static string? KernelRelease => ReadText("/proc/sys/kernel/osrelease")?.Trim();

    /// <summary>
    /// The version that GNU's C library says of itself, as in <c>2.36</c>; null when there is none. Read out of its file: a static
    /// program has no other way.
    /// </summary>
    public static string? GlibcVersion =>
        LibraryDirectories
            .Select(directory => $"{directory}/libc.so.6")
            .Where(FileTree.FileExists)
            .Select(ReadGlibcVersion)
            .FirstOrDefault(version => version is not null);

    /// <summary>The level of x86-64 that the processor has, 1 to 4 (psABI, "Micro-architecture levels"); null for other processors.</summary>
    public static int? X86Level =>
        !Sse2.IsSupported ? null
        : !(Sse42.IsSupported && Popcnt.IsSupported && Ssse3.IsSupported) ? 1
        : !(Avx2.IsSupported && Bmi1.IsSupported && Bmi2.IsSupported && Fma.IsSupported && Lzcnt.IsSupported) ? 2
        : !(Avx512F.IsSupported && Avx512BW.IsSupported && Avx512CD.IsSupported && Avx512DQ.IsSupported) ? 3
        : 4;

    /// <summary>The driver's version, as in <c>535.104.05</c>; null where none is loaded.</summary>
    public static string? NvidiaDriver
    {
        get
        {
            // "NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.104.05  Sat Aug …"
            string[] words = (ReadText("/proc/driver/nvidia/version") ?? "").Split(
                (char[]?)null,
                StringSplitOptions.RemoveEmptyEntries
            );
            return words.FirstOrDefault(word =>
                char.IsAsciiDigit(word[0]) && word.Contains('.', StringComparison.Ordinal)
            );
        }
    }

    private static string? ReadGlibcVersion(string path)
    {
        try
        {
            using InputFile file = InputFile.Open(path);
            return FindGlibcVersion(file, path);
        }
        catch (PackhorseException)
        {
            // Not readable: then it is not known.
            return null;
        }
    }

    // It stands among the texts of the library, behind its code: from its end backwards it is found in a sixth of the bytes.
    private static string? FindGlibcVersion(InputFile file, string path)
    {
        ReadOnlySpan<byte> said = "stable release version "u8;
        var piece = new byte[PieceBytes + LongestVersion];
        for (long at = Math.Min(file.Length, LargestLibrary) / PieceBytes * PieceBytes; at >= 0; at -= PieceBytes)
        {
            Span<byte> bytes = piece.AsSpan(0, (int)Math.Min(piece.Length, file.Length - at));
            file.ReadExactly(bytes, at, path);
            int found = bytes.IndexOf(said);
            if (found >= 0)
            {
                ReadOnlySpan<byte> rest = bytes[(found + said.Length)..];
                int end = rest.IndexOfAnyExcept(DigitsAndPoint);
                return Encoding.ASCII.GetString(rest[..Math.Max(0, end)]).TrimEnd('.');
            }
        }
        return null;
    }

    private static string? ReadText(string path)
    {
        try
        {
            return FileTree.FileExists(path) ? File.ReadAllText(path) : null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
