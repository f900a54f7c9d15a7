using System.Text;
using Packhorse.Codecs;
using Packhorse.Model;
using Packhorse.Pack;
using Packhorse.Packing;
using Packhorse.Tests.Support;

namespace Packhorse.Tests.SelfExtracting;

public sealed class SelfExtractingHeaderTests
{
    private const int PayloadBytes = 700;

    private static readonly SelfExtractingHeader Header = new()
    {
        Platform = Platform.Linux64,
        RuntimeBytes = SelfExtractingHeader.Bytes,
        RuntimeSha256 = Sha256.Hash(new byte[SelfExtractingHeader.Bytes]),
        PayloadBytes = PayloadBytes,
        ManifestSha256 = Sha256.Hash("{}"u8),
    };

    [Fact]
    public void What_was_written_is_read_again()
    {
        SelfExtractingHeader read = SelfExtractingHeader.Read(new MemorySource(MakeFile()), "file");

        Assert.Equal(Header, read);
        Assert.Equal(2 * SelfExtractingHeader.Bytes, read.PayloadOffset);
        Assert.Equal((2 * SelfExtractingHeader.Bytes) + PayloadBytes + 16, read.TotalBytes);
    }

    [Fact]
    public void The_header_is_plain_text_of_its_fixed_size_whatever_the_numbers()
    {
        SelfExtractingHeader huge = Header with
        {
            PayloadBytes = 1L << 50,
            RuntimeBytes = 1000L * SelfExtractingHeader.Bytes,
        };

        foreach (
            (SelfExtractingHeader header, bool isOwn) in ((SelfExtractingHeader, bool)[])
                [(Header, true), (huge, true), (Header, false), (huge, false)]
        )
        {
            byte[] text = SelfExtractingScript.Write(header, isOwn);
            Assert.DoesNotMatch("(?m)^#(if|endif)", Encoding.ASCII.GetString(text));
            Assert.Equal(SelfExtractingHeader.Bytes, text.Length);
            Assert.All(text, value => Assert.True(value is (byte)'\n' or (>= 32 and < 127)));
            Assert.DoesNotMatch("@[A-Z_]+@", Encoding.ASCII.GetString(text));
            Assert.Contains(
                $"count={header.RuntimeBytes / 8192} ",
                Encoding.ASCII.GetString(text),
                StringComparison.Ordinal
            );
        }
    }

    [Fact]
    public void Every_prefix_of_a_file_is_refused()
    {
        byte[] file = MakeFile();
        for (int length = SelfExtractingHeader.Magic.Length; length < file.Length; length++)
        {
            var error = Assert.Throws<CorruptDataException>(() =>
                SelfExtractingHeader.Read(new MemorySource(file.AsMemory(0, length)), "file")
            );
            Assert.Equal(ErrorCodes.Truncated, error.Code);
        }
    }

    [Fact]
    public void A_file_with_something_after_its_end_is_refused() =>
        Assert.Equal(
            ErrorCodes.SizeMismatch,
            Assert
                .Throws<CorruptDataException>(() =>
                    SelfExtractingHeader.Read(new MemorySource((byte[])[.. MakeFile(), 0]), "file")
                )
                .Code
        );

    [Fact]
    public void A_file_of_the_right_length_without_its_end_is_refused()
    {
        byte[] file = MakeFile();
        file.AsSpan(file.Length - 100).Clear();

        Assert.Throws<CorruptDataException>(() => SelfExtractingHeader.Read(new MemorySource(file), "file"));
    }

    [Fact]
    public void No_digit_of_the_header_can_be_changed()
    {
        byte[] file = MakeFile();
        for (int i = SelfExtractingHeader.Magic.Length; i < SelfExtractingHeader.Bytes; i++)
        {
            if (char.IsAsciiDigit((char)file[i]))
            {
                byte digit = file[i];
                file[i] = digit == '9' ? (byte)'0' : (byte)(digit + 1);
                var error = Assert.ThrowsAny<PackhorseException>(() =>
                    SelfExtractingHeader.Read(new MemorySource(file), "file")
                );
                Assert.True(error is CorruptDataException or IncompatibleException);
                file[i] = digit;
            }
        }
    }

    [Fact]
    public void Another_version_is_said_to_be_one()
    {
        byte[] file = MakeFile();
        file[SelfExtractingHeader.Magic.Length] = (byte)'2';

        var error = Assert.Throws<IncompatibleException>(() =>
            SelfExtractingHeader.Read(new MemorySource(file), "file")
        );
        Assert.Equal(ErrorCodes.NewerFormat, error.Code);
    }

    [Fact]
    public void A_runtime_with_a_bit_flipped_is_refused()
    {
        byte[] file = MakeFile();
        file[SelfExtractingHeader.Bytes + 4000] ^= 1;

        Assert.Throws<CorruptDataException>(() => Header.CheckRuntime(new MemorySource(file), "file"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Shellcheck_finds_nothing_in_the_header(bool isOwn)
    {
        using var scratch = new ScratchDirectory();
        string script = scratch.Write("header.sh", SelfExtractingScript.Write(Header, isOwn));

        Assert.Equal("", StockTool.Run("shellcheck", "-s", "sh", script));
    }

    [Theory]
    [InlineData("dash")]
    [InlineData("bash")]
    [InlineData("busybox")]
    public void Shells_take_the_header_for_a_script(string shell)
    {
        using var scratch = new ScratchDirectory();
        string script = scratch.Write("header.sh", SelfExtractingScript.Write(Header, isOwn: true));

        StockTool.Run(shell, shell == "busybox" ? ["sh", "-n", script] : ["-n", script]);
    }

    private static byte[] MakeFile() =>
        [
            .. SelfExtractingScript.Write(Header, isOwn: true),
            .. new byte[SelfExtractingHeader.Bytes],
            .. new byte[PayloadBytes],
            .. SelfExtractingHeader.EndMark,
        ];
}
