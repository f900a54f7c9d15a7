using Packhorse.Fetch;

namespace Packhorse.Tests.Fetch;

/// <summary>The examples of AWS's Signature Version 4 test suite, and those of the Amazon S3 API Reference.</summary>
public sealed class RequestSignatureTests
{
    private static readonly DateTimeOffset SuiteTime = new(2015, 8, 30, 12, 36, 0, TimeSpan.Zero);
    private static readonly DateTimeOffset S3Time = new(2013, 5, 24, 0, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData("/", "", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31")]
    [InlineData("/", "Param2=value2 Param1=value1", "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500")]
    [InlineData("/", "Param1=value2 Param1=value1", "5772eed61e12b33fae39ee5e7012498b51d56abc0abb7c60486157bd471c4694")]
    [InlineData("/%E1%88%B4", "", "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85")]
    public void The_suites_requests_have_the_suites_signatures(string path, string query, string expected)
    {
        var headers = new Dictionary<string, string>
        {
            ["host"] = "example.amazonaws.com",
            ["x-amz-date"] = "20150830T123600Z",
        };
        var signature = new RequestSignature
        {
            AccessKeyId = "AKIDEXAMPLE",
            SecretAccessKey = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
            Region = "us-east-1",
            Service = "service",
            Time = SuiteTime,
            Path = path,
            Query = Pairs(query),
            Headers = headers,
        };
        Assert.Equal(expected, signature.Signature);
        Assert.StartsWith(
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request,SignedHeaders=host;x-amz-date,Signature=",
            signature.Authorization
        );
    }

    [Theory]
    [InlineData("/test.txt", "", "bytes=0-9", "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41")]
    [InlineData("/", "lifecycle=", "", "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543")]
    [InlineData("/", "max-keys=2 prefix=J", "", "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7")]
    public void The_references_requests_have_the_references_signatures(
        string path,
        string query,
        string range,
        string expected
    )
    {
        var headers = new Dictionary<string, string>
        {
            ["host"] = "examplebucket.s3.amazonaws.com",
            ["x-amz-content-sha256"] = RequestSignature.EmptyPayload,
            ["x-amz-date"] = "20130524T000000Z",
        };
        if (range.Length > 0)
        {
            headers.Add("range", range);
        }
        Assert.Equal(expected, S3(path, query, headers, RequestSignature.EmptyPayload, "GET").Signature);
    }

    [Fact]
    public void An_upload_is_signed_with_its_body()
    {
        const string Digest = "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072";
        var headers = new Dictionary<string, string>
        {
            ["date"] = "Fri, 24 May 2013 00:00:00 GMT",
            ["host"] = "examplebucket.s3.amazonaws.com",
            ["x-amz-content-sha256"] = Digest,
            ["x-amz-date"] = "20130524T000000Z",
            ["x-amz-storage-class"] = "REDUCED_REDUNDANCY",
        };
        Assert.Equal(
            "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
            S3("/test%24file.text", "", headers, Digest, "PUT").Signature
        );
    }

    private static RequestSignature S3(
        string path,
        string query,
        Dictionary<string, string> headers,
        string digest,
        string method
    ) =>
        new()
        {
            AccessKeyId = "AKIAIOSFODNN7EXAMPLE",
            SecretAccessKey = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
            Region = "us-east-1",
            Time = S3Time,
            Method = method,
            Path = path,
            Query = Pairs(query),
            Headers = headers,
            PayloadDigest = digest,
        };

    private static KeyValuePair<string, string>[] Pairs(string query) =>
        [
            .. query
                .Split(' ', StringSplitOptions.RemoveEmptyEntries)
                .Select(pair => KeyValuePair.Create(pair.Split('=')[0], pair.Split('=')[1])),
        ];
}
