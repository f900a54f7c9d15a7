using System.Reflection;

namespace Packhorse;

/// <summary>The version of this program, from the build's <c>VersionPrefix</c>.</summary>
internal static class ProgramVersion
{
    public static string Text { get; } =
        typeof(ProgramVersion)
            .Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()
            ?.InformationalVersion
        ?? "0";
}
