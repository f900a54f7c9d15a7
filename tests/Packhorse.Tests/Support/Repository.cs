using System.Runtime.CompilerServices;

namespace Packhorse.Tests.Support;

/// <summary>Where the sources are: some tests read them.</summary>
public static class Repository
{
    public static string Root { get; } = Find();

    private static string Find([CallerFilePath] string path = "")
    {
        string? directory = Path.GetDirectoryName(path);
        while (directory is not null && !File.Exists(Path.Combine(directory, "Packhorse.slnx")))
        {
            directory = Path.GetDirectoryName(directory);
        }
        return directory ?? throw new InvalidOperationException($"no Packhorse.slnx above {path}");
    }
}
