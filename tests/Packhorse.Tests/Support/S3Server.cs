using System.Diagnostics;
using System.Security.Cryptography;
using Packhorse.Fetch;

namespace Packhorse.Tests.Support;

/// <summary>
/// A server of S3 that is not ours, on loopback: <c>s3rver</c> of npm. Of a signature it checks form, access key and time, not the digits:
/// curl is the judge of those. Installed once for all runs, into the user's cache; tests that need it are skipped where npm cannot.
/// </summary>
public sealed class S3Server : IDisposable
{
    public const string AccessKeyId = "S3RVER";
    public const string SecretAccessKey = "S3RVER";
    public const string Bucket = "packages";

    private const string Package = "s3rver@3.7.1";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly ScratchDirectory _scratch = new();
    private readonly Process _process;

    public S3Server()
    {
        string program = InstalledProgram.OfNpm(Package, "node_modules/s3rver/bin/s3rver.js");
        string[] arguments = ["-a", "127.0.0.1", "-p", "0", "-d", _scratch["data"], "--configure-bucket", Bucket];
        _process = Start("node", [program, .. arguments]);
        Task<string?> listening = ReadUntilListeningAsync(_process.StandardOutput);
        if (!listening.Wait(Patience) || listening.Result is null)
        {
            Dispose();
            Assert.Fail("s3rver did not start");
        }
        Endpoint = new Uri($"http://{listening.Result.Split(' ')[^1]}");
        // Else it stops when the pipe is full.
        _ = _process.StandardOutput.BaseStream.CopyToAsync(Stream.Null);
        _ = _process.StandardError.BaseStream.CopyToAsync(Stream.Null);
    }

    public Uri Endpoint { get; }

    /// <summary>Uploads an object.</summary>
    public async Task PutAsync(string key, byte[] content)
    {
        var url = new Uri($"{Endpoint}{Bucket}/{string.Join('/', key.Split('/').Select(Uri.EscapeDataString))}");
        DateTimeOffset now = DateTimeOffset.UtcNow;
        string digest = Convert.ToHexStringLower(SHA256.HashData(content));
        var headers = new Dictionary<string, string>
        {
            ["host"] = url.Authority,
            ["x-amz-content-sha256"] = digest,
            ["x-amz-date"] = RequestSignature.Timestamp(now),
        };
        var signature = new RequestSignature
        {
            AccessKeyId = AccessKeyId,
            SecretAccessKey = SecretAccessKey,
            Region = "us-east-1",
            Time = now,
            Method = "PUT",
            Path = url.AbsolutePath,
            Headers = headers,
            PayloadDigest = digest,
        };
        using var http = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Put, url) { Content = new ByteArrayContent(content) };
        headers.Remove("host");
        foreach ((string name, string value) in headers.Append(new("Authorization", signature.Authorization)))
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }
        using HttpResponseMessage response = await http.SendAsync(request, TestContext.Current.CancellationToken);
        string said = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.True(response.IsSuccessStatusCode, said);
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            _process.WaitForExit();
        }
        _process.Dispose();
        _scratch.Dispose();
    }

    private static async Task<string?> ReadUntilListeningAsync(StreamReader output)
    {
        string? line;
        do
        {
            line = await output.ReadLineAsync();
        } while (line?.StartsWith("S3rver listening on ", StringComparison.Ordinal) == false);
        return line;
    }

    private static Process Start(string program, string[] arguments) =>
        Process.Start(
            new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true }
        )!;
}
