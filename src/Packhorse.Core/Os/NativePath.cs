using System.Text;

namespace Packhorse.Os;

/// <summary>Paths as the kernel takes them: UTF-8 with a NUL at the end.</summary>
internal static class NativePath
{
    /// <summary>Enough for nearly every path; longer ones go to the heap.</summary>
    public const int ScratchBytes = 512;

    /// <returns>The path in <paramref name="scratch"/> where it fits, else in a new array.</returns>
    public static ReadOnlySpan<byte> Encode(string path, Span<byte> scratch)
    {
        int most = Encoding.UTF8.GetMaxByteCount(path.Length) + 1;
        Span<byte> bytes = most <= scratch.Length ? scratch : new byte[most];
        int length = Encoding.UTF8.GetBytes(path, bytes);
        bytes[length] = 0;
        return bytes[..(length + 1)];
    }
}
