using Packhorse.Model;

namespace Packhorse.Tests.Model;

public sealed class EntryPathTests
{
    [Theory]
    [InlineData("a/b", "a/b")]
    [InlineData("./a/b", "a/b")]
    [InlineData("././a", "a")]
    [InlineData("a/", "a")]
    [InlineData(".", "")]
    [InlineData("./", "")]
    [InlineData("a..b/..c/d..", "a..b/..c/d..")]
    public void Harmless_paths_are_normalized(string path, string expected) =>
        Assert.Equal(expected, EntryPath.Normalize(path, "test"));

    [Theory]
    [InlineData("/a")]
    [InlineData("../a")]
    [InlineData("a/../b")]
    [InlineData("a/..")]
    [InlineData("a//b")]
    [InlineData("a/./b")]
    [InlineData("a\0b")]
    [InlineData("..")]
    public void Paths_that_leave_their_directory_are_refused(string path)
    {
        var error = Assert.Throws<CorruptDataException>(() => EntryPath.Normalize(path, "test"));
        Assert.Equal(ErrorCodes.UnsafePath, error.Code);
    }

    [Fact]
    public void Components_of_255_bytes_fit_and_of_256_do_not()
    {
        Assert.True(EntryPath.IsSafe(new string('x', 255)));
        Assert.False(EntryPath.IsSafe(new string('x', 256)));
        Assert.False(EntryPath.IsSafe(new string('ä', 128)));
        Assert.True(EntryPath.IsSafe(new string('ä', 127)));
    }

    [Theory]
    [InlineData("lib/a.so", "a.so.1", true)]
    [InlineData("lib/a", "../bin/a", true)]
    [InlineData("lib/a", "../../bin/a", false)]
    [InlineData("a", "..", false)]
    [InlineData("lib/a", "/etc/passwd", false)]
    [InlineData("lib/a", "b/../../c", true)]
    [InlineData("lib/a", "", false)]
    public void Links_are_judged_by_where_they_lead(string link, string target, bool inside) =>
        Assert.Equal(inside, EntryPath.LinkStaysInside(link, target));

    [Fact]
    public void Quoted_text_has_no_control_characters() =>
        Assert.Equal("'a\\u{1b}[31m\\u{a}'", EntryPath.Quote("a\u001b[31m\n"));
}
