using Packhorse.Model;
using Packhorse.Mount;

namespace Packhorse.Tests.Mount;

public sealed class StartPolicyTests
{
    [Theory]
    [InlineData(null, "join,namespace,fusermount,unpack")]
    [InlineData("", "join,namespace,fusermount,unpack")]
    [InlineData("auto", "join,namespace,fusermount,unpack")]
    [InlineData("mount", "join,namespace,fusermount")]
    [InlineData("namespace", "namespace")]
    [InlineData("unpack, namespace", "namespace,unpack")]
    [InlineData("-join", "namespace,fusermount,unpack")]
    [InlineData("mount,-fusermount", "join,namespace")]
    public void Names_say_which_ways_are_tried(string? text, string expected)
    {
        var policy = StartPolicy.Parse(text, "--start");

        Assert.Equal(expected, string.Join(',', StartPolicy.Rungs.Where(policy.Allows).Select(StartPolicy.NameOf)));
    }

    [Theory]
    [InlineData("fuse")]
    [InlineData("-unpacking")]
    [InlineData("namespace,-namespace")]
    public void Unknown_names_and_nothing_at_all_are_refused(string text) =>
        Assert.Contains(
            "--start",
            Assert.Throws<UsageException>(() => StartPolicy.Parse(text, "--start")).Message,
            StringComparison.Ordinal
        );
}
