using System.Text;

namespace Packhorse.Packing;

/// <summary>
/// <c>environment.ps1</c>, in pixi-pack's form (<c>docs/FORMAT.md</c>, "environment.ps1"): a script that ends with a marker line, a
/// blank line, the tar in base64 on one line, another marker line, the unpacker in base64; CR and LF after each line but the last.
/// </summary>
internal static class PowerShellScript
{
    private const string ResourceName = "Packhorse.Packing.environment.ps1";

    public static ReadOnlySpan<byte> BeforeUnpacker => "\r\n__END_ARCHIVE__\r\n"u8;

    /// <summary>All that comes before the tar. The script holds its own length, to find the tar without reading itself as text.</summary>
    public static byte[] BeforeArchive()
    {
        using Stream stream =
            typeof(PowerShellScript).Assembly.GetManifestResourceStream(ResourceName)
            ?? throw new InvalidOperationException($"the resource {ResourceName} is missing");
        using var reader = new StreamReader(stream, Encoding.ASCII);
        string script = reader.ReadToEnd().ReplaceLineEndings("\r\n") + "__END_HEADER__\r\n\r\n";
        const string Placeholder = "@BYTES@";
        // Four digits in any case.
        int length = script.Length - Placeholder.Length + 4;
        return Encoding.ASCII.GetBytes(script.Replace(Placeholder, $"{length:D4}", StringComparison.Ordinal));
    }
}
