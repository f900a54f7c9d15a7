using Packhorse.Model;

namespace Packhorse.Tests.Model;

/// <summary>Digits of the content in names, written and read.</summary>
public sealed class NameHashTests
{
    [Theory]
    [InlineData("environment-b8dd14a4.sh", "b8dd14a4", null)]
    [InlineData("a/b/gpu_0123456789abcdef.sqfs", "0123456789abcdef", null)]
    [InlineData("osdf:///chtc/staging/a/env.deadbeef.3.tar", "deadbeef", 3)]
    [InlineData("x-20261122-1a2b3c4d.ps1", "1a2b3c4d", null)]
    public void A_hash_in_a_name_is_found(string name, string digits, int? attempt)
    {
        Assert.Equal(new NameHash(digits, attempt), NameHash.Find(name));
    }

    [Theory]
    [InlineData("environment-20261122.sh")]
    [InlineData("environment-2026112212345678.3.tar")]
    [InlineData("environment-b8dd14a.sh")]
    [InlineData("environment-B8DD14A4.sh")]
    [InlineData("environmentb8dd14a4.sh")]
    [InlineData("environment-b8dd14a4.zip")]
    [InlineData("environment-b8dd14a4.sh.part")]
    [InlineData("environment-b8dd14a4.sh\n")]
    [InlineData("environment-b8dd14a4.x.sh")]
    [InlineData("")]
    public void Dates_and_what_only_looks_similar_are_none(string name)
    {
        Assert.Null(NameHash.Find(name));
    }

    [Fact]
    public void Digits_grow_until_one_is_a_letter()
    {
        string text = "1234567890a" + new string('0', 53);
        Assert.True(Digest.TryParse(text, out Digest digest));

        Assert.Equal("1234567890a", NameHash.DigitsOf(digest, 8));
        Assert.Equal("x-1234567890a.sh", NameTemplate.Parse("x-{sha256:8}.sh").Fill(digest));
        Assert.Equal("x-1234567890a0.2.sh", NameTemplate.Parse("x-{sha256:8}.sh").Fill(digest, 12, 2));
        Assert.Equal(64, NameHash.DigitsOf(default, 8).Length);
    }

    [Fact]
    public void A_name_gets_its_hash_before_its_ending()
    {
        Assert.True(Digest.TryParse(new string('a', 64), out Digest digest));

        Assert.Equal("environment-aaaaaaaa.sh", NameTemplate.WithHash("environment.sh").Fill(digest));
        NameTemplate again = NameTemplate.OfNameWithHash("x-bbbbbbbbbb.7.tar", ofRoot: false)!;
        Assert.Equal("x-aaaaaaaaaa.tar", again.Fill(digest));
        Assert.Null(NameTemplate.OfNameWithHash("x-20261122.tar", ofRoot: false));
    }
}
