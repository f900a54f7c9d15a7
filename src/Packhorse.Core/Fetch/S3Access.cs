using System.Collections.Concurrent;
using System.Net;

namespace Packhorse.Fetch;

/// <summary>Makes requests to the web of <c>s3://BUCKET/KEY</c>.</summary>
internal sealed class S3Access(FetchOptions options)
{
    private readonly ConcurrentDictionary<string, string> _regions = new(StringComparer.Ordinal);

    /// <summary>What signs requests for a bucket: a credentials file's entry, else what the environment says; null for nothing.</summary>
    public static S3Credential? KeyFor(Uri url, FetchOptions options) =>
        options.Credentials.Find(url) as S3Credential ?? options.Aws.Credential;

    /// <summary>Where an object is served.</summary>
    public Uri Locate(Uri url)
    {
        string bucket = url.Host;
        S3Options? own = options.Buckets.GetValueOrDefault(bucket);
        Uri? endpoint = own?.Endpoint ?? (own is null ? options.Aws.Endpoint : null);
        string region = RegionOf(bucket);
        // Segments encoded once and strictly: what is sent is what is signed.
        string key = string.Join(
            '/',
            url.AbsolutePath.TrimStart('/')
                .Split('/')
                .Select(segment => Uri.EscapeDataString(Uri.UnescapeDataString(segment)))
        );
        // With a dot in it the bucket would not be covered by the certificate's star; an address has no names below it.
        bool inPath = own?.ForcePathStyle ?? (endpoint is not null || bucket.Contains('.', StringComparison.Ordinal));
        inPath |= endpoint is { HostNameType: not UriHostNameType.Dns };
        string suffix = region.StartsWith("cn-", StringComparison.Ordinal) ? ".cn" : "";
        string root = endpoint is null
            ? $"https://{(inPath ? "" : $"{bucket}.")}s3.{region}.amazonaws.com{suffix}"
            : $"{endpoint.Scheme}://{(inPath ? "" : $"{bucket}.")}{endpoint.Authority}{endpoint.AbsolutePath.TrimEnd('/')}";
        return new Uri(inPath ? $"{root}/{bucket}/{key}" : $"{root}/{key}");
    }

    /// <summary>Signs a request; one without a credential stays as it is.</summary>
    public void Sign(HttpRequestMessage request, string bucket, S3Credential? key)
    {
        if (key is null)
        {
            return;
        }
        DateTimeOffset now = options.Clock.GetUtcNow();
        Uri url = request.RequestUri!;
        var headers = new Dictionary<string, string>
        {
            ["host"] = url.Authority,
            ["x-amz-content-sha256"] = RequestSignature.EmptyPayload,
            ["x-amz-date"] = RequestSignature.Timestamp(now),
        };
        if (key.SessionToken is { } token)
        {
            headers.Add("x-amz-security-token", token);
        }
        var signature = new RequestSignature
        {
            AccessKeyId = key.AccessKeyId,
            SecretAccessKey = key.SecretAccessKey,
            Region = RegionOf(bucket),
            Time = now,
            Method = request.Method.Method,
            Path = url.AbsolutePath,
            Headers = headers,
        };
        foreach ((string name, string value) in headers.Where(header => header.Key != "host"))
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }
        request.Headers.TryAddWithoutValidation("Authorization", signature.Authorization);
    }

    /// <summary>Takes over the region that an answer names, when it is another one.</summary>
    /// <returns>True when the request should be made again, there.</returns>
    public bool Learn(string bucket, HttpResponseMessage response)
    {
        bool isElsewhere =
            response.StatusCode
            is HttpStatusCode.MovedPermanently
                or HttpStatusCode.TemporaryRedirect
                or HttpStatusCode.BadRequest
                or HttpStatusCode.Forbidden;
        if (!isElsewhere || !response.Headers.TryGetValues("x-amz-bucket-region", out IEnumerable<string>? values))
        {
            return false;
        }
        string region = values.First();
        // It becomes a part of the host's name.
        bool isRegion = region.Length is > 0 and < 64 && region.All(c => char.IsAsciiLetterOrDigit(c) || c == '-');
        if (!isRegion || region == RegionOf(bucket))
        {
            return false;
        }
        _regions[bucket] = region;
        return true;
    }

    private string RegionOf(string bucket) =>
        _regions.GetValueOrDefault(bucket)
        ?? options.Buckets.GetValueOrDefault(bucket)?.Region
        ?? options.Aws.Region
        ?? "us-east-1";
}
