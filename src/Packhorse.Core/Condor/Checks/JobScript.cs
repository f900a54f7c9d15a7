using System.Text.RegularExpressions;

namespace Packhorse.Condor.Checks;

/// <summary>A shell script, looked at word by word; nothing in it is run.</summary>
internal sealed partial class JobScript(string path, string text)
{
    /// <summary>As the submit file names it.</summary>
    public string Path => path;

    /// <summary>Without comments.</summary>
    public IReadOnlyList<string> Lines { get; } = [.. text.Split('\n').Select(line => Comment().Replace(line, ""))];

    /// <summary>Words with their line, from 1; quotes are gone.</summary>
    public IEnumerable<(string Word, int Line)> Words =>
        Lines.SelectMany((line, index) => Word().Matches(line).Select(match => (match.Value, index + 1)));

    /// <summary>A command that fails ends it.</summary>
    public bool StopsAtErrors => Lines.Any(line => StopAtErrors().IsMatch(line));

    public static bool IsShell(string text) => Interpreter().IsMatch(text);

    /// <summary>True when the first line names what runs it.</summary>
    public static bool HasInterpreter(string text) => text.StartsWith("#!", StringComparison.Ordinal);

    /// <summary>Lines, from 1, that run a file of the sandbox by its name.</summary>
    public IEnumerable<int> LinesRunning(string name)
    {
        var call = new Regex(
            $@"(^|[;&|(]|\b(exec|time|then|do)\s)\s*\./{Regex.Escape(name)}(?=[\s;&|)""']|$)",
            RegexOptions.CultureInvariant,
            TimeSpan.FromSeconds(1)
        );
        return Lines
            .Select((line, index) => (line, index))
            .Where(item => call.IsMatch(item.line))
            .Select(item => item.index + 1);
    }

    /// <summary>True when the script gives execute permission to it.</summary>
    public bool MakesExecutable(string name) =>
        Lines.Any(line =>
            line.Contains("chmod", StringComparison.Ordinal)
            && (line.Contains(name, StringComparison.Ordinal) || line.Contains('*', StringComparison.Ordinal))
        );

    /// <summary>True when a directory of that name may come from the script.</summary>
    public bool MayMake(string directory) =>
        Lines.Any(line =>
            (line.Contains("mkdir", StringComparison.Ordinal) || line.Contains("ln -s", StringComparison.Ordinal))
            && line.Contains(directory, StringComparison.Ordinal)
        );

    [GeneratedRegex(@"\A#![^\n]*\b(sh|bash|dash|ksh|zsh)\b")]
    private static partial Regex Interpreter();

    [GeneratedRegex(@"(^|(?<=\s))#.*$")]
    private static partial Regex Comment();

    [GeneratedRegex(@"[^\s""'`;&|()<>=]+")]
    private static partial Regex Word();

    [GeneratedRegex(@"^\s*set\s+(-\w*e|-o\s+errexit)|^#!.*\s-\w*e")]
    private static partial Regex StopAtErrors();
}
