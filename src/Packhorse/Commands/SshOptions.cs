using System.CommandLine;
using Packhorse.Output;
using Packhorse.Publish;

namespace Packhorse.Commands;

/// <summary>How other machines are reached.</summary>
internal sealed class SshOptions
{
    private readonly Option<string> _program = new("--ssh")
    {
        Description = "The program that connects to another machine, in place of ssh; it takes ssh's arguments.",
        HelpName = "PROGRAM",
        DefaultValueFactory = _ => "ssh",
    };

    public void AddTo(Command command)
    {
        command.Options.Add(_program);
        ArgumentRules.NotEmpty(_program);
    }

    /// <summary>Before there is progress: ssh may ask on the terminal.</summary>
    public Task<RemoteDestination> ConnectAsync(
        ParseResult parsed,
        SshTarget target,
        Terminal terminal,
        CancellationToken cancellation
    ) =>
        RemoteDestination.ConnectAsync(
            target,
            new SshProgram(
                parsed.GetValue(_program)!,
                EnvironmentVariables.ByName,
                // ssh ends its lines as a raw terminal wants it.
                text => terminal.Error.Write(Printable.Text(text.Replace("\r", "", StringComparison.Ordinal)))
            ),
            Random.Shared.NextDouble,
            cancellation
        );
}
