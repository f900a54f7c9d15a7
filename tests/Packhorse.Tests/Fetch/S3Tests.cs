using System.Runtime.Versioning;
using System.Text;
using Packhorse.Fetch;
using Packhorse.Model;
using Packhorse.TestChannel;
using Packhorse.Tests.BadInput;
using Packhorse.Tests.Support;

namespace Packhorse.Tests.Fetch;

/// <summary>One server for all tests of a class, started by the first that needs it.</summary>
public sealed class S3ServerFixture : IDisposable
{
    private readonly Lazy<S3Server> _server = new(() => new S3Server());

    public S3Server Server => _server.Value;

    public void Dispose()
    {
        if (_server.IsValueCreated)
        {
            _server.Value.Dispose();
        }
    }
}

[SupportedOSPlatform("linux")]
public sealed class S3Tests(S3ServerFixture fixture) : IClassFixture<S3ServerFixture>, IAsyncLifetime
{
    private static readonly byte[] Body = FetchBench.RandomBytes(3 << 20);

    private readonly ScratchDirectory _scratch = new();
    private readonly FetchBench _bench = new();

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await _bench.DisposeAsync();
        _scratch.Dispose();
    }

    [Theory]
    [InlineData("channel/noarch/tool-1.0-0.conda")]
    [InlineData("a blank/ä+b=c&d/100%/x (1)!*'.conda")]
    public async Task An_object_is_brought_whatever_its_key(string key)
    {
        await fixture.Server.PutAsync(key, Body);
        Use(S3Server.SecretAccessKey);
        var target = new MemoryTarget();
        string url = $"s3://{S3Server.Bucket}/{string.Join('/', key.Split('/').Select(Uri.EscapeDataString))}";
        await _bench.FetchUrlAsync(url, FetchBench.Expect(Body), target);
        Assert.Equal(Body, target.Bytes);
    }

    [Fact]
    public async Task What_an_earlier_run_left_is_gone_on_from()
    {
        await fixture.Server.PutAsync("rest", Body);
        Use(S3Server.SecretAccessKey);
        byte[] first = Body[..(1 << 20)];
        var target = new MemoryTarget(first);
        await _bench.FetchUrlAsync(
            $"s3://{S3Server.Bucket}/rest",
            FetchBench.Expect(Body),
            target,
            new MemoryStream(first)
        );
        Assert.Equal(Body, target.Bytes);
        Assert.Equal(0, target.Restarts);
    }

    [Fact]
    public async Task A_wrong_key_is_refused_and_named_without_being_shown()
    {
        await fixture.Server.PutAsync("file", Body);
        Use("hunter2", accessKeyId: "SOMEBODY");
        var error = await Assert.ThrowsAsync<SystemRefusedException>(() =>
            _bench.FetchUrlAsync($"s3://{S3Server.Bucket}/file", FetchBench.Expect(Body), new MemoryTarget())
        );
        Assert.Contains($"s3://{S3Server.Bucket}: it refused the S3Credentials of ", error.Hint);
    }

    [Theory]
    [InlineData("channel/noarch/tool-1.0-0.conda")]
    [InlineData("a blank/ä+b=c&d/100%/x (1)!*'~.conda")]
    public void Signatures_are_those_of_curl(string key)
    {
        Assert.SkipUnless(StockTool.IsInstalled("curl"), "no curl on this machine");
        Assert.SkipUnless(StockTool.Run("curl", "--help", "all").Contains("--aws-sigv4"), "a curl that signs nothing");
        string name = key.Split('/')[^1];
        FlakyResource resource = _bench.Server.Serve(Uri.EscapeDataString(name), Body);
        Use("secret", new Uri($"http://{_bench.Server.Authority}"));
        Uri url = new S3Access(_bench.Options).Locate(
            new Uri($"s3://{S3Server.Bucket}/{string.Join('/', key.Split('/').Select(Uri.EscapeDataString))}")
        );
        string[] signing = ["--aws-sigv4", "aws:amz:us-east-1:s3", "--user", "S3RVER:secret"];
        string digest = $"x-amz-content-sha256: {RequestSignature.EmptyPayload}";
        StockTool.Run("curl", ["-sS", "-o", _scratch["got"], .. signing, "-H", digest, url.AbsoluteUri]);
        FlakyRequest request = Assert.Single(resource.Requests);
        string[] signed = request["Authorization"]!.Split("SignedHeaders=")[1].Split(',')[0].Split(';');
        var ours = new RequestSignature
        {
            AccessKeyId = "S3RVER",
            SecretAccessKey = "secret",
            Region = "us-east-1",
            Time = DateTimeOffset.ParseExact(
                request["x-amz-date"]!,
                "yyyyMMdd'T'HHmmss'Z'",
                System.Globalization.CultureInfo.InvariantCulture,
                System.Globalization.DateTimeStyles.AssumeUniversal
            ),
            Path = url.AbsolutePath,
            Headers = signed.ToDictionary(header => header, header => request[header]!),
        };
        Assert.Equal(
            request["Authorization"]!.Replace(" ", "", StringComparison.Ordinal),
            ours.Authorization.Replace(" ", "", StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task What_is_not_in_the_bucket_is_told()
    {
        Use(S3Server.SecretAccessKey);
        var error = await Assert.ThrowsAsync<NotFoundException>(() =>
            _bench.FetchUrlAsync($"s3://{S3Server.Bucket}/none", FetchBench.Expect(Body), new MemoryTarget())
        );
        Assert.Equal(ErrorCodes.UrlNotFound, error.Code);
        Assert.Contains($"'s3://{S3Server.Bucket}/none'", error.Message);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_channel_in_a_bucket_is_packed(bool byVariables)
    {
        var channel = new ChannelDirectory(_scratch["channel"]);
        BuiltPackage package = channel.Add(new PackageBuilder("tool").AddFile("share/tool", "x"));
        string key = $"channel/{package.Record.Subdir}/{package.FileName}";
        await fixture.Server.PutAsync(key, package.ToArray());
        channel.WriteLock(_scratch["project"], $"s3://{S3Server.Bucket}/channel/");
        string[] more = [];
        string variables =
            $"AWS_ENDPOINT_URL={fixture.Server.Endpoint} AWS_ACCESS_KEY_ID=S3RVER AWS_SECRET_ACCESS_KEY=S3RVER";
        if (!byVariables)
        {
            string config = _scratch.Write(
                "config.toml",
                Encoding.UTF8.GetBytes(
                    $"[s3-options.{S3Server.Bucket}]\nendpoint-url = '{fixture.Server.Endpoint}'\nregion = 'us-east-1'\nforce-path-style = true\n"
                )
            );
            string credentials = WriteCredentials("S3RVER");
            more = ["--config", config, "--auth-file", credentials];
            variables = "AWS_REGION=us-east-1";
        }
        using PackhorseProcess process = PackhorseProcess.Shell(
            $"export HOME=/nonexistent {variables}; exec \"$@\"",
            ["pack", _scratch["project"], "-p", "linux-64", "-o", _scratch["e.tar"], .. more]
        );
        (int exitCode, string error) = process.Wait();
        Assert.True(exitCode == 0, error);
        Assert.Equal(0, Cli.Run("verify", _scratch["e.tar"]).ExitCode);
    }

    [Theory]
    [InlineData("s3://bucket/a/b.conda", null, null, "https://bucket.s3.us-east-1.amazonaws.com/a/b.conda")]
    [InlineData(
        "s3://dotted.bucket/b.conda",
        null,
        "eu-west-1",
        "https://s3.eu-west-1.amazonaws.com/dotted.bucket/b.conda"
    )]
    [InlineData("s3://bucket/b.conda", null, "cn-north-1", "https://bucket.s3.cn-north-1.amazonaws.com.cn/b.conda")]
    [InlineData("s3://bucket/b.conda", "https://s3.example.org/", null, "https://s3.example.org/bucket/b.conda")]
    [InlineData("s3://own/b.conda", "https://s3.example.org/", null, "https://own.minio.example.org:9000/x/b.conda")]
    public void Buckets_are_where_they_should_be(string url, string? endpoint, string? region, string expected)
    {
        var access = new S3Access(
            _bench.Options with
            {
                Aws = new AwsSettings { Endpoint = endpoint is null ? null : new Uri(endpoint), Region = region },
                Buckets = new Dictionary<string, S3Options>
                {
                    ["own"] = new() { Endpoint = new Uri("https://minio.example.org:9000/x/") },
                },
            }
        );
        Assert.Equal(expected, access.Locate(new Uri(url)).AbsoluteUri);
    }

    [Fact]
    public async Task A_bucket_of_another_region_is_asked_there_once()
    {
        FlakyResource resource = _bench.Server.Serve(
            "file",
            Body,
            new FlakyAnswer { Status = 301, Headers = ["x-amz-bucket-region: eu-central-1"] }
        );
        Use("secret", new Uri($"http://{_bench.Server.Authority}"));
        await _bench.FetchUrlAsync($"s3://{S3Server.Bucket}/file", FetchBench.Expect(Body), new MemoryTarget());
        Assert.Equal(
            ["us-east-1", "eu-central-1"],
            resource.Requests.Select(request => request["Authorization"]!.Split('/')[2])
        );
    }

    [Fact]
    public async Task Without_a_key_requests_are_not_signed()
    {
        FlakyResource resource = _bench.Server.Serve("file", Body);
        _bench.Options = _bench.Options with
        {
            Aws = new AwsSettings { Endpoint = new Uri($"http://{_bench.Server.Authority}") },
        };
        await _bench.FetchUrlAsync("s3://public/file", FetchBench.Expect(Body), new MemoryTarget());
        FlakyRequest request = Assert.Single(resource.Requests);
        Assert.Equal("/public/file", request.Path);
        Assert.Null(request["Authorization"]);
    }

    [Fact]
    public void The_chain_of_settings_is_that_of_aws_tools()
    {
        Protect(
            _scratch.Write(
                ".aws/credentials",
                """
                [default]
                aws_access_key_id = DEFAULT
                aws_secret_access_key = secret
                [ work ]
                aws_access_key_id=WORK
                aws_secret_access_key=secret
                aws_session_token=token
                """u8
            )
        );
        _scratch.Write(
            ".aws/config",
            """
            [default]
            region = eu-north-1
            [profile work]
            region = eu-west-3
            s3 =
              endpoint_url = https://not.this.example
            endpoint_url = https://s3.example.org
            """u8
        );
        var variables = new AwsVariables { Home = _scratch.Root };
        AwsSettings settings = Load(variables);
        Assert.Equal(("DEFAULT", "eu-north-1"), (settings.Credential!.AccessKeyId, settings.Region));
        settings = Load(variables with { Profile = "work" });
        Assert.Equal(("WORK", "eu-west-3"), (settings.Credential!.AccessKeyId, settings.Region));
        Assert.Equal("https://s3.example.org/", settings.Endpoint!.AbsoluteUri);
        Assert.Contains("the profile work of ", $"{settings.Credential}");
        settings = Load(variables with { AccessKeyId = "VARIABLE", SecretAccessKey = "secret", Region = "us-west-2" });
        Assert.Equal(("VARIABLE", "us-west-2"), (settings.Credential!.AccessKeyId, settings.Region));
        Assert.Null(Load(new AwsVariables()).Credential);
    }

    private static AwsSettings Load(AwsVariables variables) =>
        AwsSettings.Load(variables, warning => Assert.Fail(warning));

    private void Use(string secret, Uri? endpoint = null, string accessKeyId = S3Server.AccessKeyId) =>
        _bench.Options = _bench.Options with
        {
            Credentials = Credentials.Load(
                new CredentialPaths { Named = [WriteCredentials(secret, accessKeyId)] },
                DateTimeOffset.UtcNow,
                _ => { }
            ),
            Buckets = new Dictionary<string, S3Options>
            {
                [S3Server.Bucket] = new() { Endpoint = endpoint ?? fixture.Server.Endpoint, ForcePathStyle = true },
            },
        };

    private string WriteCredentials(string secret, string accessKeyId = S3Server.AccessKeyId) =>
        Protect(
            _scratch.Write(
                "credentials.json",
                Encoding.UTF8.GetBytes(
                    """{"s3://packages": {"S3Credentials": {"access_key_id": "WHO", "secret_access_key": "SECRET"}}}"""
                        .Replace("SECRET", secret, StringComparison.Ordinal)
                        .Replace("WHO", accessKeyId, StringComparison.Ordinal)
                )
            )
        );

    private static string Protect(string path)
    {
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        return path;
    }
}
