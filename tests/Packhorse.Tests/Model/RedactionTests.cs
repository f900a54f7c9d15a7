using Packhorse.Model;

namespace Packhorse.Tests.Model;

public sealed class RedactionTests
{
    [Theory]
    [InlineData("https://h/t/abc/c/x.conda", "https://h/t/***/c/x.conda")]
    [InlineData("https://h/t/abc", "https://h/t/***")]
    [InlineData("https://h/a/t/abc/t/def/x", "https://h/a/t/***/t/***/x")]
    [InlineData("https://h/t//abc", "https://h/t//***")]
    [InlineData("https://h/test/abc", "https://h/test/abc")]
    [InlineData("https://me:pw@h:8/x", "https://***@h:8/x")]
    [InlineData("https://me:p@w@h/x", "https://***@h/x")]
    [InlineData("https://token@h", "https://***@h")]
    [InlineData("https://h/a@b", "https://h/a@b")]
    [InlineData("https://h/x?X-Amz-Signature=s&X-Amz-Date=d&a=b", "https://h/x?X-Amz-Signature=***&X-Amz-Date=***&a=b")]
    [InlineData("https://h/x?sv=1&sig=s%3D", "https://h/x?sv=1&sig=***")]
    [InlineData("https://h/x?access_token=a&TOKEN=b", "https://h/x?access_token=***&TOKEN=***")]
    [InlineData("https://h?key=a/b@c", "https://h?key=***")]
    [InlineData("https://h/x#sha256=00", "https://h/x#sha256=00")]
    [InlineData("https://h/x#access_token=a", "https://h/x#access_token=***")]
    [InlineData("https://h/x?", "https://h/x?")]
    [InlineData("https://", "https://")]
    [InlineData("whatever://me:pw@[broken/t/abc", "whatever://***@[broken/t/***")]
    [InlineData("/home/t/data?sig=a", "/home/t/data?sig=a")]
    [InlineData("", "")]
    public void Secrets_of_urls_are_taken_out(string url, string shown) => Assert.Equal(shown, Redaction.Url(url));

    [Fact]
    public void Quoted_urls_have_no_control_characters() =>
        Assert.Equal("'https://***@h/\\u{1b}'", Redaction.Quote("https://pw@h/\u001b"));
}
