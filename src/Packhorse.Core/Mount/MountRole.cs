using System.Runtime.Versioning;

namespace Packhorse.Mount;

/// <summary>
/// What this program is when it has started itself anew: the first argument says it. These are no options for users, and nothing that
/// other versions need to understand.
/// </summary>
[SupportedOSPlatform("linux")]
public static class MountRole
{
    internal const string Serve = "--mount-serve";
    internal const string Supervise = "--mount-supervise";
    internal const string ReadAhead = "--mount-read-ahead";
    internal const string ReadPackages = "--mount-read-packages";

    /// <summary>In the mount: activates the environment and becomes the command.</summary>
    public const string Start = "--mount-start";

    /// <param name="arguments">Of the process.</param>
    /// <param name="tell">Gets sentences for the job's log.</param>
    /// <returns>The exit code, or null when these are other arguments.</returns>
    public static int? Execute(string[] arguments, Action<string> tell) =>
        arguments switch
        {
            [Serve, .. var rest] => MountServer.Run(rest),
            [Supervise, .. var rest] => Supervisor.Run(rest, tell),
            [ReadAhead, .. var rest] => AheadReader.Run(rest),
            [ReadPackages, .. var rest] => PackageReader.Run(rest),
            _ => null,
        };
}
