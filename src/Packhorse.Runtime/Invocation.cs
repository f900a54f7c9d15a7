namespace Packhorse.Runtime;

/// <summary>How the runtime was called, and by whom.</summary>
internal sealed record Invocation
{
    /// <summary>What the header of a self-extracting file passes first.</summary>
    public const string SelfExtracting = "--self-extracting";

    /// <summary>Asks whether this runtime runs here and carries out a version of the format.</summary>
    public const string Probe = "--probe";

    /// <summary>As the user called it, for help and messages.</summary>
    public required string ProgramName { get; init; }

    /// <summary>The self-extracting file that called; null when the runtime was called itself.</summary>
    public string? File { get; init; }

    /// <summary>The directory of the temporary copy that this process is; null when it is none.</summary>
    public string? Copy { get; init; }

    /// <summary>Called by the name of pixi-unpack: its options, its exit codes.</summary>
    public bool AsPixiUnpack { get; init; }

    /// <summary>What is left to be read.</summary>
    public required string[] Arguments { get; init; }

    /// <summary>
    /// Digests and a base may come first, as the one thing that a job's script adds: <c>--expect D run …</c> is <c>run --expect D …</c>.
    /// </summary>
    private static string[] BehindVerb(string[] arguments)
    {
        int leading = 0;
        while (leading + 1 < arguments.Length && arguments[leading] is "--expect" or "--root" or CommandContext.Base)
        {
            leading += 2;
        }
        return leading < arguments.Length && arguments[leading] is not ['-', ..]
            ? [arguments[leading], .. arguments[..leading], .. arguments[(leading + 1)..]]
            : arguments;
    }

    public static Invocation Parse(string called, string[] arguments)
    {
        if (arguments is [SelfExtracting, var copy, var file, .. var rest])
        {
            return new Invocation
            {
                ProgramName = file,
                File = file,
                Copy = copy.Length > 0 ? copy : null,
                Arguments = BehindVerb(rest),
            };
        }
        string name = Path.GetFileName(called);
        return new Invocation
        {
            ProgramName = name,
            AsPixiUnpack = name == "pixi-unpack",
            Arguments = arguments,
        };
    }
}
