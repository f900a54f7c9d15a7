using System.Buffers.Binary;
using System.Runtime.Versioning;
using System.Text;
using System.Text.Json;
using Packhorse.Image;
using Packhorse.Model;
using Packhorse.Pack;
using Packhorse.TestChannel;
using Packhorse.Tests.Image;
using Packhorse.Tests.Support;

namespace Packhorse.Tests.Pack;

/// <summary>Unpacking an image gives what unpacking a pack gives.</summary>
[SupportedOSPlatform("linux")]
public sealed class ImageUnpackTests : IDisposable
{
    private readonly Worksite _site = new();

    private static IEnumerable<PackageBuilder> Sample => SamplePackages.All.Select(package => package.Builder);

    public void Dispose() => _site.Dispose();

    [Fact]
    public void The_tree_is_that_of_a_pack_and_a_pack_then_finds_nothing_to_do()
    {
        string pack = _site.Pack(Sample);
        string image = _site.PackImage(Sample);
        IReadOnlyList<string> expected = _site.Fresh(pack);

        TreeListing.AssertSame(expected, _site.Fresh(image));

        _site.Unpack(image).Successful();
        Dictionary<string, string> before = _site.Identities();
        CommandRun again = _site.Unpack(pack).Successful();
        Assert.Contains("6 of 6 packages were there already", again.Error, StringComparison.Ordinal);
        TreeListing.AssertSame(expected, TreeListing.Of(_site.Prefix));
        Assert.Equal(before["bin/tool"], _site.Identities()["bin/tool"]);
        _site.AssertNothingElseIsThere();
    }

    [Fact]
    public void An_environment_that_is_there_is_replaced_and_what_is_the_users_stays()
    {
        PackageBuilder old = new PackageBuilder("one", "1.0").AddFile("share/gone", "1").AddFile("share/both", "1");
        PackageBuilder leaves = new PackageBuilder("two").AddFile("share/two", "2");
        PackageBuilder young = new PackageBuilder("one", "2.0").AddFile("share/new", "2").AddFile("share/both", "2");
        _site.Unpack(_site.Pack(old, leaves)).Successful();
        _site.Write("share/mine", "mine");
        string image = _site.PackImage(young);
        string aside = _site.Prefix + "-aside";

        _site.Unpack(image).Successful();

        Assert.Equal("mine", _site.Read("share/mine"));
        Assert.Equal("2", _site.Read("share/both"));
        File.Delete(_site["share/mine"]);
        TreeListing.AssertSame(_site.Fresh(_site.Pack(young)), TreeListing.Of(_site.Prefix));
        Assert.False(Directory.Exists(aside));
        _site.AssertNothingElseIsThere();
    }

    [Fact]
    public void A_damaged_image_leaves_the_environment_as_it_was()
    {
        _site.Unpack(_site.Pack(new PackageBuilder("one", "1.0").AddFile("share/one", "1"))).Successful();
        IReadOnlyList<string> before = TreeListing.Of(_site.Prefix);
        var noise = new byte[200_000];
        new Random(1).NextBytes(noise);
        string image = _site.PackImage(new PackageBuilder("one", "2.0").AddFile("share/one", noise));
        byte[] bytes = File.ReadAllBytes(image);
        bytes[100_000] ^= 1;
        File.WriteAllBytes(image, bytes);

        CommandRun run = _site.Unpack(image).Failed(4);

        Assert.Contains($"{image} is damaged: bytes 98,304 to 131,071", run.Error, StringComparison.Ordinal);
        TreeListing.AssertSame(before, TreeListing.Of(_site.Prefix));
        _site.AssertNothingElseIsThere();
        Assert.Contains(image, CommandRun.Of("verify", image).Failed(4).Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(10)]
    [InlineData(4096)]
    [InlineData(9000)]
    public void An_image_that_is_cut_off_says_so(int lost)
    {
        string image = _site.PackImage(Sample);
        byte[] bytes = File.ReadAllBytes(image);
        File.WriteAllBytes(image, bytes[..^lost]);

        foreach (string command in (string[])["verify", "inspect", "unpack"])
        {
            CommandRun run = CommandRun.Of(command, image).Failed(4);
            Assert.Contains("no whole image", run.Error, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void What_is_named_comes_first()
    {
        var package = new PackageBuilder("files");
        for (int i = 0; i < 50; i++)
        {
            package.AddFile($"share/{i:00}", $"{i}").AddFile($"lib/{i:00}", $"lib {i}");
        }
        string image = _site.PackImage(package);
        string list = Path.Combine(Path.GetDirectoryName(image)!, "list");
        File.WriteAllText(list, "share/33\nnot/there\r\nlib/\nshare/07\n");
        var order = new Order();
        using ImageFile file = ImageFile.TryOpen(image)!;
        var request = new UnpackRequest
        {
            OutputDirectory = _site.OutputDirectory,
            Here = Platform.Linux64,
            First = FirstPaths.Read(list),
        };

        ImageUnpacker.Unpack(file.Image, request, order, TestContext.Current.CancellationToken);

        Assert.Equal("share/33", order.Items[0]);
        Assert.All(order.Items[1..51], path => Assert.StartsWith("lib/", path, StringComparison.Ordinal));
        Assert.Equal("share/07", order.Items[51]);
        Assert.Equal(100, order.Items.Count);
    }

    [Fact]
    public void What_the_recorded_program_reads_is_written_last_so_that_it_is_in_memory_when_the_program_begins()
    {
        byte[] large = new byte[17 << 20];
        new Random(1).NextBytes(large);
        var package = new PackageBuilder("files").AddFile("a/large", large);
        for (int i = 0; i < 50; i++)
        {
            package.AddFile($"share/{i:00}", $"{i}").AddFile($"lib/{i:00}", $"lib {i}");
        }
        string[] read = ["share/33", "lib/07", "a/large", "share/01"];
        var order = new Order();
        using ImageFile file = ImageFile.TryOpen(_site.PackImage(read, package))!;
        var request = new UnpackRequest { OutputDirectory = _site.OutputDirectory, Here = Platform.Linux64 };

        ImageUnpacker.Unpack(file.Image, request, order, TestContext.Current.CancellationToken);

        Assert.Equal(101, order.Items.Count);
        Assert.Equal(read, order.Items[^4..]);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Byte_code_of_the_writer_is_left_out_with_the_directories_that_hold_nothing_else(bool keep)
    {
        PackageBuilder package = new PackageBuilder("modules")
            .AddFile("lib/a/module.py", "1")
            .AddFile("lib/a/__pycache__/module.pyc", "code")
            .AddFile("lib/b/__pycache__/theirs.pyc", "packaged");
        string image = WithByteCode(_site.PackImage(package), "lib/a/__pycache__/module.pyc");

        _site.Unpack(image, keep ? ["--keep-pyc"] : []).Successful();

        Assert.Equal(keep, Directory.Exists(_site["lib/a/__pycache__"]));
        Assert.Equal(keep, File.Exists(_site["lib/a/__pycache__/module.pyc"]));
        Assert.True(File.Exists(_site["lib/b/__pycache__/theirs.pyc"]));
    }

    [Fact]
    public void Nothing_is_written_when_only_asked_what_would_be()
    {
        string image = _site.PackImage(Sample);

        CommandRun run = _site.Unpack(image, "--dry-run", "--json").Successful();

        using JsonDocument json = JsonDocument.Parse(run.Text);
        Assert.Equal(_site.Prefix, json.RootElement.GetProperty("prefix").GetString());
        Assert.Equal(6, json.RootElement.GetProperty("packages").GetArrayLength());
        Assert.False(Directory.Exists(_site.Prefix));
    }

    [Fact]
    public void A_prefix_that_is_too_long_is_refused_with_the_files_name_before_anything_is_written()
    {
        // Longer than what the image is made for, shorter than where it is unpacked to.
        string placeholder = "/" + new string('p', 25);
        string image = _site.PackImage(
            new PackageBuilder("short")
                .Placeholder(placeholder)
                .AddFile("lib/library.so", $"{placeholder}/lib\0", Modes.Regular, PrefixMode.Binary)
        );
        Assert.True(_site.Prefix.Length > placeholder.Length);

        CommandRun run = _site.Unpack(image).Failed(2);

        Assert.Contains("has room for 26 in 'lib/library.so'", run.Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_site.OutputDirectory));
    }

    [Fact]
    public void Inspect_says_what_it_is_and_how_other_tools_mount_it()
    {
        string image = _site.PackImage(Sample);

        string text = CommandRun.Of("inspect", image).Successful().Text;
        using JsonDocument json = JsonDocument.Parse(CommandRun.Of("inspect", "--json", image).Successful().Text);

        Assert.Contains($"squashfuse -o offset=0 {image} {Worksite.BakedPrefix}", text, StringComparison.Ordinal);
        Assert.Contains("mount -t squashfs -o ro,loop,offset=0", text, StringComparison.Ordinal);
        Assert.Contains($"unsquashfs -o 0 -d {Worksite.BakedPrefix} {image}", text, StringComparison.Ordinal);
        string root = json.RootElement.GetProperty("root").GetString()!;
        Assert.Contains(root, text, StringComparison.Ordinal);
        Assert.Equal(Worksite.BakedPrefix, json.RootElement.GetProperty("prefix").GetString());
        Assert.Contains(root, CommandRun.Of("verify", image).Successful().Text, StringComparison.Ordinal);
        Assert.Contains(root, CommandRun.Of("verify", "--json", image).Successful().Text, StringComparison.Ordinal);
    }

    // As the writer marks what it has compiled.
    private static string WithByteCode(string image, string path)
    {
        byte[] file = File.ReadAllBytes(image);
        byte[] fileSystem;
        string manifest;
        InodeReference code;
        using (var opened = EnvironmentImage.Open(new MemorySource(file), image))
        {
            ImagePart part = opened.Footer.FileSystem;
            fileSystem = file.AsSpan((int)part.Offset, (int)part.Length).ToArray();
            part = opened.Footer.Manifest;
            manifest = Encoding.UTF8.GetString(file.AsSpan((int)part.Offset, (int)part.Length));
            code = Trees.Find(opened.Tree, path);
        }
        byte[] prefix = Encoding.UTF8.GetBytes(Worksite.BakedPrefix);
        var table = new byte[32 + 40 + prefix.Length];
        "phreloc1"u8.CopyTo(table);
        BinaryPrimitives.WriteInt32LittleEndian(table.AsSpan(8), 1);
        BinaryPrimitives.WriteInt32LittleEndian(table.AsSpan(12), prefix.Length);
        BinaryPrimitives.WriteInt64LittleEndian(table.AsSpan(24), prefix.Length);
        BinaryPrimitives.WriteUInt64LittleEndian(table.AsSpan(32), code.Value);
        table[40] = (byte)RelocationKind.ByteCode;
        prefix.CopyTo(table, 72);
        manifest = manifest.Replace("\"byte_code\": false", "\"byte_code\": true", StringComparison.Ordinal);
        File.WriteAllBytes(image, ImageFiles.Make(fileSystem, Encoding.UTF8.GetBytes(manifest), table));
        return image;
    }

    private sealed class Order : IReporter
    {
        public List<string> Items { get; } = [];

        public void BeginStage(string name, int items, long bytes) { }

        public void Advance(long bytes) { }

        public void ItemDone(string name) => Items.Add(name);

        public void Warn(string message) { }

        public void Detail(string message) { }
    }
}
