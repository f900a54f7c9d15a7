using Packhorse.Condor.Submit;
using Packhorse.Model;
using Packhorse.Os;

namespace Packhorse.Condor.Checks;

/// <summary>Input files lie in the sandbox without the directories that they came from.</summary>
internal sealed class FlattenedPath : ISubmitRule
{
    public string Name => "flattened-path";

    public IEnumerable<Finding> Check(SubmitContext context)
    {
        if (context.Description.Boolean("preserve_relative_paths") == true)
        {
            yield break;
        }
        foreach ((string word, int line) in context.Script?.Words ?? [])
        {
            if (Misplaced(context, word) is { } input)
            {
                yield return context.FindInScript(
                    this,
                    line,
                    Severity.Error,
                    Reason(word, input),
                    $"write {input.Name}"
                );
            }
        }
        SubmitStatement? arguments = context.Description.Statement("arguments");
        foreach (string word in context.Arguments?.Split([' ', '"', '\''], StringSplitOptions.RemoveEmptyEntries) ?? [])
        {
            if (Misplaced(context, word) is { } input)
            {
                string value = arguments!.Value.Replace(word, input.Name, StringComparison.Ordinal);
                SubmitEdit edit = SubmitFile.Replace(arguments, $"arguments = {value}");
                yield return context.Find(
                    this,
                    arguments,
                    Severity.Error,
                    Reason(word, input),
                    $"write {input.Name}",
                    edit
                );
            }
        }
    }

    private static string Reason(string word, TransferInput input) =>
        $"{word} is not there in the sandbox: {input.Text} is transferred as {input.Name}, without its directory";

    private static TransferInput? Misplaced(SubmitContext context, string word)
    {
        string path = word.StartsWith("./", StringComparison.Ordinal) ? word[2..] : word;
        int slash = path.IndexOf('/', StringComparison.Ordinal);
        if (
            slash <= 0
            || path.Contains('$', StringComparison.Ordinal)
            || path.Contains("://", StringComparison.Ordinal)
        )
        {
            return null;
        }
        string top = path[..slash];
        TransferInput? input = context.Inputs.FirstOrDefault(item =>
            !item.IsDirectory
            && item.Name == Path.GetFileName(path)
            && !item.Text.Contains("pack=", StringComparison.Ordinal)
        );
        bool mayBeThere =
            context.Inputs.Any(item => item.Name == top && !item.Text.EndsWith('/'))
            || context.Script?.MayMake(top) == true;
        return mayBeThere ? null : input;
    }
}

/// <summary>What a URL brings has no execute bit, and is not what condor_submit looks for as executable.</summary>
internal sealed class UrlProgram : ISubmitRule
{
    public string Name => "url-program";

    public IEnumerable<Finding> Check(SubmitContext context)
    {
        SubmitStatement? executable = context.Description.Statement("executable");
        string program = context.Description.Value("executable") ?? "";
        bool isTransferred = context.Description.Boolean("transfer_executable") != false;
        if (executable is not null && TransferInput.IsUrlText(program) && isTransferred)
        {
            yield return context.Find(
                this,
                executable,
                Severity.Error,
                "condor_submit takes no URL as executable",
                $"put {program} into transfer_input_files and write: executable = /bin/sh, transfer_executable = false, arguments = \"{Path.GetFileName(program)} …\""
            );
        }
        else if (
            executable is not null
            && !isTransferred
            && context.Inputs.Any(input => input.IsUrl && IsNamed(input, program))
        )
        {
            yield return context.Find(
                this,
                executable,
                Severity.Error,
                $"{program} comes from a URL and so has no execute bit: the job would be held with \"Permission denied\"",
                $"write: executable = /bin/sh, arguments = \"{Path.GetFileName(program)} …\"",
                Start(context, executable, program)
            );
        }
        foreach (TransferInput input in context.Inputs.Where(input => input.IsUrl))
        {
            foreach (int line in context.Script?.LinesRunning(input.Name) ?? [])
            {
                if (!context.Script!.MakesExecutable(input.Name))
                {
                    yield return context.FindInScript(
                        this,
                        line,
                        Severity.Error,
                        $"{input.Name} comes from a URL and so has no execute bit",
                        $"write sh ./{input.Name}"
                    );
                }
            }
        }
    }

    private static bool IsNamed(TransferInput input, string program) =>
        !Path.IsPathRooted(program) && input.Name == Path.GetFileName(program);

    private static SubmitEdit? Start(SubmitContext context, SubmitStatement executable, string program)
    {
        // Arguments that are there already stand on a line of their own, which is not to be guessed at.
        return context.Arguments is null
            ? SubmitFile.Replace(executable, "executable = /bin/sh", $"arguments = \"{Path.GetFileName(program)}\"")
            : null;
    }
}

/// <summary>Programs among the inputs that may not be executed.</summary>
internal sealed class NotExecutable : ISubmitRule
{
    private const int Beginning = 1 << 20;

    public string Name => "not-executable";

    public IEnumerable<Finding> Check(SubmitContext context)
    {
        foreach (TransferInput input in context.Inputs.Where(input => input.Path is not null && !input.IsDirectory))
        {
            foreach (int line in context.Script?.LinesRunning(input.Name) ?? [])
            {
                if (
                    FileTree.FileExists(input.Path!)
                    && OperatingSystem.IsLinux()
                    && !ProcessImage.IsExecutable(input.Path!)
                    && !context.Script!.MakesExecutable(input.Name)
                )
                {
                    yield return context.FindInScript(
                        this,
                        line,
                        Severity.Error,
                        $"{input.Text} has no execute bit, and is transferred as it is",
                        $"chmod +x {input.Text}, or write sh ./{input.Name}"
                    );
                }
            }
        }
        if (Executable(context) is var (statement, path, text) && !JobScript.HasInterpreter(text))
        {
            yield return context.Find(
                this,
                statement,
                Severity.Error,
                $"{path} is text and does not begin with #!: the job would be held with \"Exec format error\"",
                "let #!/bin/sh, or what it is written for, be its first line"
            );
        }
    }

    // A text file that HTCondor gives its execute bit to.
    private static (SubmitStatement Statement, string Path, string Text)? Executable(SubmitContext context)
    {
        SubmitStatement? statement = context.Description.Statement("executable");
        string? path = context.Description.Value("executable");
        bool isTransferred = context.Description.Boolean("transfer_executable") != false;
        return
            statement is not null
            && isTransferred
            && !SubmitDescription.IsOpen(path!)
            && !TransferInput.IsUrlText(path!)
            && TextFiles.TryRead(Path.Combine(context.Directory, path!), Beginning) is { Length: > 0 } text
            ? (statement, path!, text)
            : null;
    }
}

/// <summary>The script uses another version of a file than the one that is transferred.</summary>
internal sealed class OtherName : ISubmitRule
{
    public string Name => "other-name";

    public IEnumerable<Finding> Check(SubmitContext context)
    {
        foreach ((string word, int line) in context.Script?.Words ?? [])
        {
            string name = Path.GetFileName(word);
            if (NameHash.Find(name) is not { } hash || context.Inputs.Any(input => input.Name == name))
            {
                continue;
            }
            string stem = name[..name.IndexOf(hash.Digits, StringComparison.Ordinal)];
            if (context.Inputs.FirstOrDefault(input => IsOther(input.Name, stem)) is { } input)
            {
                yield return context.FindInScript(
                    this,
                    line,
                    Severity.Error,
                    $"the script uses {name}, and {input.Name} is transferred",
                    $"write {input.Name}, or pass the name as an argument so that it stands in one place"
                );
            }
        }
    }

    private static bool IsOther(string name, string stem) =>
        name.StartsWith(stem, StringComparison.Ordinal) && NameHash.Find(name) is not null;
}

/// <summary>Caches serve what they once got under a name, whatever the origin has there now.</summary>
internal sealed class MutableName : ISubmitRule
{
    private static readonly string[] Endings = [".sh", ".tar", ".sqfs", ".sif", ".img"];

    public string Name => "mutable-name";

    public IEnumerable<Finding> Check(SubmitContext context)
    {
        SubmitStatement? statement = context.Description.Statement("transfer_input_files");
        foreach (
            TransferInput input in context.Inputs.Where(input =>
                input.IsCached && !SubmitDescription.IsOpen(input.Name)
            )
        )
        {
            if (
                Endings.Any(ending => input.Name.EndsWith(ending, StringComparison.Ordinal))
                && NameHash.Find(input.Name) is null
            )
            {
                yield return context.Find(
                    this,
                    statement!,
                    Severity.Warning,
                    $"{input.Name} can change and keep its name: caches then serve the old content, or a mixture",
                    "publish it under a name with a hash: packhorse publish FILE --to DIRECTORY"
                );
            }
        }
    }
}
