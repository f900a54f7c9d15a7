using System.Text;
using CsCheck;
using Packhorse.Conda;
using Packhorse.Install;
using Packhorse.Model;

namespace Packhorse.Tests.Install;

/// <summary>Replacing in a stream against replacing in the whole file at once, by the rules of conda and rattler.</summary>
public sealed class PrefixReplacerTests
{
    // Begins again inside itself, so that cutting an occurrence leaves the beginning of another one.
    private const string Placeholder = "/opt/pl/opt/place";

    private static readonly byte[] Needle = Encoding.ASCII.GetBytes(Placeholder);

    private static readonly Gen<byte[]> Content = Gen.OneOf(
            Gen.Const(Needle),
            Gen.Int[1, Placeholder.Length - 1].Select(length => Needle[..length]),
            Gen.Const(new byte[] { 0 }),
            Gen.Const("\n"u8.ToArray()),
            Gen.Const("#!"u8.ToArray()),
            Gen.Const("/bin/python x"u8.ToArray()),
            Gen.Byte.Array[0, 4]
        )
        .Array[0, 24]
        .Select(parts => parts.SelectMany(part => part).ToArray());

    private static readonly Gen<int[]> Chunks = Gen.OneOf(Gen.Int[1, 4], Gen.Int[1, 40], Gen.Const(1 << 20)).Array[
        1,
        8
    ];

    private static readonly Gen<string> Prefixes = Gen.OneOf(
        Gen.Const("/p"),
        Gen.Const("/opt"),
        Gen.Const("/opt/pl"),
        Gen.Const("/opt/pl/opt/plac_"),
        Gen.Const(Placeholder),
        Gen.Const("/with a blank")
    );

    [Fact]
    public void Text_is_replaced_the_same_in_any_chunks() =>
        Gen.Select(Content, Chunks, Prefixes)
            .Sample(
                (content, chunks, prefix) =>
                    Replace(content, PrefixFileMode.Text, prefix, chunks).AsSpan().SequenceEqual(Text(content, prefix)),
                iter: 20_000
            );

    [Fact]
    public void Text_may_grow() =>
        Gen.Select(Content, Chunks)
            .Sample(
                (content, chunks) =>
                {
                    string prefix = "/" + new string('l', 200);
                    return Replace(content, PrefixFileMode.Text, prefix, chunks)
                        .AsSpan()
                        .SequenceEqual(Text(content, prefix));
                },
                iter: 5_000
            );

    [Fact]
    public void Binary_is_replaced_the_same_in_any_chunks_and_keeps_its_length() =>
        Gen.Select(Content, Chunks, Prefixes)
            .Sample(
                (content, chunks, prefix) =>
                {
                    byte[] replaced = Replace(content, PrefixFileMode.Binary, prefix, chunks);
                    return replaced.Length == content.Length
                        && replaced.AsSpan().SequenceEqual(Binary(content, prefix));
                },
                iter: 20_000
            );

    [Theory]
    [InlineData(128 << 10)]
    [InlineData(256 << 10)]
    [InlineData(512 << 10)]
    public void Occurrences_across_the_end_of_the_window_are_found(int boundary)
    {
        byte[] content = new byte[boundary + 1000];
        for (int shift = -Placeholder.Length - 2; shift <= 2; shift++)
        {
            content.AsSpan().Fill((byte)'x');
            Needle.CopyTo(content, boundary + shift);
            content[boundary + 500] = 0;
            foreach (int chunk in (int[])[boundary, 4096, content.Length])
            {
                Assert.Equal(Text(content, "/p"), Replace(content, PrefixFileMode.Text, "/p", chunk));
                Assert.Equal(Binary(content, "/p"), Replace(content, PrefixFileMode.Binary, "/p", chunk));
            }
        }
    }

    [Theory]
    [InlineData("", "")]
    [InlineData("P", "/p")]
    [InlineData("PP", "/p/p")]
    [InlineData("aP/lib", "a/p/lib")]
    [InlineData("P\0P", "/p\0/p")]
    public void Text_has_every_occurrence_replaced(string content, string expected) =>
        Assert.Equal(expected, Replaced(content, PrefixFileMode.Text));

    [Theory]
    [InlineData("", "")]
    [InlineData("P", "/p_")]
    [InlineData("P/lib", "/p/lib_")]
    [InlineData("P/a:P/b\0tail", "/p/a:/p/b__\0tail")]
    [InlineData("head\0P\0P/x\0", "head\0/p_\0/p/x_\0")]
    [InlineData("xP\0", "x/p_\0")]
    [InlineData("P:\0P", "/p:_\0/p_")]
    public void Strings_of_binaries_are_filled_up_with_NULs(string content, string expected)
    {
        string fill = new('\0', Placeholder.Length - 2);
        expected = expected.Replace("__", fill + fill, StringComparison.Ordinal);
        Assert.Equal(expected.Replace("_", fill, StringComparison.Ordinal), Replaced(content, PrefixFileMode.Binary));
    }

    [Fact]
    public void Bytes_that_are_no_text_stay_as_they_are()
    {
        byte[] content = [0xFF, 0xFE, .. Needle, 0x80, .. "#!"u8, .. Needle, 0xC3];
        byte[] expected = [0xFF, 0xFE, .. "/p"u8, 0x80, .. "#!"u8, .. "/p"u8, 0xC3];
        Assert.Equal(expected, Replace(content, PrefixFileMode.Text, "/p", 3));
    }

    [Fact]
    public void A_first_line_beyond_all_measure_is_replaced_as_text()
    {
        string line = $"#!{Placeholder}/bin/python {new string('a', Limits.ShebangBytes)}";
        string expected = line.Replace(Placeholder, "/p", StringComparison.Ordinal) + "\nx";
        Assert.Equal(expected, Replaced(line + "\nx", PrefixFileMode.Text));
    }

    private static string Replaced(string content, PrefixFileMode mode) =>
        Encoding.Latin1.GetString(
            Replace(
                Encoding.Latin1.GetBytes(content.Replace("P", Placeholder, StringComparison.Ordinal)),
                mode,
                "/p",
                1 << 20
            )
        );

    private static byte[] Replace(byte[] content, PrefixFileMode mode, string prefix, params int[] chunks)
    {
        var output = new Collected();
        using var replacer = new PrefixReplacer(
            new PrefixPlaceholder(Placeholder, mode),
            new InstallTarget(prefix, Platform.Linux64),
            output
        );
        int done = 0;
        for (int i = 0; done < content.Length; i++)
        {
            int count = Math.Min(chunks[i % chunks.Length], content.Length - done);
            replacer.Write(content.AsSpan(done, count));
            done += count;
        }
        replacer.Finish();
        return [.. output.Bytes];
    }

    private static byte[] Text(byte[] content, string prefix)
    {
        int line = content.AsSpan().StartsWith("#!"u8) ? Array.IndexOf(content, (byte)'\n') : 0;
        line = line < 0 ? content.Length : line;
        byte[] first =
            line == 0
                ? []
                : Shebang.Rewrite(content.AsSpan(0, line), Needle, new InstallTarget(prefix, Platform.Linux64));
        return [.. first, .. Everywhere(content[line..], prefix)];
    }

    private static byte[] Binary(byte[] content, string prefix)
    {
        var result = new List<byte>();
        int at = 0;
        while (content.AsSpan(at).IndexOf(Needle) is var found and >= 0)
        {
            int end = content.AsSpan(at + found).IndexOf((byte)0);
            end = end < 0 ? content.Length : at + found + end;
            byte[] replaced = Everywhere(content[(at + found)..end], prefix);
            result.AddRange([.. content[at..(at + found)], .. replaced]);
            result.AddRange(new byte[end - at - found - replaced.Length]);
            at = end;
        }
        return [.. result, .. content[at..]];
    }

    private static byte[] Everywhere(byte[] content, string prefix) =>
        Encoding.Latin1.GetBytes(
            Encoding.Latin1.GetString(content).Replace(Placeholder, prefix, StringComparison.Ordinal)
        );

    private sealed class Collected : IContentWriter
    {
        public List<byte> Bytes { get; } = [];

        public void Write(ReadOnlySpan<byte> bytes) => Bytes.AddRange(bytes);
    }
}
