using Packhorse.Signing;

namespace Packhorse.Tests.Signing;

/// <summary>Ed25519 by the vectors of RFC 8032, 7.1.</summary>
public sealed class Ed25519Tests
{
    public static TheoryData<string, string, string> Vectors =>
        new()
        {
            {
                "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
                "",
                "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
            },
            {
                "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
                "72",
                "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
            },
            {
                "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
                "af82",
                "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"
            },
            {
                "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
                "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
                "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704"
            },
        };

    [Theory]
    [MemberData(nameof(Vectors))]
    public void The_vectors_are_accepted_and_nothing_else(string key, string message, string signature)
    {
        byte[] publicKey = Convert.FromHexString(key);
        byte[] content = Convert.FromHexString(message);
        byte[] right = Convert.FromHexString(signature);

        Assert.True(Ed25519.Verify(publicKey, content, right));
        Assert.False(Ed25519.Verify(publicKey, [.. content, 0], right));
        Assert.False(Ed25519.Verify(publicKey, content, right.AsSpan(1)));
        Assert.False(Ed25519.Verify(publicKey.AsSpan(1), content, right));
        for (int at = 0; at < right.Length; at++)
        {
            byte[] flipped = [.. right];
            flipped[at] ^= (byte)(1 << (at % 8));
            Assert.False(Ed25519.Verify(publicKey, content, flipped));
        }
    }

    [Fact]
    public void A_signature_is_not_accepted_in_a_second_way_of_writing_it()
    {
        byte[] publicKey = Convert.FromHexString("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
        byte[] signature = Convert.FromHexString(
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
        );
        // S plus the order of the base point satisfies the same equation.
        byte[] order = Convert.FromHexString("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
        int carry = 0;
        for (int i = 0; i < order.Length; i++)
        {
            int sum = signature[32 + i] + order[i] + carry;
            signature[32 + i] = (byte)sum;
            carry = sum >> 8;
        }
        Assert.Equal(0, carry);
        Assert.False(Ed25519.Verify(publicKey, [], signature));
    }

    [Theory]
    [InlineData("0200000000000000000000000000000000000000000000000000000000000000")]
    [InlineData("ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff")]
    [InlineData("0100000000000000000000000000000000000000000000000000000000000080")]
    public void What_is_no_point_is_no_key(string key) =>
        Assert.False(Ed25519.Verify(Convert.FromHexString(key), "message"u8, new byte[64]));
}
