using System.Runtime.CompilerServices;

namespace Packhorse.Bench;

/// <summary>The programs that are measured.</summary>
internal static class Programs
{
    /// <summary>As <c>dotnet build.cs publish</c> left it.</summary>
    public static string Packhorse { get; } = Path.Combine(Root(), "artifacts", "publish", "packhorse");

    public static string Root([CallerFilePath] string path = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(path)!, "..", ".."));

    public static string Find(string name) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "")
            .Split(':')
            .Select(directory => Path.Combine(directory, name))
            .FirstOrDefault(File.Exists)
        ?? throw new TestChannel.MissingToolException($"there is no {name} on this machine", "install it");
}
