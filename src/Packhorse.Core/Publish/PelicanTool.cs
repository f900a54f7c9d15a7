using Packhorse.Os;

namespace Packhorse.Publish;

/// <summary>
/// Pelican's own client, <c>pelican object put</c>: it finds and gets tokens by ways that it alone has, and asks the user where it must.
/// </summary>
/// <param name="Program">Its path.</param>
/// <param name="TokenFile">Null: it looks for a token itself.</param>
/// <param name="Variables">What it gets, a token in BEARER_TOKEN among them.</param>
public sealed record PelicanTool(string Program, string? TokenFile, IReadOnlyDictionary<string, string> Variables)
{
    private const string Name = "pelican";

    // Of its own exit codes the one for what may go better later.
    private const int Retryable = 11;

    /// <param name="searchPath">As in the variable PATH.</param>
    /// <returns>Null where it is not installed.</returns>
    public static PelicanTool? Find(
        string searchPath,
        string? tokenFile,
        IReadOnlyDictionary<string, string> variables
    ) =>
        OperatingSystem.IsLinux() && ProcessImage.Find(Name, searchPath) is { } program
            ? new PelicanTool(program, tokenFile, variables)
            : null;

    /// <summary>What it is called with. A token is never among it: every user of a machine can read arguments.</summary>
    /// <param name="path">Absolute.</param>
    public IReadOnlyList<string> Arguments(string path, PelicanUrl url) =>
        ["object", "put", .. TokenFile is null ? [] : (string[])["--token", TokenFile], path, url.ToString()];

    internal static bool IsTransient(int exitCode) => exitCode == Retryable;

    internal string Describe(int exitCode) => $"{Program} object put ended with {exitCode}";

    /// <summary>Runs it on this terminal. What it says goes to standard error.</summary>
    /// <returns>Its exit code.</returns>
    internal Task<int> PutAsync(string path, PelicanUrl url, CancellationToken cancellation) =>
        ForegroundProcess.RunAsync(Program, Arguments(path, url), Variables, cancellation);
}
