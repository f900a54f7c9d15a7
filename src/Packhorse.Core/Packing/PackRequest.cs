namespace Packhorse.Packing;

/// <summary>What becomes of a pack.</summary>
public sealed record PackRequest
{
    public required PackPlan Plan { get; init; }

    /// <summary>Absolute path of the file or directory to make; of a stream, of the directory for what has to be kept meanwhile.</summary>
    public required string Output { get; init; }

    public PackLayoutKind Layout { get; init; }

    /// <summary>Makes a delta, without the packages that this holds; null: the whole pack. Not for directories and pixi-pack's layout.</summary>
    public DeltaBase? Since { get; init; }

    /// <summary>Members that have to be brought, as far as that is known beforehand.</summary>
    public IReadOnlyList<PlannedMember> Arriving =>
        Since is null ? Plan.Members : [.. Plan.Members.Where(member => Since.ContentOf(member) is null)];

    /// <summary>Bytes of those, as far as the lock file tells.</summary>
    public long ArrivingBytes => Arriving.Sum(member => member.Expected.Size ?? 0);

    /// <summary>Makes a self-extracting file that carries this; null for a bare tar.</summary>
    public RuntimeImage? Runtime { get; init; }

    /// <summary>Makes an <c>environment.ps1</c> that carries this, by <see cref="PowerShellFileWriter"/>.</summary>
    public WindowsUnpacker? WindowsUnpacker { get; init; }

    /// <summary>Downloads that run at once, at most.</summary>
    public int Downloads { get; init; } = 50;
}

/// <summary>What was packed.</summary>
/// <param name="Size">Bytes of the file, or of all files of the directory.</param>
/// <param name="Packages">Those that are in it: of a delta, without the base's.</param>
public sealed record PackResult(string Output, long Size, int Packages);
