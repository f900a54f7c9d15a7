using System.Security.Cryptography;
using System.Text;
using CsCheck;
using Packhorse.Codecs;
using Packhorse.Model;

namespace Packhorse.Tests.Codecs;

public sealed class DigestTests
{
    [Theory]
    // FIPS 180-4 and RFC 1321.
    [InlineData(
        "",
        1,
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "d41d8cd98f00b204e9800998ecf8427e"
    )]
    [InlineData(
        "abc",
        1,
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        "900150983cd24fb0d6963f7d28e17f72"
    )]
    [InlineData(
        "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
        1,
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
        "8215ef0796a20bcaaae116d3876c664a"
    )]
    [InlineData(
        "a",
        1_000_000,
        "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0",
        "7707d6ae4e027c70eea2a935c2296f21"
    )]
    public void Known_answers_are_given(string text, int times, string sha256, string md5)
    {
        byte[] bytes = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat(text, times)));
        Assert.Equal(sha256, Sha256.Hash(bytes).ToString());
        using var hash = new Md5();
        hash.Append(bytes);
        Assert.Equal(md5, hash.Finish().ToString());
    }

    [Fact]
    public void Bytes_may_come_in_any_pieces_and_the_object_may_be_used_again() =>
        Gen
            .Byte.Array[0, 300]
            .Array[0, 5]
            .Sample(
                pieces =>
                {
                    using var hash = new Sha256();
                    hash.Append("before"u8);
                    _ = hash.Finish();
                    foreach (byte[] piece in pieces)
                    {
                        hash.Append(piece);
                    }
                    byte[] whole = [.. pieces.SelectMany(piece => piece)];
                    return hash.Finish() == new Digest(SHA256.HashData(whole));
                },
                iter: 300
            );

    [Fact]
    public void A_stream_is_verified_with_what_nobody_read()
    {
        byte[] content = Encoding.ASCII.GetBytes("content");
        var expected = new ExpectedContent(7, Sha256.Hash(content), null);
        int passed = 0;
        using var stream = new HashingStream(new MemoryStream(content), expected, count => passed += count);
        Assert.Equal('c', stream.ReadByte());
        stream.Verify("test");
        Assert.Equal((7, 7L), (passed, stream.Count));
    }

    [Theory]
    [InlineData(6L, true, false, ErrorCodes.SizeMismatch)]
    [InlineData(7L, false, false, ErrorCodes.DigestMismatch)]
    [InlineData(null, false, false, ErrorCodes.DigestMismatch)]
    [InlineData(null, null, false, ErrorCodes.DigestMismatch)]
    [InlineData(7L, null, null, null)]
    [InlineData(null, null, true, null)]
    // The stronger digest decides.
    [InlineData(7L, true, false, null)]
    public void Content_that_differs_is_refused(long? size, bool? sha256, bool? md5, string? code)
    {
        byte[] content = Encoding.ASCII.GetBytes("content");
        using var hash = new Md5();
        hash.Append(content);
        var expected = new ExpectedContent(
            size,
            sha256 is null ? null : Sha256.Hash(sha256.Value ? content : [0]),
            md5 is null ? null
                : md5.Value ? hash.Finish()
                : new Md5Digest(new byte[16])
        );
        using var stream = new HashingStream(new MemoryStream(content), expected);
        if (code is null)
        {
            stream.Verify("test");
        }
        else
        {
            Assert.Equal(code, Assert.Throws<CorruptDataException>(() => stream.Verify("test")).Code);
        }
    }
}
