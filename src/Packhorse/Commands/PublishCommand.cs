using System.CommandLine;
using Packhorse.Model;
using Packhorse.Output;
using Packhorse.Publish;

namespace Packhorse.Commands;

/// <summary><c>packhorse publish</c>.</summary>
internal sealed class PublishCommand
{
    private readonly Argument<string[]> _files = new("FILE")
    {
        Description = "What to publish: packs, images, self-extracting files.",
        Arity = ArgumentArity.OneOrMore,
    };

    private readonly Option<string> _name = new("--name")
    {
        Description =
            "The name there, with {sha256:N} or {root:N} for digits of the content; the file's own, with {sha256:8}, if not given.",
        HelpName = "NAME",
    };

    private readonly DestinationOptions _destination = new();
    private readonly CommonOptions _common = new();
    private readonly Terminal _terminal;

    private PublishCommand(Terminal terminal) => _terminal = terminal;

    public static Command Build(Terminal terminal)
    {
        var self = new PublishCommand(terminal);
        var command = new Command(
            "publish",
            "Put files where jobs get them from, under names that hold digits of their content and are never used twice."
        )
        {
            self._files,
        };
        self._destination.AddTo(command);
        command.Options.Add(self._name);
        ArgumentRules.NotEmpty(self._name);
        self._common.AddTo(command);
        Examples.Add(
            command,
            "packhorse publish environment.sh --to $STAGING/envs",
            "packhorse publish environment.sh --to alice@access.example.org:/staging/a/alice/envs",
            "packhorse publish gpu.sqfs --to /staging/a/alice/envs --name 'gpu-{root:8}.sqfs'",
            "packhorse publish environment.sh --to osdf:///chtc/staging/a/alice/envs --token-file ~/token"
        );
        command.SetAction(self.RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        string[] paths = parsed.GetValue(_files)!;
        NameTemplate? name = ParseName(parsed.GetValue(_name), paths.Length);
        bool dryRun = parsed.GetValue(_common.DryRun);
        SiteProfile? site = _destination.NamedSite(parsed);
        await using IDestination destination = await _destination
            .OpenAsync(parsed, _terminal, cancellation)
            .ConfigureAwait(false);
        var report = new PublicationReport(_terminal, site ?? DestinationOptions.SiteOf(destination), destination);
        try
        {
            foreach (string path in paths)
            {
                Publication publication = await _common
                    .WithReporterAsync(
                        parsed,
                        _terminal,
                        reporter => Publisher.PublishAsync(path, name, destination, dryRun, reporter, cancellation)
                    )
                    .ConfigureAwait(false);
                await report.AddAsync(publication, cancellation).ConfigureAwait(false);
            }
        }
        finally
        {
            // What was published before a failure is there and stays there.
            report.Write(asJson: parsed.GetValue(_common.Json), dryRun);
        }
        return (int)ExitClass.Ok;
    }

    private static NameTemplate? ParseName(string? name, int files)
    {
        string? mistake =
            name is null ? null
            : files > 1 ? "--name is for one file"
            : name.Contains('/') || name is "." or ".." ? $"--name {EntryPath.Quote(name)} is not the name of a file"
            : name.StartsWith('.') ? $"--name {EntryPath.Quote(name)} is the name of a hidden file"
            : null;
        return mistake is null
            ? name is null
                ? null
                : NameTemplate.Parse(name)
            : throw new UsageException(ErrorCodes.BadArguments, mistake);
    }
}
