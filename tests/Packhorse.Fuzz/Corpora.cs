using System.Runtime.CompilerServices;
using System.Security.Cryptography;

namespace Packhorse.Fuzz;

/// <summary>An input that is kept, and how it must end.</summary>
/// <param name="Expected"><see cref="FuzzOutcome.Accepted"/> or the code of an error.</param>
internal sealed record KeptInput(string Path, string Expected)
{
    public byte[] Content => File.ReadAllBytes(Path);
}

/// <summary>
/// Inputs kept as files, <c>Corpora/TARGET/OUTCOME-DIGITS</c>: OUTCOME is <c>accepted</c> or the code of the error that it must end
/// in, the digits are the beginning of its SHA-256. All of them are made by <c>Packhorse.Fuzz keep</c>.
/// </summary>
internal static class Corpora
{
    private const int NameDigits = 8;

    public static IReadOnlyList<KeptInput> Of(FuzzTarget target)
    {
        string directory = DirectoryOf(target);
        return Directory.Exists(directory)
            ?
            [
                .. Directory
                    .GetFiles(directory)
                    .Order(StringComparer.Ordinal)
                    .Select(path => new KeptInput(path, Path.GetFileName(path).Split('-')[0])),
            ]
            : [];
    }

    /// <summary>Keeps these inputs of a target, and no others.</summary>
    public static void Replace(FuzzTarget target, IEnumerable<(byte[] Input, FuzzOutcome Outcome)> inputs)
    {
        string directory = DirectoryOf(target);
        if (Directory.Exists(directory))
        {
            Directory.Delete(directory, recursive: true);
        }
        Directory.CreateDirectory(directory);
        foreach ((byte[] input, FuzzOutcome outcome) in inputs)
        {
            string digits = Convert.ToHexStringLower(SHA256.HashData(input))[..NameDigits];
            File.WriteAllBytes(Path.Combine(directory, $"{outcome.Name}-{digits}"), input);
        }
    }

    private static string DirectoryOf(FuzzTarget target) => Path.Combine(Here(), "Corpora", target.Name);

    private static string Here([CallerFilePath] string path = "") => Path.GetDirectoryName(path)!;
}
