using Packhorse.Condor.Submit;
using Packhorse.Os;

namespace Packhorse.Condor.Checks;

/// <summary>What a check is told beside the file.</summary>
public sealed record CheckOptions
{
    /// <summary>The file is meant for <c>condor_submit -interactive</c>.</summary>
    public bool IsInteractive { get; init; }

    /// <summary>How many machines of the pool a constraint fits, and how many there are; null where no pool can be asked.</summary>
    public Func<string, (int Fitting, int All)?> AskPool { get; init; } = _ => null;
}

/// <summary>A submit file with what lies beside it.</summary>
internal sealed class SubmitContext
{
    private const int ScriptBytes = 1 << 20;

    public SubmitContext(SubmitFile file, CheckOptions options)
    {
        File = file;
        Options = options;
        Description = new SubmitDescription(file);
        Directory = Path.GetDirectoryName(FileTree.Absolute(file.Where))!;
        Inputs = [.. Description.List("transfer_input_files").Select(item => new TransferInput(item, PathOf(item)))];
        Script = FindScript();
    }

    public SubmitFile File { get; }

    public CheckOptions Options { get; }

    public SubmitDescription Description { get; }

    /// <summary>Where the submit file is, from which condor_submit is called as a rule.</summary>
    public string Directory { get; }

    public IReadOnlyList<TransferInput> Inputs { get; }

    /// <summary>The shell script that the job runs; null where it is none, or not there.</summary>
    public JobScript? Script { get; }

    /// <summary>Arguments as they stand in the file; null for none.</summary>
    public string? Arguments => Description.Value("arguments");

    /// <summary>A finding in the submit file.</summary>
    public Finding Find(
        ISubmitRule rule,
        SubmitStatement at,
        Severity severity,
        string reason,
        string fix,
        SubmitEdit? edit = null
    ) => new(rule.Name, File.Where, at.Line, severity, reason, fix, edit);

    /// <summary>A finding in the script.</summary>
    public Finding FindInScript(ISubmitRule rule, int line, Severity severity, string reason, string fix) =>
        new(rule.Name, Script!.Path, line, severity, reason, fix);

    private string? PathOf(string input)
    {
        if (TransferInput.IsUrlText(input) || SubmitDescription.IsOpen(input))
        {
            return null;
        }
        string initial = Description.Value("initialdir") ?? "";
        return SubmitDescription.IsOpen(initial) ? null : Path.Combine(Directory, initial, input);
    }

    // As the executable, or as what /bin/sh is given.
    private JobScript? FindScript()
    {
        string? executable = Description.Value("executable");
        if (executable is null || SubmitDescription.IsOpen(executable))
        {
            return null;
        }
        if (Description.Boolean("transfer_executable") == false)
        {
            string first = Arguments?.Trim('"', ' ').Split(' ')[0] ?? "";
            string? path = Inputs.FirstOrDefault(input => input.Name == Path.GetFileName(first))?.Path;
            return path is null ? null : ReadScript(path, first);
        }
        return ReadScript(Path.Combine(Directory, executable), executable);
    }

    private static JobScript? ReadScript(string path, string shown) =>
        TextFiles.TryRead(path, ScriptBytes) is { } text && JobScript.IsShell(text) ? new JobScript(shown, text) : null;
}

/// <summary>An item of transfer_input_files.</summary>
/// <param name="Text">As it stands there.</param>
/// <param name="Path">Where it is on this machine; null for URLs and what only a job's number tells.</param>
internal sealed record TransferInput(string Text, string? Path)
{
    public bool IsUrl => IsUrlText(Text);

    /// <summary>What it is called in the sandbox.</summary>
    public string Name => System.IO.Path.GetFileName(Text.Split('?')[0].TrimEnd('/'));

    public bool IsDirectory => Text.EndsWith('/') || (Path is not null && FileTree.KindOf(Path) == FileKind.Directory);

    /// <summary>A URL that OSDF's caches answer for.</summary>
    public bool IsCached =>
        ((string[])["osdf:", "pelican:", "stash:"]).Any(scheme =>
            Text.StartsWith(scheme, StringComparison.OrdinalIgnoreCase)
        );

    public static bool IsUrlText(string text) => text.Contains("://", StringComparison.Ordinal);
}
