namespace Packhorse.Packing.Squashfs;

/// <summary>Where the content of one file is stored. Files of equal content share one.</summary>
internal sealed class FileData
{
    /// <summary>Bytes of the content.</summary>
    public long Size { get; set; }

    /// <summary>Where its first block is, from the begin of the file system.</summary>
    public long Start { get; set; }

    /// <summary>Stored sizes of its blocks (<see cref="Image.SquashfsFormat.BlockUncompressed"/>); 0 for one that is nothing but zeros.</summary>
    public List<uint> Blocks { get; private set; } = [];

    /// <summary>Bytes that are not stored because they are zeros.</summary>
    public long Sparse { get; set; }

    /// <summary>Index of the fragment block that holds it; null when it has blocks of its own.</summary>
    public int? Fragment { get; set; }

    /// <summary>Where it begins in the uncompressed fragment block.</summary>
    public int FragmentOffset { get; set; }

    /// <summary>Becomes a second name for the blocks of another.</summary>
    public void ShareWith(FileData other)
    {
        Start = other.Start;
        Blocks = other.Blocks;
        Sparse = other.Sparse;
    }
}
