using Packhorse.Model;

namespace Packhorse.Run;

/// <summary>How <c>run</c> and <c>shell</c> tell that what went wrong was not the command, which had not been started.</summary>
public static class NotStarted
{
    // So that it is none of the command's own, nor one that a shell gives.
    private const int Base = 110;

    public static int ExitCode(ExitClass exitClass) => Base + (int)exitClass;

    /// <summary>The last line of what is said.</summary>
    public static string Line(string reason) => $"packhorse: not started: {reason.Split('\n')[0]}";
}
