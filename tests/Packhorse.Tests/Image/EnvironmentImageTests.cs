using Packhorse.Image;
using Packhorse.Install;
using Packhorse.Model;
using Packhorse.TestChannel;
using Packhorse.Tests.Support;

namespace Packhorse.Tests.Image;

public sealed class EnvironmentImageTests : IDisposable
{
    private const string Baked = "/media/p/0123456789ab";

    private readonly ScratchDirectory _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void An_image_says_what_it_holds()
    {
        byte[] file = MakeImage(SamplePackages.Channel(_scratch["channel"]));
        using EnvironmentImage image = Open(file);

        ImageManifest manifest = image.Manifest;
        Assert.Equal((Baked, Platform.Linux64, "3.11"), (manifest.Prefix, manifest.Platform, manifest.Python));
        Assert.Equal(SamplePackages.All.Count(), manifest.Packages.Count);
        Assert.False(manifest.IsCanonical);
        ImagePath[] all = [.. ImageWalk.All(image.Tree)];
        Assert.Contains(all, entry => entry.Path == "conda-meta/packhorse");
        Assert.Equal(
            "conda-meta/packhorse",
            ImageWalk.PathOf(image.Tree, Trees.Find(image.Tree, "conda-meta/packhorse"))
        );
        Assert.Null(ImageWalk.PathOf(image.Tree, new InodeReference(1)));
        Assert.Same(image.Tree, image.TreeAt(Baked));
        Assert.Empty(image.ReadHotSet().Blocks);
    }

    [Fact]
    public void Every_flipped_bit_of_a_file_is_an_error_and_never_other_bytes()
    {
        byte[] file = MakeImage(Small());
        using EnvironmentImage original = Open(file);
        IReadOnlyList<string> expected = Trees.List(original.TreeAt("/elsewhere"));
        for (int i = 0; i < file.Length; i += 3)
        {
            file[i] ^= (byte)(1 << (i % 8));
            var error = Assert.Throws<CorruptDataException>(() =>
            {
                using EnvironmentImage image = Open(file);
                Assert.Equal(expected, Trees.List(image.TreeAt("/elsewhere")));
                // What the reading had no use for: zeros between the parts.
                image.Source.Verify(0, image.Source.Length);
            });
            Assert.NotNull(error.Hint);
            file[i] ^= (byte)(1 << (i % 8));
        }
    }

    [Fact]
    public void Every_beginning_of_a_file_is_refused()
    {
        byte[] file = MakeImage(Small());
        for (int length = 0; length < file.Length; length += 37)
        {
            Assert.Throws<CorruptDataException>(() => Open(file[..length]));
            Assert.False(EnvironmentImage.IsOne(new MemorySource(file.AsMemory(0, length))));
        }
        Assert.True(EnvironmentImage.IsOne(new MemorySource(file)));
    }

    [Fact]
    public void Another_image_than_the_one_asked_for_is_refused()
    {
        byte[] file = MakeImage(Small());
        Digest root;
        using (EnvironmentImage image = Open(file))
        {
            root = image.Footer.Root;
        }
        using EnvironmentImage same = EnvironmentImage.Open(new MemorySource(file), "image", root);

        var error = Assert.Throws<CorruptDataException>(() =>
            EnvironmentImage.Open(new MemorySource(file), "image", default(Digest))
        );
        Assert.Contains(root.ToString(), error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Relocations_that_were_changed_are_refused_or_lead_nowhere_else()
    {
        using EnvironmentImage image = Open(MakeImage(SamplePackages.Channel(_scratch["channel"])));
        byte[] file = File.ReadAllBytes(_scratch["image.sqfs"]);
        ImagePart part = image.Footer.Relocations;
        byte[] table = file.AsSpan((int)part.Offset, (int)part.Length).ToArray();
        var target = new InstallTarget("/some where/else", Platform.Linux64);
        int refused = 0;
        for (int i = 0; i < table.Length; i++)
        {
            byte before = table[i];
            table[i] ^= (byte)(1 << (i % 8));
            try
            {
                var tree = new RelocatedTree(image.Tree, RelocationTable.Parse(table, "image"), target, "image");
                _ = Trees.List(tree);
            }
            catch (PackhorseException)
            {
                refused++;
            }
            table[i] = before;
        }
        Assert.True(refused > table.Length / 4, $"{refused} of {table.Length}");
        for (int length = 0; length < table.Length; length++)
        {
            Assert.Throws<CorruptDataException>(() => RelocationTable.Parse(table.AsMemory(0, length), "image"));
        }
    }

    [Fact]
    public void A_record_that_speaks_of_itself_is_refused()
    {
        using EnvironmentImage image = Open(MakeImage(Small()));
        RelocationTable table = image.ReadRelocations();
        InodeReference record = Trees.Find(image.Tree, "conda-meta/packhorse");
        Assert.True(table.TryFind(record, out RelocationEntry entry));
        Assert.Equal(RelocationKind.Record, entry.Kind);
        byte[] file = File.ReadAllBytes(_scratch["image.sqfs"]);
        byte[] bytes = file.AsSpan((int)image.Footer.Relocations.Offset, (int)image.Footer.Relocations.Length)
            .ToArray();
        int numbers = 32 + (40 * table.Count);
        System.Buffers.Binary.BinaryPrimitives.WriteUInt64LittleEndian(
            bytes.AsSpan(numbers + (8 * ((int)entry.FirstNumber + 2))),
            (record.Value << 2) | (ulong)RecordPieceKind.Sha256
        );
        var tree = new RelocatedTree(
            image.Tree,
            RelocationTable.Parse(bytes, "image"),
            new InstallTarget("/x", Platform.Linux64),
            "image"
        );

        Assert.Throws<CorruptDataException>(() => tree.Attributes(record));
    }

    [Theory]
    [InlineData("phhot002", 0, 0, true)]
    [InlineData("phhot002", 4096, 100, true)]
    [InlineData("phhot002", -1, 1, false)]
    [InlineData("phhot002", 0, -1, false)]
    [InlineData("phhot002", 0, long.MaxValue, false)]
    [InlineData("phhot002", long.MaxValue, long.MaxValue, false)]
    [InlineData("phhot001", 0, 0, false)]
    public void Hot_sets_lead_into_the_file_system(string magic, long offset, long length, bool isOne)
    {
        var hotSet = new MemoryStream();
        var writer = new BinaryWriter(hotSet);
        writer.Write(System.Text.Encoding.ASCII.GetBytes(magic));
        writer.Write(1L);
        writer.Write(offset);
        writer.Write(length);
        byte[] manifest;
        using (EnvironmentImage image = Open(MakeImage(Small())))
        {
            manifest = File.ReadAllBytes(_scratch["image.sqfs"])
                .AsSpan((int)image.Footer.Manifest.Offset, (int)image.Footer.Manifest.Length)
                .ToArray();
        }
        using EnvironmentImage made = Open(
            ImageFiles.Make(new byte[8192], manifest: manifest, hotSet: hotSet.ToArray())
        );

        if (isOne)
        {
            Assert.Equal([new ImagePart(offset, length)], made.ReadHotSet().Blocks);
        }
        else
        {
            Assert.Throws<CorruptDataException>(() => made.ReadHotSet());
        }
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("\"\\ud800\"")]
    [InlineData("{\"schema\": \"packhorse/image/1\"}")]
    [InlineData("{\"schema\": \"packhorse/image/1\", \"prefix\": \"relative\"}")]
    [InlineData("{\"schema\": \"packhorse/image/1\", \"prefix\": \"/a/../b\"}")]
    public void Manifests_that_make_no_sense_are_refused(string manifest)
    {
        byte[] file = ImageFiles.Make(new byte[8192], manifest: System.Text.Encoding.UTF8.GetBytes(manifest));

        Assert.Throws<CorruptDataException>(() => Open(file));
    }

    private ChannelDirectory Small()
    {
        var channel = new ChannelDirectory(_scratch["channel"]);
        channel.Add(
            new PackageBuilder("small")
                .AddFile("etc/text", $"a={Placeholder.Default}\n", Modes.Regular, PrefixMode.Text)
                .AddExecutable("bin/tool", $"#!{Placeholder.Default}/bin/python\n", PrefixMode.Text)
                .AddSymlink("bin/link", "tool")
        );
        return channel;
    }

    private byte[] MakeImage(ChannelDirectory channel)
    {
        channel.WriteLock(_scratch["project"]);
        string output = _scratch["image.sqfs"];
        CommandRun.Of("pack", "-q", "-o", output, "--prefix", Baked, "--pyc", "off", _scratch["project"]).Successful();
        return File.ReadAllBytes(output);
    }

    private static EnvironmentImage Open(byte[] file) => EnvironmentImage.Open(new MemorySource(file), "image");
}
