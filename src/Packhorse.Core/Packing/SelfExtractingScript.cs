using System.Globalization;
using System.Text;
using Packhorse.Codecs;
using Packhorse.Model;
using Packhorse.Pack;

namespace Packhorse.Packing;

/// <summary>Writes the header of a self-extracting file: <c>header.sh</c> with its numbers put in, filled up to its fixed size.</summary>
public static class SelfExtractingScript
{
    private const string ResourceName = "Packhorse.Packing.header.sh";

    /// <summary>Exactly <see cref="SelfExtractingHeader.Bytes"/> bytes.</summary>
    /// <param name="isOwn"><see cref="RuntimeImage.IsOwn"/> of what the file carries.</param>
    public static byte[] Write(SelfExtractingHeader header, bool isOwn)
    {
        string script = Fill(Select(ReadTemplate(), isOwn ? "runtime" : "unpacker"), header);
        var bytes = new byte[SelfExtractingHeader.Bytes];
        bytes.AsSpan().Fill((byte)'\n');
        Span<byte> body = bytes.AsSpan(0, SelfExtractingHeader.DigestedBytes);
        Encoding.ASCII.GetBytes(script, body);
        SelfExtractingHeader.WriteDigestLine(Sha256.Hash(body), bytes.AsSpan(SelfExtractingHeader.DigestedBytes));
        return bytes;
    }

    private static string ReadTemplate()
    {
        using Stream stream =
            typeof(SelfExtractingScript).Assembly.GetManifestResourceStream(ResourceName)
            ?? throw new InvalidOperationException($"the resource {ResourceName} is missing");
        using var reader = new StreamReader(stream, Encoding.ASCII);
        return reader.ReadToEnd();
    }

    // Lines between "#if NAME" and "#endif" are for that kind of program alone.
    private static string Select(string template, string kind)
    {
        var script = new StringBuilder(template.Length);
        bool isMeant = true;
        foreach (string line in template.TrimEnd('\n').Split('\n'))
        {
            if (line.StartsWith("#if ", StringComparison.Ordinal))
            {
                isMeant = line[4..] == kind;
            }
            else if (line == "#endif")
            {
                isMeant = true;
            }
            else if (isMeant)
            {
                script.Append(line).Append('\n');
            }
        }
        return script.ToString();
    }

    private static string Fill(string template, SelfExtractingHeader header)
    {
        (string Name, string Value)[] values =
        [
            ("FIELDS", header.Fields),
            ("FORMAT", Number(SelfExtractingHeader.FormatVersion)),
            ("PLATFORM", header.Platform.Subdir),
            ("MACHINES", Machines(header.Platform)),
            ("HEADER", Number(SelfExtractingHeader.Bytes)),
            ("RUNTIME_BLOCKS", Number(header.RuntimeBytes / SelfExtractingHeader.Bytes)),
            ("PAYLOAD_BLOCKS", Number(header.PayloadOffset / SelfExtractingHeader.Bytes)),
            ("PAYLOAD_POSITION", Number(header.PayloadOffset + 1)),
            ("TOTAL", Number(header.TotalBytes)),
            ("END_OFFSET", Number(header.TotalBytes - SelfExtractingHeader.EndMark.Length)),
            ("END_BYTES", Number(SelfExtractingHeader.EndMark.Length)),
            ("END_MARK", Encoding.ASCII.GetString(SelfExtractingHeader.EndMark).TrimEnd('\n')),
        ];
        foreach ((string name, string value) in values)
        {
            template = template.Replace($"@{name}@", value, StringComparison.Ordinal);
        }
        return template;
    }

    // What uname -sm says first; a 64-bit kernel may be asked in the name of 32-bit programs.
    private static string Machines(Platform platform) =>
        platform.Subdir switch
        {
            "linux-64" => "'Linux x86_64'* | 'Linux amd64'* | 'Linux i'?86*",
            "linux-aarch64" => "'Linux aarch64'* | 'Linux arm64'* | 'Linux armv8'*",
            _ => throw new ArgumentOutOfRangeException(nameof(platform)),
        };

    private static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);
}
