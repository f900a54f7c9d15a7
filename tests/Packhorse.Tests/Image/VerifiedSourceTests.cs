using CsCheck;
using Packhorse.Image;
using Packhorse.Model;

namespace Packhorse.Tests.Image;

public sealed class VerifiedSourceTests
{
    // 40 MB: three levels of digests, the last of one.
    private static readonly byte[] Large = MakeLarge(40_000_000);

    [Fact]
    public void Any_piece_is_given_out_as_it_is()
    {
        VerifiedSource source = Open(Large);

        Gen.Select(Gen.Int[0, (int)source.Length + 10], Gen.Int[0, 200_000])
            .Sample(
                (offset, length) =>
                {
                    var read = new byte[length];
                    int count = source.Read(read, offset);
                    Assert.Equal(Math.Clamp(source.Length - offset, 0, length), count);
                    Assert.True(count == 0 || Large.AsSpan(offset, count).SequenceEqual(read.AsSpan(0, count)));
                },
                iter: 2000
            );
        Assert.Equal(0, source.Read(new byte[1], -1));
    }

    [Fact]
    public void Each_chunk_is_compared_once_and_only_when_it_is_used()
    {
        var file = new CountingSource(Large);
        var source = new VerifiedSource(file, ImageFiles.FooterOf(Large), "image");
        var piece = new byte[100];

        source.Read(piece, 1_000_000);
        // The chunk, the group of its digest, the level above, and a digest of each.
        Assert.InRange(file.BytesRead, 65_000, 70_000);
        long before = file.BytesRead;
        source.Read(piece, 1_000_000);
        Assert.Equal(before + 100, file.BytesRead);
        source.Verify(0, source.Length);
        before = file.BytesRead;
        source.Verify(0, source.Length);
        Assert.Equal(before, file.BytesRead);
    }

    [Fact]
    public void A_flipped_bit_anywhere_is_an_error_that_says_where_and_never_other_bytes()
    {
        byte[] file = Large.ToArray();
        ImageFooter footer = ImageFiles.FooterOf(file);
        long[] positions =
        [
            0,
            1,
            32767,
            32768,
            33_554_431,
            33_554_432,
            footer.DigestTree.Offset - 1,
            footer.DigestTree.Offset,
            footer.DigestTree.Offset + 32 * 1024,
            footer.DigestTree.End - 1,
        ];
        foreach (long position in positions)
        {
            file[position] ^= 0x10;
            var source = new VerifiedSource(new MemorySource(file), footer, "image.sqfs");
            var content = new byte[100_000];
            var error = Assert.Throws<CorruptDataException>(() =>
            {
                for (long offset = 0; offset < source.Length; offset += content.Length)
                {
                    Array.Clear(content);
                    int count = source.Read(content, offset);
                    Assert.True(Large.AsSpan((int)offset, count).SequenceEqual(content.AsSpan(0, count)));
                }
            });
            Assert.Contains("image.sqfs is damaged: bytes ", error.Message, StringComparison.Ordinal);
            Assert.Equal(ErrorCodes.DigestMismatch, error.Code);
            Assert.NotNull(error.Hint);
            file[position] ^= 0x10;
        }
    }

    [Theory]
    // Within the blocks, at their begin, at their end: all of what is wrong without a gap is named.
    [InlineData(9_000_000)]
    [InlineData(8_388_608)]
    [InlineData(10_485_759)]
    public void Parts_of_another_file_are_told_as_a_mixture_with_their_bounds(int read)
    {
        byte[] file = Large.ToArray();
        file.AsSpan(8_388_608, 2 << 20).Fill(7);
        file[12_000_000] ^= 1;
        VerifiedSource source = Open(file);

        for (int i = 0; i < 2; i++)
        {
            var error = Assert.Throws<CorruptDataException>(() => source.Read(new byte[1], read));

            Assert.Contains("is mixed with something else: bytes 8,388,608 to 10,485,759", error.Message);
            Assert.Contains($"root {ImageFiles.FooterOf(Large).Root}", error.Message, StringComparison.Ordinal);
            Assert.Contains("?directread", error.Hint, StringComparison.Ordinal);
        }
        var other = Assert.Throws<CorruptDataException>(() => source.Read(new byte[1], 12_000_000));
        Assert.Contains("is damaged: bytes 11,993,088 to 12,025,855 ", other.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_is_another_one_throughout_is_looked_at_in_parts()
    {
        byte[] file = Large.ToArray();
        file.AsSpan(0, 38_000_000).Fill(7);
        var counting = new CountingSource(file);
        var source = new VerifiedSource(counting, ImageFiles.FooterOf(Large), "image");

        Assert.Throws<CorruptDataException>(() => source.Read(new byte[1], 20_000_000));
        Assert.InRange(counting.BytesRead, 8 << 20, 10 << 20);
    }

    [Fact]
    public void Damage_stays_an_error_however_often_it_is_read_and_what_is_whole_stays_readable()
    {
        byte[] file = Large.ToArray();
        file[100_000] ^= 1;
        VerifiedSource source = Open(file);
        var piece = new byte[1000];
        for (int i = 0; i < 3; i++)
        {
            Assert.Throws<CorruptDataException>(() => source.Read(piece, 99_500));
            Assert.DoesNotContain(piece, value => value != 0);
            Assert.Throws<CorruptDataException>(() => source.Verify(0, source.Length));
        }
        Assert.Equal(1000, source.Read(piece, 200_000));
    }

    [Fact]
    public void A_file_that_is_cut_off_while_it_is_read_is_an_error()
    {
        var file = new CountingSource(Large);
        var source = new VerifiedSource(file, ImageFiles.FooterOf(Large), "image.sqfs");
        var piece = new byte[1000];
        source.Read(piece, 5_000_000);

        file.End = 5_000_500;

        foreach (int offset in (int[])[5_000_000, 20_000_000, 0])
        {
            var error = Assert.Throws<CorruptDataException>(() => source.Read(piece, offset));
            Assert.Equal(ErrorCodes.Truncated, error.Code);
            Assert.Contains("image.sqfs was cut off", error.Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(32768 - 4096 - 8)]
    [InlineData(32768)]
    [InlineData(70_000)]
    public void Small_files_have_small_trees(int bytes)
    {
        byte[] file = MakeLarge(bytes);
        VerifiedSource source = Open(file);
        source.Verify(0, source.Length);
        for (int i = 0; i < source.Length; i += 97)
        {
            file[i] ^= 1;
            Assert.Throws<CorruptDataException>(() => Open(file).Verify(0, source.Length));
            file[i] ^= 1;
        }
    }

    [Fact]
    public void Many_threads_verify_the_same()
    {
        VerifiedSource source = Open(Large);
        Parallel.For(
            0,
            4,
            thread =>
            {
                var random = new Random(thread);
                for (int i = 0; i < 500; i++)
                {
                    int offset = random.Next(Large.Length);
                    var read = new byte[random.Next(50_000)];
                    int count = source.Read(read, offset);
                    Assert.True(Large.AsSpan(offset, count).SequenceEqual(read.AsSpan(0, count)));
                }
            }
        );
    }

    private static VerifiedSource Open(byte[] file) => new(new MemorySource(file), ImageFiles.FooterOf(file), "image");

    private static byte[] MakeLarge(int bytes)
    {
        var content = new byte[bytes];
        new Random(3).NextBytes(content);
        return ImageFiles.Make(content);
    }

    /// <summary>Counts what is read of it, and can lose its end.</summary>
    private sealed class CountingSource(byte[] bytes) : IRandomAccess
    {
        public long Length => bytes.Length;

        public long BytesRead { get; private set; }

        public int End { get; set; } = bytes.Length;

        public int Read(Span<byte> destination, long offset)
        {
            int count = (int)Math.Clamp(End - offset, 0, destination.Length);
            bytes.AsSpan((int)Math.Min(offset, End), count).CopyTo(destination);
            BytesRead += count;
            return count;
        }
    }
}
