namespace Packhorse.Condor.Submit;

/// <summary>Macros of the submit files that are written here, which whoever starts an interactive session sets.</summary>
internal static class InteractiveMacros
{
    /// <summary>Defined in a session: it gives back what is new, however it ends.</summary>
    public const string Interactive = "interactive";

    /// <summary>How many jobs: a session is one.</summary>
    public const string Jobs = "jobs";
}
