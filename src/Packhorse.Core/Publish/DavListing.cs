using System.Globalization;
using System.Xml;
using Packhorse.Model;

namespace Packhorse.Publish;

/// <summary>A file of a listing.</summary>
/// <param name="Size">Bytes.</param>
internal readonly record struct ListedObject(string Name, long Size, DateTimeOffset Modified);

/// <summary>Reads the answer to a PROPFIND of depth 1 (RFC 4918, 14.16).</summary>
internal static class DavListing
{
    private const string Namespace = "DAV:";

    /// <param name="directory">The path that was asked for, not escaped: itself and what is not in it are left out.</param>
    /// <param name="where">The server, for messages.</param>
    /// <exception cref="CorruptDataException">It is no such answer.</exception>
    public static IReadOnlyList<ListedObject> Parse(string xml, string directory, string where)
    {
        var settings = new XmlReaderSettings
        {
            DtdProcessing = DtdProcessing.Prohibit,
            XmlResolver = null,
            IgnoreComments = true,
            IgnoreWhitespace = true,
        };
        var found = new List<ListedObject>();
        try
        {
            using var reader = XmlReader.Create(new StringReader(xml), settings);
            while (reader.ReadToFollowing("response", Namespace))
            {
                using XmlReader one = reader.ReadSubtree();
                if (ReadOne(one, directory.TrimEnd('/')) is { } entry)
                {
                    found.Add(entry);
                }
            }
        }
        catch (Exception error) when (error is XmlException or FormatException or OverflowException)
        {
            throw new CorruptDataException(
                ErrorCodes.Malformed,
                $"the listing of {where} makes no sense: {error.Message}",
                error
            );
        }
        return [.. found.OrderBy(entry => entry.Name, StringComparer.Ordinal)];
    }

    private static ListedObject? ReadOne(XmlReader reader, string directory)
    {
        string? path = null;
        long size = 0;
        DateTimeOffset modified = DateTimeOffset.UnixEpoch;
        bool isDirectory = false;
        reader.Read();
        while (!reader.EOF)
        {
            // Reading a text moves to what follows it.
            switch (reader.NodeType == XmlNodeType.Element && reader.NamespaceURI == Namespace ? reader.LocalName : "")
            {
                case "href":
                    path = PathOf(reader.ReadElementContentAsString());
                    break;
                case "getcontentlength":
                    string length = reader.ReadElementContentAsString();
                    size = length.Length == 0 ? 0 : long.Parse(length, NumberStyles.None, CultureInfo.InvariantCulture);
                    break;
                case "getlastmodified":
                    modified = DateTimeOffset.TryParse(
                        reader.ReadElementContentAsString(),
                        CultureInfo.InvariantCulture,
                        DateTimeStyles.AssumeUniversal,
                        out DateTimeOffset time
                    )
                        ? time
                        : modified;
                    break;
                case "collection":
                    isDirectory = true;
                    reader.Read();
                    break;
                // XRootD's word for it.
                case "iscollection":
                    isDirectory |= reader.ReadElementContentAsString() == "1";
                    break;
                default:
                    reader.Read();
                    break;
            }
        }
        return !isDirectory && path is not null && NameIn(directory, path) is { } name
            ? new ListedObject(name, size, modified)
            : null;
    }

    private static string PathOf(string href) =>
        Uri.UnescapeDataString(
            Uri.TryCreate(href, UriKind.Absolute, out Uri? url) && url.Scheme is "http" or "https"
                ? url.AbsolutePath
                : href
        );

    private static string? NameIn(string directory, string path)
    {
        string[] parts = [.. path.Split('/', StringSplitOptions.RemoveEmptyEntries)];
        return
            parts.Length > 0
            && parts[^1] is not ("." or "..")
            && string.Join('/', parts[..^1])
                == string.Join('/', directory.Split('/', StringSplitOptions.RemoveEmptyEntries))
            ? parts[^1]
            : null;
    }
}
