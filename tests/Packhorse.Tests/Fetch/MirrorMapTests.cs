using Packhorse.Fetch;

namespace Packhorse.Tests.Fetch;

public sealed class MirrorMapTests
{
    private static readonly MirrorMap Map = new([
        new("https://conda.example", ["https://mirror.example/"]),
        new("https://conda.example/forge/label", ["https://conda.example/forge/label"]),
        new("https://conda.example/bio/", ["https://a.example/bio", "file:///srv/bio"]),
    ]);

    [Theory]
    [InlineData("https://conda.example/forge/noarch/x.conda", "https://mirror.example/forge/noarch/x.conda")]
    [InlineData("HTTPS://Conda.Example:443/forge/x.conda", "https://mirror.example/forge/x.conda")]
    [InlineData("https://conda.example/forge/label/dev/x.conda", "https://conda.example/forge/label/dev/x.conda")]
    [InlineData("https://conda.example/forge/labels/x.conda", "https://mirror.example/forge/labels/x.conda")]
    [InlineData("https://conda.example.org/x.conda", "https://conda.example.org/x.conda")]
    [InlineData("https://conda.example/x.conda?a=b#c", "https://mirror.example/x.conda?a=b#c")]
    [InlineData("/a/path", "/a/path")]
    public void The_longest_prefix_decides(string url, string expected) => Assert.Equal([expected], Map.UrlsFor(url));

    [Fact]
    public void Mirrors_keep_their_order() =>
        Assert.Equal(["https://a.example/bio/x", "file:///srv/bio/x"], Map.UrlsFor("https://conda.example/bio/x"));

    [Fact]
    public void Fewest_failures_come_first_and_equals_keep_their_order()
    {
        var map = new MirrorMap([
            new("https://x.example", ["https://a.example", "https://b.example", "https://c.example"]),
        ]);
        Mirror[] mirrors = [.. map.Candidates("https://x.example/f").Select(candidate => candidate.Mirror!)];
        mirrors[0].AddFailure();
        mirrors[0].AddFailure();
        mirrors[1].AddFailure();
        Assert.Equal(
            ["https://c.example/f", "https://b.example/f", "https://a.example/f"],
            map.UrlsFor("https://x.example/f")
        );
        mirrors[2].AddFailure();
        Assert.Equal(
            ["https://b.example/f", "https://c.example/f", "https://a.example/f"],
            map.UrlsFor("https://x.example/f")
        );
    }
}
