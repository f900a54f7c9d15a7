using System.Text;
using Packhorse.Model;

namespace Packhorse.Image;

/// <summary>Something in a tree and its way from the root.</summary>
/// <param name="Path">Relative to the root, of the form <c>a/b/c</c>.</param>
public readonly record struct ImagePath(string Path, InodeReference Inode, InodeKind Kind);

/// <summary>Goes through a whole tree.</summary>
public static class ImageWalk
{
    /// <summary>Everything below the root, directories before what is in them.</summary>
    /// <param name="tree">Of which a directory has one name only, so that there is an end.</param>
    /// <exception cref="CorruptDataException">The tree is damaged, or has paths beyond the limits or that are no text.</exception>
    public static IEnumerable<ImagePath> All(IImageTree tree)
    {
        var open = new Stack<(string Prefix, InodeReference Inode)>([("", tree.Root)]);
        int count = 0;
        while (open.TryPop(out (string Prefix, InodeReference Inode) directory))
        {
            IDirectoryCursor cursor = tree.OpenDirectory(directory.Inode, 0);
            while (cursor.MoveNext())
            {
                var entry = new ImagePath(directory.Prefix + Decode(cursor.Name), cursor.Inode, cursor.Kind);
                CheckLimits(entry.Path, ++count);
                yield return entry;
                if (entry.Kind == InodeKind.Directory)
                {
                    open.Push((entry.Path + "/", entry.Inode));
                }
            }
        }
    }

    /// <returns>Null when no name leads to the inode.</returns>
    public static string? PathOf(IImageTree tree, InodeReference inode)
    {
        foreach (ImagePath entry in All(tree))
        {
            if (entry.Inode == inode)
            {
                return entry.Path;
            }
        }
        return null;
    }

    private static string Decode(ReadOnlySpan<byte> name)
    {
        try
        {
            return StrictUtf8.GetString(name);
        }
        catch (DecoderFallbackException error)
        {
            throw new CorruptDataException(
                ErrorCodes.BadImage,
                $"the name {EntryPath.Quote(Encoding.UTF8.GetString(name))} in the image is not UTF-8",
                error
            );
        }
    }

    private static UTF8Encoding StrictUtf8 { get; } =
        new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private static void CheckLimits(string path, int count)
    {
        if (count > Limits.Members)
        {
            throw new CorruptDataException(
                ErrorCodes.LimitExceeded,
                $"the image has more than {Limits.Members:N0} files and directories"
            );
        }
        if (!EntryPath.IsSafe(path))
        {
            throw new CorruptDataException(
                ErrorCodes.UnsafePath,
                $"the image has an impossible path: {EntryPath.Quote(path)}"
            );
        }
    }
}
