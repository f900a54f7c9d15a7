using System.Text;
using Packhorse.Image;
using Packhorse.Install;
using Packhorse.TestChannel;
using Packhorse.Tests.Support;

namespace Packhorse.Tests.Packing;

/// <summary>Images, held against the stock tool that reads their file system.</summary>
public sealed class ImageTests : IDisposable
{
    private readonly ScratchDirectory _scratch = new();

    private string Prefix => _scratch["node/env"];

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void An_image_holds_what_unpacking_at_its_prefix_makes()
    {
        SamplePackages.Channel(_scratch["channel"]).WriteLock(_scratch["project"]);

        MakeImage();

        IReadOnlyList<string> listing = TreeListing.Of(Extract());
        Assert.True(listing.Count > 40, "the sample is too small to tell anything");
        TreeListing.AssertSame(TreeListing.Of(UnpackPack()), listing);
    }

    [Fact]
    public void An_image_of_real_packages_holds_what_unpacking_at_its_prefix_makes()
    {
        string[] packages =
        [
            "conda-forge/linux-64/ncurses-6.5-h59595ed_0.conda",
            "conda-forge/linux-64/libsqlite-3.46.0-hde9e2c9_0.conda",
            "defaults/linux-64/readline-6.2-2.tar.bz2",
            .. RealChannel.Clobber(
                "clobber-1-0.1.0-h4616a5c_0.tar.bz2",
                "clobber-2-0.1.0-h4616a5c_0.tar.bz2",
                "clobber-with-symlink-a-0.1.0-h4616a5c_0.conda",
                "clobber-with-symlink-b-0.1.0-h4616a5c_0.conda"
            ),
        ];
        RealChannel.Make(_scratch["channel"], packages).WriteLock(_scratch["project"]);

        MakeImage();

        TreeListing.AssertSame(TreeListing.Of(UnpackPack()), TreeListing.Of(Extract()));
    }

    [Fact]
    public void The_same_packages_give_the_same_bytes_with_one_and_many_threads()
    {
        SamplePackages.Channel(_scratch["channel"]).WriteLock(_scratch["project"]);

        MakeImage("--workers", "1");
        byte[] one = File.ReadAllBytes(_scratch["environment.sqfs"]);
        MakeImage("--workers", "8");

        Assert.Equal(one, File.ReadAllBytes(_scratch["environment.sqfs"]));
    }

    [Fact]
    public void Equal_files_of_any_size_are_stored_once_and_zeros_not_at_all()
    {
        byte[] random = new byte[300_000];
        new Random(1).NextBytes(random);
        byte[] holes = new byte[900_000];
        random.AsSpan(0, 1000).CopyTo(holes);
        PackageBuilder package = new PackageBuilder("files")
            .AddFile("small", random[..5000])
            .AddFile("block", random[..131_072])
            .AddFile("holes", holes)
            .AddFile("large", random);
        for (int i = 0; i < 20; i++)
        {
            package
                .AddFile($"copies/{i}/large", random)
                .AddFile($"copies/{i}/small", random[..5000])
                .AddFile($"copies/{i}/holes", holes)
                .AddFile($"copies/{i}/zeros", new byte[400_000]);
        }
        Channel(package);

        MakeImage();

        TreeListing.AssertSame(TreeListing.Of(UnpackPack()), TreeListing.Of(Extract()));
        long size = new FileInfo(_scratch["environment.sqfs"]).Length;
        Assert.InRange(size, 436_000, 460_000);
    }

    [Fact]
    public void Directories_may_be_large_and_deep()
    {
        var package = new PackageBuilder("files");
        for (int i = 0; i < 3000; i++)
        {
            package.AddFile($"many/{i:0000}-{new string('n', i % 240)}", $"{i % 7}");
        }
        package.AddFile($"{string.Join('/', Enumerable.Repeat("deep", 300))}/file", "at the bottom");
        Channel(package);

        MakeImage();

        TreeListing.AssertSame(TreeListing.Of(UnpackPack()), TreeListing.Of(Extract()));
    }

    [Fact]
    public void The_footer_and_the_tree_of_digests_vouch_for_the_file()
    {
        SamplePackages.Channel(_scratch["channel"]).WriteLock(_scratch["project"]);
        MakeImage();
        byte[] file = File.ReadAllBytes(_scratch["environment.sqfs"]);

        ImageFooter footer = ImageFooter.Parse(file.AsSpan(file.Length - ImageFooter.Bytes), file.Length, "image");

        byte[] level = Chunks(file.AsSpan(0, (int)footer.DigestTree.Offset));
        while (level.Length > 32)
        {
            level = Chunks(level);
        }
        Assert.Equal(footer.Top.ToString(), Convert.ToHexStringLower(level));
        string manifest = Encoding.UTF8.GetString(Part(file, footer.Manifest));
        Assert.Contains($"\"prefix\": \"{Prefix}\"", manifest, StringComparison.Ordinal);
        Assert.StartsWith(
            "phreloc1",
            Encoding.Latin1.GetString(Part(file, footer.Relocations)),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Without_a_prefix_of_the_users_the_image_is_made_for_the_canonical_one()
    {
        SamplePackages.Channel(_scratch["channel"]).WriteLock(_scratch["project"]);

        CommandRun.Of("pack", "-q", "-o", _scratch["environment.sqfs"], _scratch["project"]).Successful();

        string marker = File.ReadAllText(Path.Combine(Extract(), "conda-meta/packhorse"));
        Assert.Matches("\"prefix\": \"/media/p/[0-9a-f]{12}\"", marker);
    }

    [Fact]
    public void A_damaged_package_leaves_nothing_at_the_outputs_name()
    {
        ChannelDirectory channel = SamplePackages.Channel(_scratch["channel"]);
        channel.WriteLock(_scratch["project"]);
        string damaged = channel.PathOf(channel.Packages[0]);
        byte[] bytes = File.ReadAllBytes(damaged);
        bytes[bytes.Length / 2] ^= 1;
        File.WriteAllBytes(damaged, bytes);

        CommandRun run = CommandRun.Of("pack", "-q", "-o", _scratch["environment.sqfs"], _scratch["project"]);

        Assert.Contains(Path.GetFileName(damaged), run.Failed(4).Error, StringComparison.Ordinal);
        Assert.False(File.Exists(_scratch["environment.sqfs"]));
        Assert.False(Directory.Exists(_scratch["environment.sqfs.part.d"]));
    }

    [Theory]
    [InlineData("--prefix", "/opt/x")]
    [InlineData("--compression-level", "9")]
    [InlineData("--image", "--directory-only")]
    [InlineData("--image", "-o", "-")]
    [InlineData("--image", "--prefix", "opt/x")]
    [InlineData("--image", "--prefix", "/")]
    [InlineData("--image", "--prefix", "/opt/../x")]
    [InlineData("--image", "--compression-level", "23")]
    public void Options_that_contradict_each_other_are_refused(params string[] options)
    {
        SamplePackages.Channel(_scratch["channel"]).WriteLock(_scratch["project"]);

        CommandRun.Of(["pack", "-q", .. options, _scratch["project"]]).Failed(2);
    }

    private static ReadOnlySpan<byte> Part(byte[] file, ImagePart part) =>
        file.AsSpan((int)part.Offset, (int)part.Length);

    private static byte[] Chunks(ReadOnlySpan<byte> bytes)
    {
        var digests = new MemoryStream();
        for (int at = 0; at < bytes.Length; at += 32768)
        {
            digests.Write(System.Security.Cryptography.SHA256.HashData(bytes[at..Math.Min(bytes.Length, at + 32768)]));
        }
        return digests.ToArray();
    }

    private void Channel(PackageBuilder package)
    {
        var channel = new ChannelDirectory(_scratch["channel"]);
        channel.Add(package);
        channel.WriteLock(_scratch["project"]);
    }

    private void MakeImage(params string[] options) =>
        CommandRun
            .Of(["pack", "-q", "-o", _scratch["environment.sqfs"], "--prefix", Prefix, .. options, _scratch["project"]])
            .Successful();

    private string UnpackPack()
    {
        CommandRun.Of("pack", "-q", "-o", _scratch["environment.tar"], _scratch["project"]).Successful();
        CommandRun.Of("unpack", "-q", "-o", _scratch["node"], _scratch["environment.tar"]).Successful();
        // An image is never updated in place, so it has no digests for that.
        File.Delete(Path.Combine(Prefix, InstalledDigests.Path));
        return Prefix;
    }

    private string Extract()
    {
        string extracted = _scratch["extracted"];
        StockTool.Run("unsquashfs", "-quiet", "-no-progress", "-dest", extracted, _scratch["environment.sqfs"]);
        return extracted;
    }
}
