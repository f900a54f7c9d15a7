namespace Packhorse.Output;

/// <summary>
/// The process's standard streams and what is known of them. Data go to <see cref="Out"/>, everything else to <see cref="Error"/>.
/// Tests pass their own.
/// </summary>
public sealed class Terminal
{
    public required Func<Stream> OpenInput { get; init; }

    public required Func<Stream> OpenOutput { get; init; }

    public required TextWriter Out { get; init; }

    public required TextWriter Error { get; init; }

    /// <summary>True when somebody watches <see cref="Error"/>.</summary>
    public bool IsInteractive { get; init; }

    public bool IsOutputRedirected { get; init; }

    public static Terminal OfProcess() =>
        new()
        {
            OpenInput = Console.OpenStandardInput,
            OpenOutput = Console.OpenStandardOutput,
            Out = Console.Out,
            Error = Console.Error,
            IsInteractive = !Console.IsErrorRedirected && EnvironmentVariables.Term is not (null or "" or "dumb"),
            IsOutputRedirected = Console.IsOutputRedirected,
        };
}
