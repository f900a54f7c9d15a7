using System.Runtime.Versioning;
using System.Text;
using Packhorse.Os;

namespace Packhorse.Run;

/// <summary>Arguments of this process as bytes: a command to be started gets its own as they came, also where they are no text.</summary>
[SupportedOSPlatform("linux")]
public static class RawArguments
{
    /// <param name="last">The last arguments of this process, as text.</param>
    public static IReadOnlyList<byte[]> Of(IReadOnlyList<string> last)
    {
        // Without /proc, or called in another way than as a process, the text is what there is.
        byte[][] raw = [.. (ProcessImage.Arguments() ?? []).TakeLast(last.Count)];
        return raw.Select(Encoding.UTF8.GetString).SequenceEqual(last, StringComparer.Ordinal)
            ? raw
            : [.. last.Select(Encoding.UTF8.GetBytes)];
    }
}
