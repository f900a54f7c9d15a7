namespace Packhorse.Tests.BadInput;

/// <summary>Where in a .conda file the bytes are that are no content: zip headers and directory, and the headers of zstd frames.</summary>
internal static class CondaHeaders
{
    private const int LongestZstdHeader = 18;

    public static IEnumerable<int> Find(byte[] conda)
    {
        var headers = new SortedSet<int>();
        ReadOnlySpan<byte> local = [0x50, 0x4B, 0x03, 0x04];
        ReadOnlySpan<byte> central = [0x50, 0x4B, 0x01, 0x02];
        ReadOnlySpan<byte> zstd = [0x28, 0xB5, 0x2F, 0xFD];
        for (int at = 0; at < conda.Length - 4; at++)
        {
            ReadOnlySpan<byte> here = conda.AsSpan(at);
            if (here.StartsWith(local))
            {
                headers.UnionWith(Enumerable.Range(at, 30 + here[26] + here[28]));
            }
            else if (here.StartsWith(zstd))
            {
                headers.UnionWith(Enumerable.Range(at, LongestZstdHeader));
            }
            else if (here.StartsWith(central))
            {
                headers.UnionWith(Enumerable.Range(at, conda.Length - at));
                break;
            }
        }
        return headers;
    }
}
