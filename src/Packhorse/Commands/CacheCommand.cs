using System.CommandLine;
using Packhorse.Fetch;
using Packhorse.Model;
using Packhorse.Output;

namespace Packhorse.Commands;

/// <summary><c>packhorse cache</c>.</summary>
internal sealed class CacheCommand
{
    private const string Info = "info";
    private const string Clean = "clean";

    private readonly Argument<string> _action = new("ACTION")
    {
        Description = "info: say what is in it. clean: remove what is in it.",
    };

    private readonly Argument<string> _directory = new("DIR")
    {
        Description = "A directory that packhorse pack --use-cache has made.",
    };

    private readonly Option<int?> _olderThan = new("--older-than")
    {
        Description = "Of clean: remove only what was brought more than so many days ago.",
        HelpName = "DAYS",
    };

    private readonly CommonOptions _common = new();
    private readonly Terminal _terminal;

    private CacheCommand(Terminal terminal) => _terminal = terminal;

    public static Command Build(Terminal terminal)
    {
        var self = new CacheCommand(terminal);
        var command = new Command("cache", "Say what is in a cache of packages, or remove it.")
        {
            self._action,
            self._directory,
            self._olderThan,
            self._common.DryRun,
            self._common.Json,
            self._common.Quiet,
            self._common.Verbose,
        };
        self._action.AcceptOnlyFromAmong(Info, Clean);
        self._olderThan.Validators.Add(result =>
        {
            if (result.Tokens.Count > 0 && result.GetValueOrDefault<int?>() is < 0 or > 36_500)
            {
                result.AddError("--older-than must be 0 to 36,500 days");
            }
        });
        Examples.Add(
            command,
            "packhorse cache info ~/.cache/packhorse",
            "packhorse cache clean --older-than 90 ~/.cache/packhorse"
        );
        command.SetAction(parsed => self.Run(parsed));
        return command;
    }

    private int Run(ParseResult parsed)
    {
        string directory = parsed.GetRequiredValue(_directory);
        if (parsed.GetRequiredValue(_action) == Info)
        {
            CacheContents contents = CacheDirectory.Read(directory);
            Report(parsed, directory, "has", contents.Entries, contents.Unfinished.Count);
            return (int)ExitClass.Ok;
        }
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        bool dryRun = parsed.GetValue(_common.DryRun);
        IReadOnlyList<CachedFile> removed = CacheDirectory.Clean(
            directory,
            parsed.GetValue(_olderThan) is { } days ? now.AddDays(-days) : null,
            now,
            dryRun
        );
        Report(parsed, directory, dryRun ? "would lose" : "has lost", removed, unfinished: 0);
        return (int)ExitClass.Ok;
    }

    private void Report(
        ParseResult parsed,
        string directory,
        string verb,
        IReadOnlyList<CachedFile> files,
        int unfinished
    )
    {
        long size = files.Sum(file => file.Length);
        if (parsed.GetValue(_common.Json))
        {
            _terminal.Out.WriteLine(
                JsonOutput.Write(
                    "packhorse/cache/1",
                    json =>
                    {
                        json.WriteString("directory", directory);
                        json.WriteString("action", parsed.GetRequiredValue(_action));
                        json.WriteNumber("files", files.Count);
                        json.WriteNumber("size", size);
                        json.WriteNumber("unfinished", unfinished);
                    }
                )
            );
        }
        else if (_common.Verbosity(parsed) != Verbosity.Quiet)
        {
            string more = unfinished > 0 ? $", and {unfinished} that are not finished" : "";
            _terminal.Out.WriteLine(
                $"{EntryPath.Quote(directory)} {verb} {files.Count:N0} files of {ByteSize.Format(size)}{more}"
            );
        }
    }
}
