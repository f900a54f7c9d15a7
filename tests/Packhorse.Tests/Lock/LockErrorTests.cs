using System.Text;
using Packhorse.Lock;
using Packhorse.Model;

namespace Packhorse.Tests.Lock;

public sealed class LockErrorTests
{
    [Theory]
    [InlineData("version: 8")]
    [InlineData("version: 8\nwhatever: [it, {has: inside}]")]
    public void A_newer_version_is_incompatible(string text)
    {
        var error = Assert.Throws<IncompatibleException>(() => SmallLocks.Parse(text));

        Assert.Equal(ErrorCodes.NewerFormat, error.Code);
        Assert.Equal(
            "found newer lockfile format version 8, but only up to including version 7 is supported",
            error.Message
        );
        Assert.NotNull(error.Hint);
    }

    [Theory]
    [InlineData("", "1: the file is empty")]
    [InlineData("# nothing\n", "2: the file is empty")]
    [InlineData("environments: {}", "1: missing `version` field in lock file")]
    [InlineData("a: 1\nversion: 0", "2: `version` field in lock file is not an integer")]
    [InlineData("version: six", "1: `version` field in lock file is not an integer")]
    [InlineData("version: -6", "1: `version` field in lock file is not an integer")]
    [InlineData("version: 6.0", "1: `version` field in lock file is not an integer")]
    [InlineData("version: [6]", "1: `version` field in lock file is not an integer")]
    [InlineData("version: 99999999999999999999", "1: `version` field in lock file is not an integer")]
    [InlineData("version: ~", "1: missing `version` field in lock file")]
    [InlineData("- version: 6", "1: a lock file must be a mapping, found a list")]
    [InlineData("version: 6\n---\nversion: 6", "2: a second YAML document begins; a lock file is one")]
    [InlineData("version: 6\n", "1: missing 'environments'")]
    [InlineData("version: 6\nenvironments: {}\n", "1: missing 'packages'")]
    [InlineData("version: 6\nenvironments: {}\npackages: {}\n", "3: 'packages' must be a list, found a mapping")]
    [InlineData("version: 6\nenvironments:\n  a: 1\npackages: []", "3: environment 'a' must be a mapping, found text")]
    [InlineData("version: 6\nenvironments:\n  a:\n    channels: []\npackages: []", "4: missing 'packages'")]
    [InlineData("version: 6\nenvironments:\n  a:\n    packages: {}\npackages: []", "4: missing 'channels'")]
    [InlineData("version: 3\npackage: []", "1: missing 'metadata'")]
    [InlineData("version: 3\nmetadata: {channels: []}", "1: missing 'package'")]
    public void What_is_no_lock_file_is_refused_with_its_line(string text, string expected) =>
        AssertRefused(text, expected);

    [Theory]
    [InlineData("a: 1\n  b: 2\n", "2: not YAML: ")]
    [InlineData("a: [1, 2\nb: 3\n", ": not YAML")]
    [InlineData("a: 'x\n\n\n", ": not YAML")]
    [InlineData("a: \"\\ud800\"\n", "1: not YAML: ")]
    [InlineData("a: \"\\U0000dc00\"\n", "1: not YAML: ")]
    [InlineData("version: 6\nx: *nowhere\n", "2: the alias 'nowhere' has no anchor before it")]
    [InlineData("version: 6\nx: &me [*me]\n", "2: the alias 'me' has no anchor before it")]
    [InlineData("version: 6\n[1]: x\n", "2: a key must be text")]
    [InlineData("version: 6\n\nversion: 6\n", "3: the key 'version' is here a second time; it is first on line 1")]
    public void What_is_no_sound_yaml_is_refused_with_its_line(string text, string expected)
    {
        var error = Assert.Throws<CorruptDataException>(() => SmallLocks.Parse(text));
        Assert.Equal(ErrorCodes.BadLock, error.Code);
        Assert.StartsWith("pixi.lock:", error.Message, StringComparison.Ordinal);
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_not_utf_8_is_refused_with_its_line()
    {
        byte[] bytes = [.. "version: 6\na: "u8, 0xff, (byte)'\n'];

        var error = Assert.Throws<CorruptDataException>(() => LockFile.Parse(bytes, "dir/pixi.lock"));
        Assert.Equal("dir/pixi.lock:2: not UTF-8 text", error.Message);
    }

    [Fact]
    public void A_byte_order_mark_and_windows_line_ends_do_no_harm()
    {
        string text = "\uFEFF" + SmallLocks.Version6.ReplaceLineEndings("\r\n");

        Assert.Equal(5, SmallLocks.Parse(text).Select("default", "linux-64").Packages.Count);
    }

    // The number: lines from where the change begins to where the error is.
    [Theory]
    [InlineData(1, "platform: linux-64", "platform: linux-65", 0, "'linux-65' is no platform")]
    [InlineData(1, "manager: pip", "manager: pixie", 0, "'manager' is conda, pypi or pip, not 'pixie'")]
    [InlineData(1, "url: conda-forge", "link: conda-forge", 0, "missing 'url'")]
    [InlineData(1, "numpy: \">=1.17\"", "numpy: [1]", -1, "the constraint of 'numpy' must be text")]
    [InlineData(2, "version: 1.2.13", "version:", -2, "missing 'version'")]
    [InlineData(2, "md5: eed9", "md5: xed9", 0, "'md5' is no MD5: 'xed9fec3e6d2e8865135b09d24ca040c'")]
    [InlineData(3, "sha256: 7b2b69c54ec6", "sha256: ", 0, "'sha256' is no SHA-256")]
    [InlineData(3, "url: https://conda.", "uri: https://conda.", 0, "missing 'url'")]
    [InlineData(4, "kind: pypi", "kind: npm", 0, "'kind' is conda or pypi, not 'npm'")]
    [InlineData(4, "path: minimal_project", "path:", -3, "expected either 'url' or 'path'")]
    [InlineData(4, "editable: true", "editable: maybe", 0, "'editable' must be true or false, found 'maybe'")]
    [InlineData(
        4,
        "- pypi: ./minimal_project",
        "- pypi: ./other",
        0,
        "environment 'default' and platform 'osx-64' refer to a package that is not in 'packages': './other'"
    )]
    [InlineData(4, "- pypi: ./minimal_project", "- npm: ./x", 0, "expected 'conda' or 'pypi'")]
    [InlineData(4, "osx-64:", "toaster:", 0, "'toaster' is no platform")]
    [InlineData(5, "size: 122354", "size: 12e3", 0, "'size' must be a whole number, found '12e3'")]
    [InlineData(5, "size: 122354", "size: -1", 0, "'size' must be a whole number, found '-1'")]
    [InlineData(5, "size: 122354", "size: 9223372036854775808", 0, "'size' is too large")]
    [InlineData(
        5,
        "requires_dist:\n  - idna",
        "requires_dist:\n  - x: idna",
        1,
        "'requires_dist' must be a list of texts, found a mapping"
    )]
    [InlineData(
        6,
        "- conda: ../minimal-project\n        build: first",
        "- conda: ../minimal-project\n        build: other",
        0,
        "environment 'default' and platform 'linux-64' refer to a package that is not in 'packages': '../minimal-project'"
    )]
    [InlineData(6, "  subdir: win-64\n- conda", "\n- conda", -4, "missing 'subdir'")]
    [InlineData(6, "timestamp: 1578324546067", "timestamp: 999999999999999", 0, "'timestamp' is out of range")]
    [InlineData(6, "name: six", "", -1, "missing 'name'")]
    [InlineData(6, "name: six", "name: ../six", 0, "'name' cannot be '../six'")]
    [InlineData(6, "name: minimal-project", "name: minimal project", 0, "'name' cannot be 'minimal project'")]
    [InlineData(7, "subdir: osx-64", "subdir: osx-65", 0, "'osx-65' is no subdir")]
    [InlineData(
        7,
        "name: gpu-only\n  subdir: osx-64",
        "name: gpu-only",
        0,
        "'gpu-only' is no subdir, and platform has no 'subdir'"
    )]
    [InlineData(7, "name: gpu-only", "name: linux-64", 0, "duplicate platform name 'linux-64'")]
    [InlineData(7, "name: gpu-only", "name: gpu only", 0, "a platform cannot be named 'gpu only'")]
    [InlineData(7, "      gpu-only: []", "      gpu: []", 0, "environment 'gpu' is using an unknown platform 'gpu'")]
    [InlineData(
        7,
        "- conda_source: my-package[12345678] @ ./my-package\n  version",
        "- conda: ./my-package\n  version",
        0,
        "'./my-package' is no .conda or .tar.bz2 package; sources are under 'conda_source'"
    )]
    [InlineData(
        7,
        "- conda_source: partial[abcd1234] @ git+https://example.org/partial.git\n- pypi",
        "- conda_source: partial[] @ x\n- pypi",
        0,
        "'partial[] @ x' is not of the form 'name[hash] @ location'"
    )]
    [InlineData(
        7,
        "- pypi: ./\n  name",
        "- npm: ./\n  name",
        0,
        "expected at least `conda`, `conda_source`, or `pypi` field"
    )]
    public void Wrong_members_are_refused_with_their_line(
        int version,
        string from,
        string to,
        int lines,
        string expected
    )
    {
        string text = SmallLocks.Of(version);
        int at = text.IndexOf(from, StringComparison.Ordinal);
        Assert.True(at >= 0, $"the lock has no {from}");
        int line = 1 + text[..at].Count(c => c == '\n') + lines;

        AssertRefused(text[..at] + to + text[(at + from.Length)..], $"{line}: {expected}");
    }

    [Theory]
    [InlineData("noarch: maybe", "'noarch' is python or generic, not 'maybe'")]
    [InlineData("subdir: ../../etc", "'subdir' cannot be '../../etc'")]
    [InlineData("version: \"1\\n\"", "'version' cannot be '1\\u{a}'")]
    [InlineData("build: ..", "'build' cannot be '..'")]
    [InlineData("run_exports: [a]", "'run_exports' must be a mapping, found a list")]
    [InlineData("extra_depends: {a: b}", "'extra_depends' must be a list, found 'b'")]
    [InlineData("flags: a", "'flags' must be a list, found 'a'")]
    [InlineData("depends: [~]", "'depends' must be a list of texts, found nothing")]
    [InlineData("license: [MIT]", "'license' must be text, found a list")]
    [InlineData("file_name: ../a.conda", "'../a.conda' is no .conda or .tar.bz2 file name")]
    public void Wrong_members_of_conda_packages_are_refused(string member, string expected)
    {
        string text = $"""
            version: 7
            environments: {"{}"}
            packages:
            - conda: https://prefix.dev/conda-forge/linux-64/openssl-3.6.3-h35e630c_0.conda
              {member}
            """;

        var error = Assert.Throws<CorruptDataException>(() => SmallLocks.Parse(text));
        Assert.EndsWith(expected, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Deep_nesting_is_refused()
    {
        string text = "version: 6\nx: " + new string('[', 1_000_000);

        AssertLimit(text);
        AssertLimit("version: 6\nx: " + string.Concat(Enumerable.Repeat("{a: ", 100_000)));
        AssertLimit("version: 6\nx:\n" + string.Concat(Enumerable.Repeat("- ", 100_000)));
    }

    [Fact]
    public void An_alias_bomb_is_refused()
    {
        var text = new StringBuilder("version: 6\nl0: &l0 [x, x, x, x, x, x, x, x, x, x]\n");
        for (int i = 1; i < 12; i++)
        {
            string alias = $"*l{i - 1}";
            text.AppendLine(
                System.Globalization.CultureInfo.InvariantCulture,
                $"l{i}: &l{i} [{string.Join(", ", Enumerable.Repeat(alias, 10))}]"
            );
        }

        AssertLimit(text.ToString());
    }

    [Fact]
    public void Too_many_bytes_are_refused()
    {
        var error = Assert.Throws<CorruptDataException>(() =>
            LockFile.Parse(new byte[Limits.TextBytes + 1], "pixi.lock")
        );
        Assert.Equal(ErrorCodes.LimitExceeded, error.Code);
    }

    [Fact]
    public void Too_many_packages_of_an_environment_are_refused()
    {
        string many = string.Join(',', Enumerable.Repeat("{pypi: a}", Limits.Packages + 1));

        AssertLimit(
            $"version: 6\nenvironments: {{e: {{channels: [], packages: {{linux-64: [{many}]}}}}}}\npackages: []"
        );
    }

    [Theory]
    [InlineData("duplicate_platform.yml", 14)]
    [InlineData("duplicate_platform_definition.yml", 7)]
    [InlineData("duplicate_platform_use.yml", 14)]
    [InlineData("invalid_platform_name.yml", 3)]
    [InlineData("invalid_platform_subdir.yml", 4)]
    [InlineData("missing_platform.yml", 14)]
    public void Locks_that_pixi_refuses_are_refused(string name, int line)
    {
        string path = Support.Fixtures.Require($"rattler/lock_parse_fails/v7/{name}");

        var error = Assert.Throws<CorruptDataException>(() => LockFile.Parse(File.ReadAllBytes(path), name));
        Assert.StartsWith($"{name}:{line}: ", error.Message, StringComparison.Ordinal);
    }

    private static void AssertRefused(string text, string expected)
    {
        var error = Assert.Throws<CorruptDataException>(() => SmallLocks.Parse(text));
        Assert.Equal(ErrorCodes.BadLock, error.Code);
        Assert.StartsWith("pixi.lock:" + expected, error.Message, StringComparison.Ordinal);
    }

    private static void AssertLimit(string text)
    {
        var error = Assert.Throws<CorruptDataException>(() => SmallLocks.Parse(text));
        Assert.Equal(ErrorCodes.LimitExceeded, error.Code);
    }
}
