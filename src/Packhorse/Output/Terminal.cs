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

    /// <summary>
    /// Where messages of the process go. Not to the console of the base class library, which sets up the terminal for itself: run and
    /// shell leave it to what they start.
    /// </summary>
    public static TextWriter OpenError() =>
        IsConsole(Console.IsErrorRedirected) ? Console.Error : SafeWriter.ForMessages();

    /// <param name="error">Of <see cref="OpenError"/>.</param>
    public static Terminal OfProcess(TextWriter error, Interruption interruption) =>
        new()
        {
            OpenInput = () =>
                OperatingSystem.IsLinux()
                    ? InputPipeStream.StandardInput(interruption.Token)
                    : Console.OpenStandardInput(),
            OpenOutput = () => OpenStandardOutput(interruption),
            Out = IsConsole(Console.IsOutputRedirected)
                ? Console.Out
                : SafeWriter.ForData(() => OpenStandardOutput(interruption)),
            Error = error,
            Interruption = interruption,
            IsInteractive = !Console.IsErrorRedirected && EnvironmentVariables.Term is not (null or "" or "dumb"),
            IsOutputRedirected = Console.IsOutputRedirected,
        };

    // Windows has encodings of its own for its consoles.
    private static bool IsConsole(bool isRedirected) => OperatingSystem.IsWindows() && !isRedirected;

    private static Stream OpenStandardOutput(Interruption interruption) =>
        OperatingSystem.IsLinux() ? OutputPipeStream.StandardOutput(interruption.Token) : Console.OpenStandardOutput();
}
