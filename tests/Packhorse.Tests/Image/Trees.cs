using System.Security.Cryptography;
using System.Text;
using Packhorse.Image;
using Packhorse.Tests.Support;

namespace Packhorse.Tests.Image;

/// <summary>Directories with one of everything, and the images that mksquashfs makes of them.</summary>
internal static class Trees
{
    public const int BlockBytes = 128 << 10;

    /// <summary>Makes an image; skips the test where there is no mksquashfs.</summary>
    public static byte[] Squash(string root, params IEnumerable<string> options)
    {
        string image = root.TrimEnd('/') + ".sqfs";
        File.Delete(image);
        StockTool.Run(
            "mksquashfs",
            [root, image, "-comp", "zstd", "-noappend", "-no-progress", "-quiet", "-all-root", .. options]
        );
        return File.ReadAllBytes(image);
    }

    /// <summary>Files of all lengths that matter, of one content and of many, links of both kinds, and directories of all sizes.</summary>
    public static string Make(ScratchDirectory scratch)
    {
        var random = new Random(1);
        int[] lengths = [0, 1, 4095, 4096, 4097, BlockBytes - 1, BlockBytes, BlockBytes + 1, (5 * BlockBytes) + 17];
        foreach (int length in lengths)
        {
            var noise = new byte[length];
            random.NextBytes(noise);
            scratch.Write($"tree/noise/{length}", noise);
            scratch.Write($"tree/text/{length}", Text(length));
        }
        scratch.Write("tree/twin/a", Text(3 * BlockBytes));
        scratch.Write("tree/twin/b", Text(3 * BlockBytes));
        byte[] holes = new byte[10 * BlockBytes];
        Text(BlockBytes).CopyTo(holes, 4 * BlockBytes);
        scratch.Write("tree/sparse/middle", holes);
        scratch.Write("tree/sparse/nothing but zeros", new byte[(3 * BlockBytes) + 5]);
        Directory.CreateDirectory(scratch["tree/empty"]);
        Directory.CreateDirectory(scratch["tree/closed"]);
        File.CreateSymbolicLink(scratch["tree/link"], "text/1");
        File.CreateSymbolicLink(scratch["tree/dangling"], "../nowhere/" + new string('x', 3000));
        StockTool.Run("ln", scratch["tree/text/4096"], scratch["tree/another name"]);
        scratch.Write("tree/straße/日本語.txt", "names\n"u8);
        scratch.Write($"tree/{new string('n', 255)}", "long\n"u8);
        for (int i = 0; i < 3000; i++)
        {
            scratch.Write($"tree/many/{new string((char)('a' + (i % 26)), 30)}-{i}.py", Text(i % 50));
        }
        StockTool.Run("chmod", "4751", scratch["tree/noise/1"]);
        StockTool.Run("chmod", "700", scratch["tree/closed"]);
        foreach (string path in TreeListing.Files(scratch["tree"]).Select(path => scratch["tree/" + path]))
        {
            if (new FileInfo(path).LinkTarget is null)
            {
                File.SetLastWriteTimeUtc(path, DateTime.UnixEpoch.AddSeconds(random.Next()));
            }
        }
        return scratch["tree"];
    }

    /// <summary>The lines that <see cref="TreeListing.Of"/> gives for a directory, of an image; and the numbers of links and bytes.</summary>
    public static IReadOnlyList<string> List(IImageTree tree)
    {
        var lines = new List<string>();
        foreach ((string path, InodeReference inode, InodeKind kind) in Walk(tree))
        {
            InodeAttributes attributes = tree.Attributes(inode);
            Assert.Equal(kind, attributes.Kind);
            string mode = Convert.ToString((int)attributes.Mode, 8);
            switch (kind)
            {
                case InodeKind.Directory:
                    lines.Add($"{path}\t{mode}\t/");
                    break;
                case InodeKind.SymbolicLink:
                    lines.Add($"{path}\tlink {Encoding.UTF8.GetString(tree.ReadLink(inode))}");
                    break;
                default:
                    byte[] content = ReadAll(tree, inode);
                    string sha256 = Convert.ToHexStringLower(SHA256.HashData(content));
                    DateTime time = DateTime.UnixEpoch.AddSeconds(attributes.Modified);
                    lines.Add($"{path}\t{mode}\t{time:O}\t{sha256}");
                    break;
            }
        }
        lines.Sort(StringComparer.Ordinal);
        return lines;
    }

    /// <summary>Everything below the root, parents first.</summary>
    public static IEnumerable<(string Path, InodeReference Inode, InodeKind Kind)> Walk(IImageTree tree)
    {
        var open = new Stack<(string Path, InodeReference Inode)>([("", tree.Root)]);
        while (open.TryPop(out (string Path, InodeReference Inode) directory))
        {
            IDirectoryCursor cursor = tree.OpenDirectory(directory.Inode, 0);
            while (cursor.MoveNext())
            {
                string path = directory.Path + Encoding.UTF8.GetString(cursor.Name);
                yield return (path, cursor.Inode, cursor.Kind);
                if (cursor.Kind == InodeKind.Directory)
                {
                    open.Push((path + "/", cursor.Inode));
                }
            }
        }
    }

    public static InodeReference Find(IImageTree tree, string path)
    {
        InodeReference inode = tree.Root;
        foreach (string name in path.Split('/'))
        {
            Assert.True(tree.TryLookup(inode, Encoding.UTF8.GetBytes(name), out inode), $"no {name} of {path}");
        }
        return inode;
    }

    public static byte[] ReadAll(IImageTree tree, InodeReference file)
    {
        var content = new byte[tree.Attributes(file).Size];
        Assert.Equal(content.Length, tree.Read(file, 0, content));
        return content;
    }

    public static byte[] Text(int length)
    {
        var text = new byte[length];
        for (int i = 0; i < length; i++)
        {
            text[i] = (byte)('a' + (i * i / 97 % 23));
        }
        return text;
    }
}
