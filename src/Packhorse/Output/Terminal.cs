using Packhorse.Os;

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

    /// <summary>What asks the command to stop.</summary>
    public Interruption Interruption { get; init; } = new();

    /// <summary>Where messages of the process go.</summary>
    public static TextWriter OpenError() => Console.IsErrorRedirected ? SafeWriter.ForMessages() : Console.Error;

    /// <param name="error">Of <see cref="OpenError"/>.</param>
    public static Terminal OfProcess(TextWriter error, Interruption interruption) =>
        new()
        {
            OpenInput = () =>
                OperatingSystem.IsLinux()
                    ? InputPipeStream.StandardInput(interruption.Token)
                    : Console.OpenStandardInput(),
            OpenOutput = () => OpenStandardOutput(interruption),
            Out = Console.IsOutputRedirected ? SafeWriter.ForData(() => OpenStandardOutput(interruption)) : Console.Out,
            Error = error,
            Interruption = interruption,
            IsInteractive = !Console.IsErrorRedirected && EnvironmentVariables.Term is not (null or "" or "dumb"),
            IsOutputRedirected = Console.IsOutputRedirected,
        };

    private static Stream OpenStandardOutput(Interruption interruption) =>
        OperatingSystem.IsLinux() ? OutputPipeStream.StandardOutput(interruption.Token) : Console.OpenStandardOutput();
}
