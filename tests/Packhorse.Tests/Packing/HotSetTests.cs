using Packhorse.Image;
using Packhorse.Model;
using Packhorse.TestChannel;
using Packhorse.Tests.Support;

namespace Packhorse.Tests.Packing;

/// <summary>What a program needed, stored with an image.</summary>
public sealed class HotSetTests : IDisposable
{
    private readonly ScratchDirectory _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void A_record_reads_back_as_it_was_written()
    {
        UsedRange[] ranges = [new("lib/a \"b\".so", 0, 5), new("bin/python", 131_072, 1)];

        Assert.Equal(ranges, UsageRecord.Parse(UsageRecord.Write(ranges), "record"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{\"schema\": \"packhorse/record/1\"}")]
    [InlineData("{\"schema\": \"packhorse/record/1\", \"ranges\": [[\"a\", 1]]}")]
    [InlineData("{\"schema\": \"packhorse/record/1\", \"ranges\": [[\"a\", -1, 1]]}")]
    [InlineData("{\"schema\": \"packhorse/record/1\", \"ranges\": [[\"a\", 1, 1e30]]}")]
    [InlineData("{\"schema\": \"packhorse/record/1\", \"ranges\": [[1, 1, 1]]}")]
    [InlineData("{\"schema\": \"packhorse/record/2\", \"ranges\": []}")]
    public void What_is_no_record_is_refused(string text) =>
        Assert.ThrowsAny<PackhorseException>(() =>
            UsageRecord.Parse(System.Text.Encoding.UTF8.GetBytes(text), "record")
        );

    [Fact]
    public void The_blocks_that_a_record_names_are_stored_in_its_order_and_the_rest_is_not()
    {
        byte[] large = new byte[1_000_000];
        new Random(1).NextBytes(large);
        byte[] other = new byte[1_000_000];
        new Random(2).NextBytes(other);
        var channel = new ChannelDirectory(_scratch["channel"]);
        channel.Add(
            new PackageBuilder("files").AddFile("a/large", large).AddFile("b/other", other).AddFile("c/small", "small")
        );
        channel.WriteLock(_scratch["project"]);
        // The second block of one, all of the small one, and the first two of the other; names that are not there.
        UsedRange[] record =
        [
            new("a/large", 140_000, 10),
            new("c/small", 0, 100),
            new("b/other", 0, 131_073),
            new("b/other", 2_000_000, 5),
            new("nowhere", 0, 5),
        ];
        File.WriteAllBytes(_scratch["record.json"], UsageRecord.Write(record));

        string image = _scratch["environment.sqfs"];
        CommandRun
            .Of("pack", "-q", "-o", image, "--record-from", _scratch["record.json"], _scratch["project"])
            .Successful();

        byte[] file = File.ReadAllBytes(image);
        HotSet hotSet = ReadHotSet(file);
        ImagePart[] ranges = [.. hotSet.Blocks];
        // The tables, then three ranges of random bytes, which are stored as they are.
        Assert.Equal(4, ranges.Length);
        Assert.True(large.AsSpan(131_072, 131_072).SequenceEqual(Part(file, ranges[1])));
        Assert.True(ranges[2].Length is > 0 and < 4096, "the fragment block of the small file");
        Assert.True(other.AsSpan(0, 262_144).SequenceEqual(Part(file, ranges[3])));
        // Of the files what there is of the ranges.
        UsedRange[] files = [record[0], record[1] with { Length = 5 }, record[2]];
        Assert.Equal(files, hotSet.Files);
    }

    [Fact]
    public void A_hot_set_reads_back_as_it_was_written()
    {
        var hotSet = new HotSet(
            [new ImagePart(4096, 100), new ImagePart(0, 8192)],
            [new UsedRange("lib/a", 0, 5), new UsedRange("lib/a", 131_072, 1), new UsedRange("bin/ü", 7, 0)]
        );

        HotSet read = HotSet.Parse(hotSet.Write(), new ImagePart(0, 8192), "image");

        Assert.Equal(hotSet.Blocks, read.Blocks);
        Assert.Equal(hotSet.Files, read.Files);
    }

    [Theory]
    [InlineData("/absolute")]
    [InlineData("a/../../b")]
    [InlineData("")]
    public void Paths_of_a_hot_set_lead_into_the_environment(string path)
    {
        byte[] bytes = new HotSet([], [new UsedRange(path, 0, 5)]).Write();

        Assert.Throws<CorruptDataException>(() => HotSet.Parse(bytes, new ImagePart(0, 8192), "image"));
    }

    [Fact]
    public void Every_cut_of_a_hot_set_is_seen()
    {
        byte[] bytes = new HotSet([new ImagePart(0, 1)], [new UsedRange("lib/a", 0, 5)]).Write();
        // What ends behind the blocks has no files.
        int whole = bytes.Length - ("lib/a".Length + 2 + 16);

        for (int length = 0; length < bytes.Length; length++)
        {
            if (length != whole)
            {
                Assert.Throws<CorruptDataException>(() =>
                    HotSet.Parse(bytes.AsSpan(0, length), new ImagePart(0, 8192), "image")
                );
            }
        }
    }

    [Fact]
    public void Without_a_record_there_is_no_hot_set()
    {
        SamplePackages.Channel(_scratch["channel"]).WriteLock(_scratch["project"]);
        string image = _scratch["environment.sqfs"];
        CommandRun.Of("pack", "-q", "-o", image, _scratch["project"]).Successful();

        byte[] file = File.ReadAllBytes(image);

        Assert.Equal(0, Footer(file).HotSet.Length);
    }

    private static ReadOnlySpan<byte> Part(byte[] file, ImagePart range) =>
        file.AsSpan((int)range.Offset, (int)range.Length);

    private static ImageFooter Footer(byte[] file) =>
        ImageFooter.Parse(file.AsSpan(file.Length - ImageFooter.Bytes), file.Length, "image");

    private static HotSet ReadHotSet(byte[] file)
    {
        ImageFooter footer = Footer(file);
        ImagePart part = footer.HotSet;
        return HotSet.Parse(file.AsSpan((int)part.Offset, (int)part.Length), footer.FileSystem, "image");
    }
}
