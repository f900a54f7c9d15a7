using System.Text;
using Packhorse.Model;

namespace Packhorse.Image;

/// <summary>Something in a tree and its way from the root.</summary>
/// <param name="Directory">What it lies in, relative to the root and of the form <c>a/b</c>: one string for all that lies there.</param>
public readonly record struct ImagePath(string Directory, string Name, InodeReference Inode, InodeKind Kind)
{
    /// <summary>Relative to the root, of the form <c>a/b/c</c>.</summary>
    public string Path => Directory.Length == 0 ? Name : $"{Directory}/{Name}";
}

/// <summary>Goes through a whole tree.</summary>
public static class ImageWalk
{
    /// <summary>Everything below the root, directories before what is in them.</summary>
    /// <param name="tree">Of which a directory has one name only, so that there is an end.</param>
    /// <exception cref="CorruptDataException">The tree is damaged, or has paths beyond the limits or that are no text.</exception>
    public static IEnumerable<ImagePath> All(IImageTree tree)
    {
        var open = new Stack<(string Path, InodeReference Inode)>([("", tree.Root)]);
        int count = 0;
        while (open.TryPop(out (string Path, InodeReference Inode) directory))
        {
            IDirectoryCursor cursor = tree.OpenDirectory(directory.Inode, 0);
            while (cursor.MoveNext())
            {
                var entry = new ImagePath(directory.Path, Decode(cursor.Name), cursor.Inode, cursor.Kind);
                CheckLimits(entry, ++count);
                yield return entry;
                if (entry.Kind == InodeKind.Directory)
                {
                    open.Push((entry.Path, entry.Inode));
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

    private static void CheckLimits(in ImagePath path, int count)
    {
        if (count > Limits.Members)
        {
            throw new CorruptDataException(
                ErrorCodes.LimitExceeded,
                $"the image has more than {Limits.Members:N0} files and directories"
            );
        }
        // The directory was looked at before what is in it.
        int bytes = Encoding.UTF8.GetByteCount(path.Directory) + 1 + Encoding.UTF8.GetByteCount(path.Name);
        if (path.Name.Contains('/') || !EntryPath.IsSafe(path.Name) || bytes > Limits.PathBytes)
        {
            throw new CorruptDataException(
                ErrorCodes.UnsafePath,
                $"the image has an impossible path: {EntryPath.Quote(path.Path)}"
            );
        }
    }
}
