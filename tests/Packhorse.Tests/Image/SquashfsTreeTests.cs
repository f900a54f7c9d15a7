using System.Text;
using CsCheck;
using Packhorse.Image;
using Packhorse.Model;
using Packhorse.Tests.Support;

namespace Packhorse.Tests.Image;

/// <summary>Reads what mksquashfs writes.</summary>
public sealed class SquashfsTreeTests : IDisposable
{
    private readonly ScratchDirectory _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Theory]
    [InlineData("")]
    [InlineData("-noI -noD -noF")]
    [InlineData("-noI")]
    [InlineData("-noD -noF")]
    [InlineData("-no-fragments")]
    [InlineData("-always-use-fragments")]
    [InlineData("-no-duplicates -no-exports")]
    [InlineData("-b 4096")]
    [InlineData("-b 1048576 -Xcompression-level 3")]
    public void Content_modes_times_and_links_are_those_of_the_directory(string options)
    {
        string root = Trees.Make(_scratch);
        byte[] image = Trees.Squash(root, options.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        // A cache of a few blocks, so that they give way.
        using var tree = new SquashfsTree(new MemorySource(image), 64 << 10, "image");

        TreeListing.AssertSame(TreeListing.Of(root), Trees.List(tree));

        InodeAttributes one = tree.Attributes(Trees.Find(tree, "text/4096"));
        Assert.Equal(2u, one.Links);
        Assert.Equal(Trees.Find(tree, "another name"), Trees.Find(tree, "text/4096"));
        Assert.Equal(4096, one.Size);
        uint[] numbers = [.. Trees.Walk(tree).Select(item => tree.Attributes(item.Inode).Number).Distinct()];
        Assert.Equal(tree.InodeCount - 1, (uint)numbers.Length);
    }

    [Fact]
    public void Names_are_found_in_directories_with_and_without_an_index_and_others_are_not()
    {
        string root = Trees.Make(_scratch);
        using SquashfsTree tree = Open(Trees.Squash(root));
        foreach (string directory in (string[])["", "many", "text", "empty"])
        {
            InodeReference inode = directory.Length == 0 ? tree.Root : Trees.Find(tree, directory);
            string[] names = [.. Directory.EnumerateFileSystemEntries(Path.Combine(root, directory))];
            foreach (string name in names.Select(name => Path.GetFileName(name)!))
            {
                byte[] bytes = Encoding.UTF8.GetBytes(name);
                Assert.True(tree.TryLookup(inode, bytes, out InodeReference found));
                FileSystemInfo info = new FileInfo(Path.Combine(root, directory, name));
                if (info.Exists && info.LinkTarget is null)
                {
                    Assert.Equal(new FileInfo(info.FullName).Length, tree.Attributes(found).Size);
                }
                Assert.False(tree.TryLookup(inode, [.. bytes, (byte)'!'], out _));
                Assert.False(tree.TryLookup(inode, bytes.AsSpan(0, bytes.Length - 1), out _) && bytes.Length > 6);
            }
            Assert.False(tree.TryLookup(inode, ""u8, out _));
            Assert.False(tree.TryLookup(inode, "."u8, out _));
            Assert.False(tree.TryLookup(inode, "\0"u8, out _));
            Assert.False(tree.TryLookup(inode, "\xff\xff"u8, out _));
        }
    }

    [Fact]
    public void A_directory_can_be_read_on_from_behind_every_entry()
    {
        using SquashfsTree tree = Open(Trees.Squash(Trees.Make(_scratch)));
        foreach (string directory in (string[])["many", "text", "empty"])
        {
            InodeReference inode = Trees.Find(tree, directory);
            (string Name, long Next)[] all = [.. Names(tree, inode, 0)];
            Assert.Equal(all.OrderBy(entry => entry.Name, StringComparer.Ordinal), all);
            for (int i = 0; i < all.Length; i += 7)
            {
                Assert.Equal(all[(i + 1)..], Names(tree, inode, all[i].Next));
                // What no entry has given is a place all the same.
                Assert.Equal(all[(i + 1)..], Names(tree, inode, all[i].Next - 1));
            }
            Assert.Empty(Names(tree, inode, long.MaxValue));
            Assert.Equal(all.Length, Names(tree, inode, -1).Count());
        }
    }

    [Fact]
    public void Parents_are_known_of_what_was_looked_up()
    {
        using SquashfsTree tree = Open(Trees.Squash(Trees.Make(_scratch)));
        InodeReference many = Trees.Find(tree, "many");

        Assert.Equal(tree.Root, tree.Parent(many));
        Assert.Equal(tree.Root, tree.Parent(tree.Root));
        Assert.Throws<ArgumentException>(() => tree.Parent(new InodeReference(7)));
    }

    [Fact]
    public void Any_piece_of_a_file_is_read_as_it_is()
    {
        string root = Trees.Make(_scratch);
        byte[] image = Trees.Squash(root, "-b", "8192");
        using var tree = new SquashfsTree(new MemorySource(image), 100_000, "image");
        (InodeReference Inode, byte[] Content)[] files =
        [
            .. Trees
                .Walk(tree)
                .Where(item => item.Kind == InodeKind.File && !item.Path.StartsWith("many", StringComparison.Ordinal))
                .Select(item => (item.Inode, File.ReadAllBytes(Path.Combine(root, item.Path)))),
        ];

        Gen.Select(Gen.Int[0, files.Length - 1], Gen.Int[0, 700_000], Gen.Int[0, 40_000])
            .Sample(
                (index, offset, length) =>
                {
                    (InodeReference inode, byte[] content) = files[index];
                    var read = new byte[length];
                    int count = tree.Read(inode, offset, read);
                    int expected = Math.Clamp(content.Length - offset, 0, length);
                    Assert.Equal(expected, count);
                    Assert.True(expected == 0 || content.AsSpan(offset, expected).SequenceEqual(read.AsSpan(0, count)));
                },
                iter: 3000
            );
        Assert.Equal(0, tree.Read(files[0].Inode, long.MaxValue, new byte[10]));
        Assert.Equal(0, tree.Read(files[0].Inode, -1, new byte[10]));
    }

    [Fact]
    public void The_end_of_a_file_of_thousands_of_blocks_is_read()
    {
        byte[] content = Trees.Text(12_000_000);
        _scratch.Write("tree/large", content);
        using SquashfsTree tree = Open(Trees.Squash(_scratch["tree"], "-b", "4096"));
        InodeReference large = Trees.Find(tree, "large");
        var piece = new byte[5000];
        foreach (int offset in (int[])[11_990_000, 2_097_152, 2_097_151, 4_194_304, 0, 6_000_000])
        {
            Assert.Equal(piece.Length, tree.Read(large, offset, piece));
            Assert.True(content.AsSpan(offset, piece.Length).SequenceEqual(piece));
        }
    }

    [Fact]
    public void Many_threads_read_the_same_through_a_small_cache()
    {
        string root = Trees.Make(_scratch);
        using var tree = new SquashfsTree(new MemorySource(Trees.Squash(root)), 300_000, "image");
        (InodeReference Inode, string Path)[] files =
        [
            .. Trees.Walk(tree).Where(item => item.Kind == InodeKind.File).Select(item => (item.Inode, item.Path)),
        ];
        byte[][] contents = [.. files.Select(file => File.ReadAllBytes(Path.Combine(root, file.Path)))];

        Parallel.For(
            0,
            8,
            thread =>
            {
                var random = new Random(thread);
                for (int i = 0; i < 1000; i++)
                {
                    int index = random.Next(files.Length);
                    int offset = random.Next(contents[index].Length + 1);
                    var read = new byte[random.Next(20_000)];
                    int count = tree.Read(files[index].Inode, offset, read);
                    Assert.True(contents[index].AsSpan(offset, count).SequenceEqual(read.AsSpan(0, count)));
                    Assert.Equal(Math.Min(read.Length, contents[index].Length - offset), count);
                }
            }
        );
    }

    [Fact]
    public void Other_compressors_are_refused()
    {
        _scratch.Write("tree/file", "content"u8);
        StockTool.Run("mksquashfs", _scratch["tree"], _scratch["gzip"], "-comp", "gzip", "-no-progress", "-quiet");

        var error = Assert.Throws<IncompatibleException>(() => Open(File.ReadAllBytes(_scratch["gzip"])));

        Assert.Contains("Gzip", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Pipes_and_devices_are_refused()
    {
        Directory.CreateDirectory(_scratch["tree"]);
        StockTool.Run("mkfifo", _scratch["tree/pipe"]);
        using SquashfsTree tree = Open(Trees.Squash(_scratch["tree"]));

        Assert.Throws<CorruptDataException>(() => tree.OpenDirectory(tree.Root, 0).MoveNext());
        Assert.Throws<CorruptDataException>(() => tree.TryLookup(tree.Root, "pipe"u8, out _));
    }

    private static SquashfsTree Open(byte[] image) =>
        new(new MemorySource(image), SquashfsTree.DefaultCacheBytes, "image");

    private static IEnumerable<(string Name, long Next)> Names(SquashfsTree tree, InodeReference inode, long position)
    {
        IDirectoryCursor cursor = tree.OpenDirectory(inode, position);
        while (cursor.MoveNext())
        {
            yield return (Encoding.UTF8.GetString(cursor.Name), cursor.Next);
        }
    }
}
