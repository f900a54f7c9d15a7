using Packhorse.Codecs;
using Packhorse.Model;
using Packhorse.Os;

namespace Packhorse.Pack;

/// <summary>Where the members of a pack are.</summary>
internal static class PackIndex
{
    /// <summary>The members of a tar, each where it lies.</summary>
    /// <exception cref="CorruptDataException">It is no tar of a pack, or it is cut off.</exception>
    public static Dictionary<string, IRandomAccess> OfTar(IRandomAccess file, string path)
    {
        var members = new Dictionary<string, IRandomAccess>(StringComparer.Ordinal);
        using Stream stream = file.AsStream();
        var tar = new TarReader(stream, path);
        while (MoveNext(tar, path))
        {
            string name = MemberName(tar.Current, path);
            if (tar.Current.Type == TarEntryType.File && name.Length > 0)
            {
                if (tar.Current.Size > file.Length - tar.Position)
                {
                    throw new CorruptDataException(
                        ErrorCodes.Truncated,
                        $"{path} ends in the middle of {EntryPath.Quote(name)}"
                    );
                }
                AddMember(members, name, new SourceSlice(file, tar.Position, tar.Current.Size), path);
            }
        }
        CheckEnd(tar, path);
        return members;
    }

    /// <summary>Goes to the next member; what does not even begin like a tar is told by what it is.</summary>
    public static bool MoveNext(TarReader tar, string where)
    {
        bool atStart = tar.Position == 0;
        try
        {
            bool any = tar.MoveNext();
            return any || tar.Position > 0
                ? any
                : throw new CorruptDataException(ErrorCodes.Truncated, "there is nothing to read");
        }
        catch (CorruptDataException error) when (atStart && tar.Position <= TarReader.BlockBytes)
        {
            throw PackSniffer.NoPack(where, tar.Header[..(int)tar.Position], error);
        }
    }

    public static string MemberName(TarEntry entry, string where)
    {
        if (entry.Type is not (TarEntryType.File or TarEntryType.Directory))
        {
            throw new CorruptDataException(
                ErrorCodes.BadPack,
                $"{where}: {EntryPath.Quote(entry.Name)} is neither a file nor a directory, so this is no pack"
            );
        }
        return EntryPath.Normalize(entry.Name, where);
    }

    public static void CheckEnd(TarReader tar, string where)
    {
        if (!tar.EndMarkerSeen)
        {
            throw new CorruptDataException(ErrorCodes.Truncated, $"{where} is cut off: the end of its tar is missing")
            {
                Hint = "copy or download the pack again",
            };
        }
    }

    private static void AddMember(
        Dictionary<string, IRandomAccess> members,
        string name,
        IRandomAccess content,
        string where
    )
    {
        if (!members.TryAdd(name, content))
        {
            throw new CorruptDataException(ErrorCodes.BadPack, $"{where} holds {EntryPath.Quote(name)} twice");
        }
    }

    /// <summary>
    /// The members of a directory. Only the places that a pack has are looked at, so that a directory with other things in it is not
    /// walked.
    /// </summary>
    /// <param name="owned">Gets the files that are opened.</param>
    public static Dictionary<string, IRandomAccess> OfDirectory(string root, List<IDisposable> owned)
    {
        var members = new Dictionary<string, IRandomAccess>(StringComparer.Ordinal);
        void Add(string name)
        {
            string path = Path.Combine(root, name);
            if (FileTree.FileExists(path))
            {
                InputFile file = InputFile.Open(path);
                owned.Add(file);
                AddMember(members, name, file, root);
            }
        }

        Add(PackManifest.Path);
        Add(PackDelta.WholeManifest);
        Add(PackLayout.EnvironmentFile);
        string channel = Path.Combine(root, PackLayout.ChannelDirectory);
        if (FileTree.DirectoryExists(channel))
        {
            foreach (
                string subdir in FileTree
                    .List(channel)
                    .Where(name => FileTree.DirectoryExists(Path.Combine(channel, name)))
            )
            {
                foreach (string name in FileTree.List(Path.Combine(channel, subdir)))
                {
                    Add($"{PackLayout.ChannelDirectory}/{subdir}/{name}");
                }
            }
        }
        string wheels = Path.Combine(root, PackLayout.WheelDirectory);
        if (FileTree.DirectoryExists(wheels))
        {
            foreach (string name in FileTree.List(wheels))
            {
                Add($"{PackLayout.WheelDirectory}/{name}");
            }
        }
        return members;
    }
}
