using Packhorse.Lock;
using Packhorse.Model;

namespace Packhorse.Tests.Lock;

public sealed class LockSelectionTests
{
    private readonly LockFile _file = SmallLocks.Parse(SmallLocks.Version7);

    [Fact]
    public void The_name_of_a_platform_wins_over_a_subdir()
    {
        Assert.Equal("linux-64", _file.Select("default", "linux-64").Platform.Name);
        Assert.Equal("linux-64-cuda", _file.Select("default", "linux-64-cuda").Platform.Name);
    }

    [Fact]
    public void A_subdir_that_one_platform_has_is_enough()
    {
        LockedSelection selection = _file.Select("gpu", "linux-64");

        Assert.Equal("gpu", selection.Environment.Name);
        Assert.Equal("linux-64-cuda", selection.Platform.Name);
        Assert.Equal("gpu-only", _file.Select("gpu", "osx-64").Platform.Name);
    }

    [Fact]
    public void A_subdir_that_several_platforms_have_must_be_made_more_precise()
    {
        LockFile file = SmallLocks.Parse(
            SmallLocks.Version7.Replace("subdir: osx-64", "subdir: linux-64", StringComparison.Ordinal)
        );

        var error = Assert.Throws<UsageException>(() => file.Select("gpu", "linux-64"));
        Assert.Equal(ErrorCodes.AmbiguousPlatform, error.Code);
        Assert.Equal("environment 'gpu' has 2 platforms with subdir linux-64: linux-64-cuda, gpu-only", error.Message);
        Assert.Contains("-p linux-64-cuda", error.Hint, StringComparison.Ordinal);
    }

    [Fact]
    public void An_unknown_environment_is_not_found_and_the_hint_lists_the_others()
    {
        var error = Assert.Throws<NotFoundException>(() => _file.Select("prod", "linux-64"));

        Assert.Equal(ErrorCodes.EnvironmentNotFound, error.Code);
        Assert.Equal("environment not found in lockfile: prod", error.Message);
        Assert.Equal("the lock file has: default, gpu", error.Hint);
    }

    [Fact]
    public void An_unknown_platform_is_not_found_and_the_hint_lists_those_of_the_environment()
    {
        var error = Assert.Throws<NotFoundException>(() => _file.Select("gpu", "win-64"));

        Assert.Equal(ErrorCodes.PlatformNotFound, error.Code);
        Assert.Equal("platform not found in lockfile: win-64", error.Message);
        Assert.Equal("environment 'gpu' is locked for: linux-64-cuda, gpu-only", error.Hint);
    }

    [Fact]
    public void An_environment_without_platforms_says_so()
    {
        LockFile file = SmallLocks.Parse(SmallLocks.Version6);

        var error = Assert.Throws<NotFoundException>(() => file.Select("empty", "linux-64"));
        Assert.Equal("environment 'empty' is locked for none", error.Hint);
    }

    [Fact]
    public void Packages_are_sorted_by_kind_and_then_by_the_bytes_of_their_location()
    {
        string[] shuffled =
        [
            "pypi: https://example.org/b-1-py3-none-any.whl",
            "conda: https://example.org/c/noarch/\ud83d\ude00-1-0.conda",
            "conda: https://example.org/c/noarch/\uffee-1-0.conda",
            "conda_source: z[1] @ ./a",
            "conda: https://example.org/c/noarch/a-1-0.conda",
            "conda: https://example.org/c/noarch/Z-1-0.conda",
            "conda: /local/noarch/q-1-0.conda",
            "conda_source: b[1] @ ./z",
            "pypi: ./a",
            "pypi: https://example.org/a-1-py3-none-any.whl",
            "pypi: direct+https://example.org/c-1-py3-none-any.whl",
        ];
        string text =
            "version: 7\nplatforms: [{name: linux-64}]\nenvironments:\n  default:\n    channels: []\n    packages:\n      linux-64:\n"
            + string.Concat(shuffled.Select(line => $"      - {line}\n"))
            + "packages:\n"
            + string.Concat(shuffled.Select(line => $"- {line}\n  name: n\n  version: 1\n  subdir: noarch\n"));

        LockedSelection selection = SmallLocks.Parse(text).Select("default", "linux-64");

        Assert.Equal(
            [
                "/local/noarch/q-1-0.conda",
                "https://example.org/c/noarch/Z-1-0.conda",
                "https://example.org/c/noarch/a-1-0.conda",
                "https://example.org/c/noarch/\uffee-1-0.conda",
                "https://example.org/c/noarch/\ud83d\ude00-1-0.conda",
                "./z",
                "./a",
                "./a",
                "direct+https://example.org/c-1-py3-none-any.whl",
                "https://example.org/a-1-py3-none-any.whl",
                "https://example.org/b-1-py3-none-any.whl",
            ],
            selection.Packages.Select(package => package.Location.Text)
        );
    }
}
