using Packhorse.Lock;

namespace Packhorse.Tests.Lock;

public sealed class PackageLocationTests
{
    [Theory]
    [InlineData("https://example.org/c/linux-64/a-1-0.conda", "https")]
    [InlineData("HTTP://example.org/a", "http")]
    [InlineData("s3://bucket/c/noarch/a-1-0.conda", "s3")]
    [InlineData("gcs://bucket/a-1-0.conda", "gcs")]
    [InlineData("oci://ghcr.io/channel/a-1-0.conda", "oci")]
    [InlineData("git+ssh://git@github.com/pallets/flask@b90a", "git+ssh")]
    [InlineData("mailto:somebody", "mailto")]
    public void A_text_with_a_scheme_is_a_url(string text, string scheme)
    {
        PackageLocation location = Parse(text);

        Assert.Equal(text, location.Url);
        Assert.Null(location.Path);
        Assert.Equal(scheme, location.Scheme);
    }

    [Theory]
    [InlineData("./a", "./a")]
    [InlineData("../a b", "../a b")]
    [InlineData(".", ".")]
    [InlineData("/home/bob/a.whl", "/home/bob/a.whl")]
    [InlineData(@"E:\a\b/c", @"E:\a\b/c")]
    [InlineData("c:/temp/a", "c:/temp/a")]
    [InlineData(@"\\server\share", @"\\server\share")]
    [InlineData("a/b:c", "a/b:c")]
    [InlineData("1a:b", "1a:b")]
    [InlineData("file:///home/bob/a%20b.whl", "/home/bob/a b.whl")]
    [InlineData("FILE://localhost/home/bob", "/home/bob")]
    [InlineData("file:///C:/Code/a", "C:/Code/a")]
    [InlineData("file://server/share/a", @"\\server\share\a")]
    [InlineData("direct+file:///a", "/a")]
    [InlineData("https//example.org", "https//example.org")]
    public void Anything_else_and_file_urls_are_paths(string text, string path)
    {
        PackageLocation location = Parse(text);

        Assert.Equal(path, location.Path);
        Assert.Null(location.Url);
        Assert.Null(location.Scheme);
        Assert.Equal(text, location.Text);
    }

    [Theory]
    [InlineData("https://example.org/c/noarch/x264-1%21161.3030-h0.conda", "x264-1!161.3030-h0.conda")]
    [InlineData("https://example.org/a.whl#sha256=abc/def", "a.whl")]
    [InlineData("https://example.org/a.whl?x=/y", "a.whl")]
    [InlineData("https://example.org/a/", null)]
    [InlineData("https://example.org", null)]
    [InlineData("mailto:somebody", null)]
    [InlineData("./links/a%21.whl", "a%21.whl")]
    [InlineData(@"E:\links\a.whl", "a.whl")]
    [InlineData(@"E:/links/a.whl", "a.whl")]
    [InlineData("./", null)]
    [InlineData(".", null)]
    [InlineData("..", null)]
    [InlineData("a/..", null)]
    [InlineData("a", "a")]
    public void File_names_are_decoded_in_urls_only(string text, string? fileName) =>
        Assert.Equal(fileName, Parse(text).FileName);

    [Theory]
    [InlineData("", "is no location")]
    [InlineData("direct+", "is no location")]
    [InlineData("file:", "is no location")]
    [InlineData("https://", "is not a URL")]
    [InlineData("https:a", "is not a URL")]
    [InlineData("https://exa mple.org/a", "is not a URL")]
    [InlineData("https://example.org:port/a", "is not a URL")]
    [InlineData("a\nb", "has control characters")]
    [InlineData("file:///a%00b", "has control characters")]
    [InlineData("https://example.org/..%2Fa.conda", "has an unsafe file name")]
    [InlineData("https://example.org/..%5Ca.conda", "has an unsafe file name")]
    [InlineData("https://example.org/a%0a.conda", "has an unsafe file name")]
    public void Locations_that_mean_nothing_or_lead_out_are_refused(string text, string expected)
    {
        Assert.False(PackageLocation.TryParse(text, out PackageLocation? location, out string? problem));
        Assert.Null(location);
        Assert.Equal(expected, problem);
    }

    [Theory]
    [InlineData("https://example.org/c/linux-64/a-1-0.conda", "https://example.org/c/")]
    [InlineData("https://example.org/t/TOKEN/c/linux-64/a-1-0.conda?x#y", "https://example.org/t/TOKEN/c/")]
    [InlineData("https://example.org/linux-64/a-1-0.conda", "https://example.org/")]
    [InlineData("https://example.org/a-1-0.conda", "https://example.org/")]
    [InlineData("s3://bucket/c/noarch/a-1-0.conda", "s3://bucket/c/")]
    [InlineData("/c/noarch/a-1-0.conda", null)]
    public void The_channel_is_the_url_without_its_last_two_segments(string text, string? channel) =>
        Assert.Equal(channel, Parse(text).DeriveChannel());

    [Theory]
    [InlineData("./a", "a", true)]
    [InlineData(".", "./", true)]
    [InlineData("..", "../", true)]
    [InlineData(".", "..", false)]
    [InlineData("..", "../..", false)]
    [InlineData("../a/../b", "../b", true)]
    [InlineData("a/b/..", "a", true)]
    [InlineData("/../a", "/a", true)]
    [InlineData("/a", "a", false)]
    [InlineData("file:///home/bob/a.txt", "/home/bob/a.txt", true)]
    [InlineData(@"C:\a\b", "C:/a/b", true)]
    [InlineData("https://example.org/a", "https://example.org/a/../a", false)]
    public void Paths_are_the_same_when_they_mean_the_same(string left, string right, bool same) =>
        Assert.Equal(same, Parse(left).Key == Parse(right).Key);

    private static PackageLocation Parse(string text)
    {
        Assert.True(PackageLocation.TryParse(text, out PackageLocation? location, out string? problem), problem);
        return location;
    }
}
