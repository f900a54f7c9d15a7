using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Packhorse.Codecs;

namespace Packhorse.Fetch;

/// <summary>
/// AWS Signature Version 4 in an Authorization header ("Authenticating Requests: Using the Authorization Header", Amazon S3 API
/// Reference). A pure function of its members.
/// </summary>
internal sealed record RequestSignature
{
    /// <summary>Stands for a body that is not signed; of a GET there is none.</summary>
    public const string EmptyPayload = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    private const string Algorithm = "AWS4-HMAC-SHA256";

    public required string AccessKeyId { get; init; }

    public required string SecretAccessKey { get; init; }

    public required string Region { get; init; }

    public string Service { get; init; } = "s3";

    public required DateTimeOffset Time { get; init; }

    public string Method { get; init; } = "GET";

    /// <summary>As it is sent: each segment percent-encoded once.</summary>
    public required string Path { get; init; }

    /// <summary>Names and values, not encoded.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Query { get; init; } = [];

    /// <summary>Those that are signed, host and x-amz-date among them; names in lower case.</summary>
    public required IReadOnlyDictionary<string, string> Headers { get; init; }

    /// <summary>SHA-256 of the body, in hexadecimal digits.</summary>
    public string PayloadDigest { get; init; } = EmptyPayload;

    /// <summary>What x-amz-date says.</summary>
    public static string Timestamp(DateTimeOffset time) =>
        time.UtcDateTime.ToString("yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture);

    /// <summary>The value of the Authorization header.</summary>
    public string Authorization =>
        $"{Algorithm} Credential={AccessKeyId}/{Scope},SignedHeaders={SignedHeaders},Signature={Signature}";

    internal string Signature
    {
        get
        {
            string text =
                $"{Algorithm}\n{Timestamp(Time)}\n{Scope}\n{Sha256.Hash(Encoding.UTF8.GetBytes(CanonicalRequest))}";
            byte[] key = Encoding.UTF8.GetBytes($"AWS4{SecretAccessKey}");
            foreach (string part in (string[])[Day, Region, Service, "aws4_request"])
            {
                key = HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(part));
            }
            return Convert.ToHexStringLower(HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(text)));
        }
    }

    internal string CanonicalRequest
    {
        get
        {
            IEnumerable<string> query = Query
                .Select(pair => (Name: Uri.EscapeDataString(pair.Key), Value: Uri.EscapeDataString(pair.Value)))
                .OrderBy(pair => pair.Name, StringComparer.Ordinal)
                .ThenBy(pair => pair.Value, StringComparer.Ordinal)
                .Select(pair => $"{pair.Name}={pair.Value}");
            IEnumerable<string> headers = SortedHeaders.Select(header => $"{header.Key}:{Trimmed(header.Value)}\n");
            return $"{Method}\n{Path}\n{string.Join('&', query)}\n{string.Concat(headers)}\n{SignedHeaders}\n{PayloadDigest}";
        }
    }

    private string Day => Timestamp(Time)[..8];

    private string Scope => $"{Day}/{Region}/{Service}/aws4_request";

    private string SignedHeaders => string.Join(';', SortedHeaders.Select(header => header.Key));

    private IEnumerable<KeyValuePair<string, string>> SortedHeaders =>
        Headers.OrderBy(header => header.Key, StringComparer.Ordinal);

    // Blanks in a row count as one.
    private static string Trimmed(string value) =>
        string.Join(' ', value.Split(' ', StringSplitOptions.RemoveEmptyEntries));
}
