using Packhorse.Model;

namespace Packhorse.Pack;

/// <summary>
/// The self-extracting files of pixi-pack: a script that ends with a marker line, the tar in base64 on one line, another marker, and
/// pixi-unpack in base64. Both the shell script and the PowerShell one.
/// </summary>
internal static class UpstreamExecutable
{
    // The scripts have 1.5 and 2.5 kB.
    private const int ScriptBytes = 64 << 10;

    /// <returns>The tar, decoded as it is read; null when the file is none of these.</returns>
    /// <exception cref="CorruptDataException">It is cut off.</exception>
    public static IRandomAccess? Find(IRandomAccess file, string where)
    {
        var script = new byte[(int)Math.Min(ScriptBytes, file.Length)];
        int count = file.Read(script, 0);
        return Find(file, script.AsSpan(0, count), new Markers("@@END_HEADER@@"u8, "@@END_ARCHIVE@@"u8), where)
            ?? Find(file, script.AsSpan(0, count), new Markers("__END_HEADER__"u8, "__END_ARCHIVE__"u8), where);
    }

    private static Base64Source? Find(IRandomAccess file, ReadOnlySpan<byte> script, Markers markers, string where)
    {
        int start = AfterMarkerLine(script, markers.Header);
        if (start < 0)
        {
            return null;
        }
        while (start < script.Length && script[start] is (byte)'\r' or (byte)'\n')
        {
            start++;
        }
        long end = FindFromEnd(file, start, markers.Archive, where);
        Span<byte> one = stackalloc byte[1];
        while (end > start && file.Read(one, end - 1) == 1 && one[0] is (byte)'\r' or (byte)'\n')
        {
            end--;
        }
        return new Base64Source(file, start, end - start, where);
    }

    // The script uses its own marker too, but not as a line.
    private static int AfterMarkerLine(ReadOnlySpan<byte> script, ReadOnlySpan<byte> marker)
    {
        int from = 0;
        while (script[from..].IndexOf(marker) is >= 0 and int found)
        {
            int at = from + found;
            int after = at + marker.Length;
            bool begins = at == 0 || script[at - 1] == (byte)'\n';
            if (begins && after < script.Length && script[after] is (byte)'\r' or (byte)'\n')
            {
                return after;
            }
            from = after;
        }
        return -1;
    }

    // The unpacker after the marker is small beside the tar before it.
    private static long FindFromEnd(IRandomAccess file, long start, ReadOnlySpan<byte> marker, string where)
    {
        var block = new byte[256 << 10];
        long end = file.Length;
        while (end > start)
        {
            long from = Math.Max(start, end - block.Length);
            Span<byte> part = block.AsSpan(0, (int)(end - from));
            file.ReadExactly(part, from, where);
            int found = part.LastIndexOf(marker);
            if (found >= 0)
            {
                return from + found;
            }
            // The marker may stand across two blocks.
            end = from > start ? from + marker.Length - 1 : start;
        }
        throw new CorruptDataException(ErrorCodes.Truncated, $"{where} is cut off: its archive has no end")
        {
            Hint = "copy or download it again",
        };
    }

    private readonly ref struct Markers(ReadOnlySpan<byte> header, ReadOnlySpan<byte> archive)
    {
        public ReadOnlySpan<byte> Header { get; } = header;

        public ReadOnlySpan<byte> Archive { get; } = archive;
    }
}
