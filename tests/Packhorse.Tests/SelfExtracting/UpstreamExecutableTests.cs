using System.Security.Cryptography;
using System.Text;
using Packhorse.Model;
using Packhorse.Pack;
using Packhorse.Tests.Support;

namespace Packhorse.Tests.SelfExtracting;

public sealed class UpstreamExecutableTests
{
    [Theory]
    [InlineData("\n", "@@END_HEADER@@", "@@END_ARCHIVE@@")]
    [InlineData("\r\n", "__END_HEADER__", "__END_ARCHIVE__")]
    public void The_tar_in_a_script_of_pixi_pack_is_read_in_place(string newline, string header, string archive)
    {
        using var scratch = new ScratchDirectory();
        string tar = scratch["environment.tar"];
        _ = SmallPack.Pack(SmallPack.MakeLock(scratch.Root), tar, "--layout", "upstream");
        string script = scratch.Write("environment.sh", Wrap(File.ReadAllBytes(tar), (newline, header, archive)));

        using PackContents expected = PackContents.Open(tar);
        using PackContents pack = PackContents.Open(script);

        Assert.Equal(expected.Identity, pack.Identity);
        foreach (PackedPackage package in expected.Packages)
        {
            Assert.Equal(Read(expected.Member(package.Path)), Read(pack.Member(package.Path)));
        }
        Assert.Equal(2, PackVerifier.Verify(pack, 2, SilentReporter.Instance, CancellationToken.None).Members);
    }

    [Fact]
    public void A_script_without_the_end_of_its_archive_is_cut_off()
    {
        using var scratch = new ScratchDirectory();
        byte[] whole = Wrap(new byte[3000], ("\n", "@@END_HEADER@@", "@@END_ARCHIVE@@"));
        string script = scratch.Write("environment.sh", whole.AsSpan(0, 2000));

        Assert.Equal(ErrorCodes.Truncated, Assert.Throws<CorruptDataException>(() => PackContents.Open(script)).Code);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(100_000)]
    [InlineData(100_001)]
    [InlineData(100_002)]
    public void Any_part_of_base64_is_decoded(int length)
    {
        byte[] content = RandomNumberGenerator.GetBytes(length);
        byte[] text = Encoding.ASCII.GetBytes("##" + Convert.ToBase64String(content));
        var source = new Base64Source(new MemorySource(text), 2, text.Length - 2, "file");

        Assert.Equal(length, source.Length);
        foreach (int offset in (int[])[0, 1, 2, 3, 49_151, 49_152, 65_535, length - 1, length, length + 5])
        {
            var part = new byte[70_000];
            int count = offset < 0 ? 0 : source.Read(part, offset);
            byte[] expected =
                offset < 0 || offset > length ? [] : content[offset..Math.Min(length, offset + part.Length)];
            Assert.Equal(expected, part[..count]);
        }
    }

    [Fact]
    public void What_is_no_base64_is_refused()
    {
        var source = new Base64Source(new MemorySource("QUJD!!!!"u8.ToArray()), 0, 8, "file");

        Assert.Throws<CorruptDataException>(() => source.Read(new byte[6], 0));
        Assert.Throws<CorruptDataException>(() => new Base64Source(new MemorySource("QUJ"u8.ToArray()), 0, 3, "file"));
    }

    // Upstream's layout with a script of our own before it, which names the markers as upstream's does.
    private static byte[] Wrap(byte[] tar, (string Newline, string Header, string Archive) form) =>
        Encoding.ASCII.GetBytes(
            string.Join(
                form.Newline,
                "#!/usr/bin/env bash",
                $"grep -n \"^{form.Header}\" \"$0\"; grep -n \"^{form.Archive}\" \"$0\"",
                form.Header,
                "",
                Convert.ToBase64String(tar),
                form.Archive,
                Convert.ToBase64String(RandomNumberGenerator.GetBytes(600_000))
            )
        );

    private static byte[] Read(IRandomAccess source)
    {
        var content = new byte[source.Length];
        source.ReadExactly(content, 0, "member");
        return content;
    }
}
