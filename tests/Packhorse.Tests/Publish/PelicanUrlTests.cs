using Packhorse.Publish;

namespace Packhorse.Tests.Publish;

/// <summary>URLs of federations.</summary>
public sealed class PelicanUrlTests
{
    [Theory]
    [InlineData("osdf:///chtc/a/x.sh", "osg-htc.org", "/chtc/a/x.sh", "")]
    [InlineData("OSDF://chtc/a/x.sh", "osg-htc.org", "/chtc/a/x.sh", "")]
    [InlineData("stash:///ospool/x%2C.sh?directread", "osg-htc.org", "/ospool/x%2C.sh", "directread")]
    [InlineData("pelican://fed.example.org:8444/n/x y.sh#sha256=00", "fed.example.org:8444", "/n/x%20y.sh", "")]
    [InlineData("pelican://h/a/../b", "h", "/b", "")]
    public void A_url_is_read(string text, string host, string path, string query)
    {
        PelicanUrl url = PelicanUrl.Parse(text);

        Assert.Equal((host, path, query), (url.Host, url.Path, url.Query));
        Assert.Equal(url, PelicanUrl.Parse(url.ToString()));
    }

    [Theory]
    [InlineData("pelican:///no/host")]
    [InlineData("pelican://user:secret@host/x")]
    [InlineData("osdf:///")]
    [InlineData("osdf:/x")]
    [InlineData("https://host/x")]
    [InlineData("/staging/x")]
    public void What_is_none_is_not_taken_for_one(string text) => Assert.False(PelicanUrl.TryParse(text, out _));

    [Fact]
    public void The_origin_can_be_asked_instead_of_a_cache()
    {
        PelicanUrl url = PelicanUrl.Parse("osdf:///a/x?pack=tar");

        Assert.Equal("osdf:///a/x?pack=tar&directread", url.WithDirectRead().ToString());
        Assert.Equal(url.WithDirectRead(), url.WithDirectRead().WithDirectRead());
        Assert.Equal("osdf:///a/x/b%2Cc", PelicanUrl.Parse("osdf:///a/x").Child("b,c").ToString());
    }
}
