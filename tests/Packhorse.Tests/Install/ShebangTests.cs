using System.Text;
using Packhorse.Conda;
using Packhorse.Install;
using Packhorse.Model;
using Packhorse.Tests.Support;

namespace Packhorse.Tests.Install;

/// <summary>First lines of scripts under a new prefix, as rattler rewrites them.</summary>
public sealed class ShebangTests
{
    private const string Placeholder = "/this/is/placeholder";
    private const string Blank = "/new/prefix/with spaces";

    [Theory]
    [InlineData("#!P/bin/python", "#!/new/bin/python")]
    [InlineData("#!P/bin/python -x 123", "#!/new/bin/python -x 123")]
    [InlineData("#! P/bin/python", "#! /new/bin/python")]
    [InlineData("#!   P/bin/perl -w P/lib", "#!   /new/bin/perl -w /new/lib")]
    [InlineData("#!P/bin/python\r", "#!/new/bin/python\r")]
    [InlineData("#!/usr/bin/env python", "#!/usr/bin/env python")]
    [InlineData("#!/bin/sh", "#!/bin/sh")]
    [InlineData("#!", "#!")]
    [InlineData("#!python P", "#!python /new")]
    public void A_short_prefix_is_put_in(string line, string expected) =>
        Assert.Equal(expected, Rewrite(line, "/new", Platform.Linux64));

    [Theory]
    [InlineData("#!P/bin/python", "#!/bin/sh\n'''exec' \"/B/bin/python\" \"$0\" \"$@\" #'''")]
    [InlineData("#!P/bin/python3 -u", "#!/bin/sh\n'''exec' \"/B/bin/python3\" -u \"$0\" \"$@\" #'''")]
    [InlineData("#!P/bin/python3.12 -x 123", "#!/bin/sh\n'''exec' \"/B/bin/python3.12\" -x 123 \"$0\" \"$@\" #'''")]
    [InlineData("#! P/bin/python\t-u", "#!/bin/sh\n'''exec' \"/B/bin/python\"\t-u \"$0\" \"$@\" #'''")]
    [InlineData("#!P/bin/python\r", "#!/bin/sh\n'''exec' \"/B/bin/python\"\r \"$0\" \"$@\" #'''")]
    [InlineData("#!P/bin/python3.12.1", "#!/usr/bin/env python3.12.1")]
    [InlineData("#!P/bin/python3-config", "#!/usr/bin/env python3-config")]
    [InlineData("#!P/bin/pythonw", "#!/usr/bin/env pythonw")]
    [InlineData("#!P/bin/pypy", "#!/usr/bin/env pypy")]
    [InlineData("#!P/bin/perl -w", "#!/usr/bin/env perl -w")]
    [InlineData("#!P/bin/sh P/x", "#!/usr/bin/env sh /B/x")]
    [InlineData("#!/bin/sh P/x", "#!/usr/bin/env sh /B/x")]
    [InlineData("#!P/my\\ tools/python -u", "#!/bin/sh\n'''exec' \"/B/my\\ tools/python\" -u \"$0\" \"$@\" #'''")]
    [InlineData("#!python P", "#!python /B")]
    [InlineData("#!/usr/bin/python -u", "#!/usr/bin/python -u")]
    public void A_prefix_with_a_blank_goes_through_sh_or_env(string line, string expected) =>
        Assert.Equal(expected.Replace("/B", Blank, StringComparison.Ordinal), Rewrite(line, Blank, Platform.Linux64));

    [Theory]
    [InlineData("python3.11", "")]
    [InlineData("python", " -E -u")]
    [InlineData("perl", "")]
    [InlineData("perl", " -w")]
    public void A_line_of_127_bytes_is_kept_and_one_of_128_is_not(string program, string arguments)
    {
        string line = $"#!P/bin/{program}{arguments}";
        string prefix = "/" + new string('x', 127 - (line.Length - 1) - 1);
        string longest = Rewrite(line, prefix, Platform.Linux64);
        Assert.Equal($"#!{prefix}/bin/{program}{arguments}", longest);
        Assert.Equal(127, longest.Length);

        string longer = Rewrite(line, prefix + "x", Platform.Linux64);

        Assert.Equal(
            program.StartsWith("python", StringComparison.Ordinal)
                ? $"#!/bin/sh\n'''exec' \"{prefix}x/bin/{program}\"{arguments} \"$0\" \"$@\" #'''"
                : $"#!/usr/bin/env {program}{arguments}",
            longer
        );
    }

    [Fact]
    public void The_length_counts_bytes_and_every_byte_is_kept()
    {
        string prefix = "/" + new string('ü', 52);
        string line = Rewrite("#!P/bin/python", prefix, Platform.Linux64);
        Assert.Equal(2 + 1 + 104 + 11, Encoding.UTF8.GetByteCount(line));
        Assert.Equal($"#!{prefix}/bin/python", line);
        Assert.StartsWith(
            $"#!/bin/sh\n'''exec' \"{prefix}üüüüü/bin/python\"",
            Rewrite("#!P/bin/python", prefix + "üüüüü", Platform.Linux64),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void MacOS_takes_512_bytes()
    {
        Assert.True(Platform.TryParse("osx-arm64", out Platform mac));
        string prefix = "/" + new string('x', 498);
        Assert.Equal($"#!{prefix}/bin/python", Rewrite("#!P/bin/python", prefix, mac));
        Assert.StartsWith("#!/bin/sh\n", Rewrite("#!P/bin/python", prefix + "x", mac), StringComparison.Ordinal);
    }

    [Fact]
    public void Rattlers_snapshots_are_met()
    {
        Assert.Equal(
            Snapshot("link__test__replace_python_shebang"),
            Rewrite("#!P/bin/python3.12", Blank, Platform.Linux64)
        );
        Assert.Equal(
            Snapshot("link__test__replace_python_shebang-2"),
            Rewrite("#!P/bin/python3.12 -x 123", Blank, Platform.Linux64)
        );
        byte[] script = File.ReadAllBytes(Fixtures.Require("rattler/shebang_test.txt"));
        string prefix = "/super/long/" + string.Concat(Enumerable.Repeat("prefix/", 20));
        Assert.Equal(Snapshot("link__test__replace_long_prefix_in_text_file"), Whole(script, prefix).TrimEnd());
    }

    [Theory]
    [InlineData("#!P/bin/python\nP\n", "#!/new/bin/python\n/new\n")]
    [InlineData("#!P/bin/python\r\nP\r\n", "#!/new/bin/python\r\n/new\r\n")]
    [InlineData("#!P/bin/python", "#!/new/bin/python")]
    [InlineData("#!P/bin/python -m P P\nP", "#!/new/bin/python -m /new /new\n/new")]
    [InlineData("\n#!P/bin/python\n", "\n#!/new/bin/python\n")]
    [InlineData("#", "#")]
    public void The_rest_of_a_script_is_text(string script, string expected) =>
        Assert.Equal(
            expected,
            Whole(Encoding.UTF8.GetBytes(script.Replace("P", Placeholder, StringComparison.Ordinal)), "/new")
        );

    private static string Rewrite(string line, string prefix, Platform platform) =>
        Encoding.UTF8.GetString(
            Shebang.Rewrite(
                Encoding.UTF8.GetBytes(line.Replace("P", Placeholder, StringComparison.Ordinal)),
                Encoding.UTF8.GetBytes(Placeholder),
                new InstallTarget(prefix, platform)
            )
        );

    private static string Whole(byte[] script, string prefix)
    {
        var output = new MemoryWriter();
        using var replacer = new PrefixReplacer(
            new PrefixPlaceholder(Placeholder, PrefixFileMode.Text),
            new InstallTarget(prefix, Platform.Linux64),
            output
        );
        replacer.Write(script);
        replacer.Finish();
        return Encoding.UTF8.GetString(output.Bytes.ToArray());
    }

    // What follows the two lines of "---" of an insta snapshot.
    private static string Snapshot(string name)
    {
        string text = File.ReadAllText(Fixtures.Require($"install-snapshots/rattler__install__{name}.snap"));
        return text[(text.IndexOf("---\n", 4, StringComparison.Ordinal) + 4)..].TrimEnd();
    }

    private sealed class MemoryWriter : IContentWriter
    {
        public MemoryStream Bytes { get; } = new();

        public void Write(ReadOnlySpan<byte> bytes) => Bytes.Write(bytes);
    }
}
