namespace Packhorse;

/// <summary>Every environment variable that is looked at, here and nowhere else.</summary>
public static class EnvironmentVariables
{
    /// <summary>The kind of terminal; "dumb" or unset: no progress bar.</summary>
    public static string? Term => Environment.GetEnvironmentVariable("TERM");

    /// <summary>Set to anything: no colours (no-color.org).</summary>
    public static bool NoColor => !string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"));
}
