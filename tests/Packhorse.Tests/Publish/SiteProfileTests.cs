using Packhorse.Model;
using Packhorse.Publish;
using Packhorse.Tests.Support;

namespace Packhorse.Tests.Publish;

/// <summary>What a site's file says of its storage.</summary>
public sealed class SiteProfileTests
{
    private const long GB = 1_000_000_000;

    [Theory]
    [InlineData("/staging/a/alice/envs/x-1a2b3c4d.sh", 4 * GB, "osdf:///chtc/staging/a/alice/envs/x-1a2b3c4d.sh", "")]
    [InlineData("/staging/a/alice/x, y.sh", 1, "osdf:///chtc/staging/a/alice/x%2C%20y.sh", "")]
    [InlineData(
        "/staging/a/alice/x.sh",
        40 * GB,
        "file:///staging/a/alice/x.sh",
        "requirements = (HasCHTCStaging == true)"
    )]
    [InlineData(
        "/staging/groups/g/x.sh",
        4 * GB,
        "file:///staging/groups/g/x.sh",
        "requirements = (HasCHTCStaging == true)"
    )]
    [InlineData("/stagingother/x.sh", GB, "/stagingother/x.sh", "")]
    public void Chtc_has_a_way_for_each_size_and_directory(string path, long size, string input, string submit)
    {
        TransferAdvice advice = SiteProfile.Load("chtc", null).AdviseOn(path, null, size);

        Assert.Equal(input, advice.Input);
        Assert.Equal(submit, string.Join('\n', advice.SubmitLines));
    }

    [Fact]
    public void Sizes_beyond_all_rules_are_told()
    {
        TransferAdvice advice = SiteProfile.Load("chtc", null).AdviseOn("/staging/a/alice/x.sh", null, 101 * GB);

        Assert.Contains(advice.Notes, note => note.Contains("100 GB: ask", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("/staging/a/alice", "chtc")]
    [InlineData("/ospool/ap40/data/alice", "ospool")]
    [InlineData("/home/alice", "generic")]
    [InlineData(null, "generic")]
    public void The_directory_tells_the_site(string? directory, string name)
    {
        Assert.Equal(name, SiteProfile.Guess(directory, null).Name);
    }

    [Fact]
    public void A_users_own_profile_comes_first_and_unknown_ones_are_told()
    {
        using var scratch = new ScratchDirectory();
        _ = scratch.Write("chtc.toml", "about = 'mine'"u8);

        Assert.Equal("mine", SiteProfile.Load("chtc", scratch.Root).About);
        NotFoundException error = Assert.Throws<NotFoundException>(() => SiteProfile.Load("nowhere", scratch.Root));
        Assert.Contains("ospool", error.Hint, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("x = 1", "mine.toml:1: \"x\" is unknown")]
    [InlineData("[places.staging]\nurl = 'osdf:///x'", "absolute")]
    [InlineData("[places.\"/x\"]\nurl = 'https://x'", "is no osdf:// or pelican:// URL")]
    [InlineData("[places.\"/x\"]\nquota = 'much'", "is no size")]
    [InlineData("[places.\"/x\"]\nquota = '999999999999999999999 TB'", "is no size")]
    [InlineData("[sizes.pigeon]\nup-to = 1", "is none of plain, osdf and file")]
    [InlineData("[sizes.osdf]\nnotes = 'x'", "has no up-to")]
    [InlineData("beyond = [1]", "is not a list of texts")]
    [InlineData("[", "not TOML")]
    public void Mistakes_are_told_with_their_line(string toml, string says)
    {
        UsageException error = Assert.Throws<UsageException>(() => SiteProfile.Parse(toml, "mine", "mine.toml"));

        Assert.Contains(says, error.Message.Replace('\'', '"'), StringComparison.Ordinal);
    }
}
