using System.CommandLine;
using System.Globalization;
using Packhorse.Model;
using Packhorse.Output;
using Packhorse.Publish;

namespace Packhorse.Commands;

/// <summary><c>packhorse published</c>.</summary>
internal sealed class PublishedCommand
{
    private readonly Argument<string> _directory = ArgumentRules.Path(
        "DEST",
        "The directory that files were published to, user@host:/path of another machine, by ssh, or its URL in a federation that lists it.",
        defaultValue: null
    );

    private readonly SshOptions _ssh = new();
    private readonly FederationOptions _federation = new();
    private readonly NetworkOptions _network = new();
    private readonly CommonOptions _common = new();
    private readonly Terminal _terminal;

    private PublishedCommand(Terminal terminal) => _terminal = terminal;

    public static Command Build(Terminal terminal)
    {
        var self = new PublishedCommand(terminal);
        var command = new Command(
            "published",
            "List what was published, compare it with its names, and print how to remove what is broken or older. Nothing is removed."
        )
        {
            self._directory,
        };
        self._ssh.AddTo(command);
        self._federation.AddTo(command);
        self._network.AddTo(command);
        self._common.AddReporting(command);
        Examples.Add(
            command,
            "packhorse published $STAGING/envs",
            "packhorse published alice@access.example.org:/staging/a/alice/envs",
            "packhorse published osdf:///chtc/staging/a/alice/envs"
        );
        command.SetAction(self.RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        IReadOnlyList<PublishedFile> files = await ReadAsync(parsed, cancellation).ConfigureAwait(false);
        if (parsed.GetValue(_common.Json))
        {
            WriteJson(files);
        }
        else
        {
            WriteText(files);
        }
        return files.Any(file => file.State == PublishedState.Broken)
            ? (int)ExitClass.FindingsFound
            : (int)ExitClass.Ok;
    }

    private async Task<IReadOnlyList<PublishedFile>> ReadAsync(ParseResult parsed, CancellationToken cancellation)
    {
        string directory = parsed.GetValue(_directory)!;
        if (PelicanUrl.IsOne(directory))
        {
            PelicanUrl url = FederationOptions.Directory(directory);
            FederationAccess access = _federation.Access(parsed, _network.Read(parsed, _terminal));
            return await _common
                .WithReporterAsync(
                    parsed,
                    _terminal,
                    reporter => PublishedFiles.ReadAsync(url, access, reporter, cancellation)
                )
                .ConfigureAwait(false);
        }
        if (SshTarget.Parse(directory) is not { } target)
        {
            return _common.WithReporter(
                parsed,
                _terminal,
                reporter => PublishedFiles.Read(directory, reporter, cancellation)
            );
        }
        await using RemoteDestination there = await _ssh.ConnectAsync(parsed, target, _terminal, cancellation)
            .ConfigureAwait(false);
        return await _common
            .WithReporterAsync(parsed, _terminal, reporter => there.ListAsync(reporter, cancellation))
            .ConfigureAwait(false);
    }

    private void WriteText(IReadOnlyList<PublishedFile> files)
    {
        foreach (PublishedFile file in files)
        {
            string when = file.Modified.UtcDateTime.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture);
            _terminal.Out.WriteLine(
                $"{Word(file.State), -10} {ByteSize.Format(file.Size), 12}  {when}  {Printable.Text(Path.GetFileName(file.Path))}"
            );
        }
        WriteRemovals(
            files,
            "Broken, or left by a publish that was killed:",
            PublishedState.Broken,
            PublishedState.LeftOver
        );
        WriteRemovals(
            files,
            "Older than another one of that name, when no job needs it any more:",
            PublishedState.Older
        );
    }

    private void WriteRemovals(IReadOnlyList<PublishedFile> files, string title, params PublishedState[] states)
    {
        string[] lines = [.. files.Where(file => states.Contains(file.State)).Select(file => $"  {file.Removal}")];
        if (lines.Length == 0)
        {
            return;
        }
        _terminal.Out.WriteLine();
        _terminal.Out.WriteLine(title);
        foreach (string line in lines)
        {
            _terminal.Out.WriteLine(Printable.Text(line));
        }
    }

    private void WriteJson(IReadOnlyList<PublishedFile> files) =>
        _terminal.Out.WriteLine(
            JsonOutput.Write(
                "packhorse/published/1",
                json =>
                {
                    json.WriteStartArray("files");
                    foreach (PublishedFile file in files)
                    {
                        json.WriteStartObject();
                        json.WriteString("path", file.Path);
                        json.WriteString("state", Word(file.State).Replace(' ', '_'));
                        json.WriteNumber("size", file.Size);
                        json.WriteString("modified", file.Modified.ToString("o", CultureInfo.InvariantCulture));
                        json.WriteEndObject();
                    }
                    json.WriteEndArray();
                }
            )
        );

    private static string Word(PublishedState state) =>
        state switch
        {
            PublishedState.Right => "right",
            PublishedState.Older => "older",
            PublishedState.Broken => "broken",
            PublishedState.LeftOver => "left over",
            PublishedState.OnItsWay => "on its way",
            PublishedState.NamedByRoot => "its root",
            PublishedState.Signature => "signature",
            _ => "no hash",
        };
}
