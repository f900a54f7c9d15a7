using Packhorse.Fetch;
using Packhorse.Model;
using Packhorse.Tests.Support;

namespace Packhorse.Tests.Fetch;

public sealed class FileSourceTests : IAsyncLifetime
{
    private static readonly byte[] Body = FetchBench.RandomBytes(2_500_000);

    private readonly FetchBench _bench = new();
    private readonly ScratchDirectory _scratch = new();
    private readonly MemoryTarget _target = new();

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync()
    {
        _scratch.Dispose();
        return _bench.DisposeAsync();
    }

    [Theory]
    [InlineData("a.conda", "{0}/a.conda")]
    [InlineData("a.conda", "file://{0}/a.conda")]
    [InlineData("a.conda", "file://localhost{0}/a.conda")]
    [InlineData("a.conda", "file:{0}/a.conda")]
    [InlineData("a b%c.conda", "file://{0}/a%20b%25c.conda")]
    [InlineData("a b%c.conda", "{0}/a b%c.conda")]
    public async Task Paths_and_file_urls_are_read(string name, string url)
    {
        _scratch.Write(name, Body);
        FetchedContent content = await FetchAsync(string.Format(url, _scratch.Root), FetchBench.Expect(Body));
        Assert.Equal(Body, _target.Bytes);
        Assert.Equal(FetchBench.Expect(Body).Sha256, content.Sha256);
        Assert.Equal(Body.Length, _target.Total);
        Assert.Equal(Body.Length, _bench.Reporter.Bytes);
    }

    [Fact]
    public async Task Files_are_verified_like_downloads()
    {
        string path = _scratch.Write("a.conda", Body);
        ExpectedContent other = FetchBench.Expect(FetchBench.RandomBytes(Body.Length, seed: 5));
        var error = await Assert.ThrowsAsync<CorruptDataException>(() => FetchAsync(path, other));
        Assert.Equal(ErrorCodes.DigestMismatch, error.Code);
        Assert.Contains(path, error.Message);
        Assert.Equal(
            [new FetchIncident("this machine", FetchIncidentKind.WrongBytes, 1)],
            _bench.Fetcher.Report.Incidents
        );
    }

    [Fact]
    public async Task Files_of_another_size_are_refused_unread()
    {
        string path = _scratch.Write("a.conda", Body);
        var error = await Assert.ThrowsAsync<CorruptDataException>(() =>
            FetchAsync(path, new ExpectedContent(9, null, null))
        );
        Assert.Equal(ErrorCodes.SizeMismatch, error.Code);
        Assert.Empty(_target.Bytes);
    }

    [Fact]
    public async Task Missing_files_are_named()
    {
        var error = await Assert.ThrowsAsync<NotFoundException>(() => FetchAsync(_scratch["none"], default));
        Assert.Equal(ErrorCodes.FileNotFound, error.Code);
        Assert.Contains(_scratch["none"], error.Message);
    }

    [Fact]
    public async Task Directories_are_refused() =>
        await Assert.ThrowsAsync<SystemRefusedException>(() => FetchAsync(_scratch.Root, default));

    [Fact]
    public async Task A_file_can_be_the_mirror_of_a_url()
    {
        _scratch.Write("file.conda", Body);
        _bench.Server.Serve("file.conda", Body, new FlakyAnswer { CutAfter = 1_000_000 });
        _bench.Mirrors = FetchBench.MirroredBy(FetchBench.SecretPrefix(_bench.Server), $"file://{_scratch.Root}");
        await FetchAsync(FetchBench.MirroredUrl, FetchBench.Expect(Body));
        Assert.Equal(Body, _target.Bytes);
        Assert.Equal(0, _target.Restarts);
    }

    [Theory]
    [InlineData("oci://registry.example/a.conda")]
    [InlineData("gcs://bucket/a.conda")]
    [InlineData("gs://bucket/a.conda")]
    [InlineData("file://otherhost/a.conda")]
    [InlineData("https://")]
    [InlineData("http://[::1/a.conda")]
    public async Task Urls_that_cannot_be_read_are_mistakes(string url)
    {
        var error = await Assert.ThrowsAsync<UsageException>(() => FetchAsync(url, default));
        Assert.Equal(ErrorCodes.UnsupportedUrl, error.Code);
    }

    [Theory]
    [InlineData("")]
    [InlineData("a\0b")]
    [InlineData("file:///a%00b")]
    public async Task Text_that_cannot_be_a_path_is_a_mistake(string url) =>
        await Assert.ThrowsAsync<UsageException>(() => FetchAsync(url, default));

    private Task<FetchedContent> FetchAsync(string url, ExpectedContent expected) =>
        _bench.FetchUrlAsync(url, expected, _target);
}
