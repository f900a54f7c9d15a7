using Packhorse.Bench.Measure;

namespace Packhorse.Bench;

/// <summary>
/// A self-extracting file made the way of pixi-pack's: a header, the archive and the unpacker, each in base64 on a line of its own.
/// </summary>
internal static class StockFile
{
    // Written from the description of the algorithm: markers, line numbers, everything between them decoded. $1 the file, $2 where to.
    public const string Decode = """
        header=$(grep -anm 1 '^@@END_HEADER@@' "$1" | cut -d: -f1)
        archive=$(grep -anm 1 '^@@END_ARCHIVE@@' "$1" | cut -d: -f1)
        sed -n "$((header + 1)),$((archive - 1))p" "$1" | base64 -d > "$2/archive.tar"
        sed -n "$((archive + 1)),\$p" "$1" | base64 -d > "$2/pixi-unpack"
        """;

    private const string Encode =
        "{ printf '#!/bin/sh\\n@@END_HEADER@@\\n'; base64 -w0 \"$1\"; printf '\\n@@END_ARCHIVE@@\\n'; base64 -w0 \"$2\"; } > \"$3\"";

    /// <param name="unpacker">What stands for pixi-unpack in it.</param>
    public static void Make(string archive, string unpacker, string output)
    {
        if (MeasuredProcess.Run(["/bin/sh", "-c", Encode, "sh", archive, unpacker, output]).ExitCode != 0)
        {
            throw new InvalidOperationException($"{output} could not be made");
        }
    }
}
