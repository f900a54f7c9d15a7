using System.Text;
using Packhorse.Model;
using Packhorse.Os;
using Packhorse.Publish;

namespace Packhorse.Condor;

/// <summary>A call of one of HTCondor's tools, as it is planned and as it is made.</summary>
public sealed record CondorCall(string Program, IReadOnlyList<string> Arguments)
{
    public override string ToString() => string.Join(' ', Arguments.Prepend(Program).Select(ShellText.Quote));
}

/// <summary>What a tool answered.</summary>
public sealed record CondorAnswer(int ExitCode, string Output, string Error)
{
    public IReadOnlyList<string> Lines => Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
}

/// <summary>HTCondor's tools on this machine.</summary>
/// <param name="searchPath">Where they are looked for, as in the variable PATH.</param>
/// <param name="variables">What they get.</param>
public sealed class CondorTools(string searchPath, IReadOnlyDictionary<string, string> variables)
{
    private const int AnswerBytes = 64 << 20;

    /// <returns>Null where there is no such tool.</returns>
    public string? Find(string program) => OperatingSystem.IsLinux() ? ProcessImage.Find(program, searchPath) : null;

    /// <exception cref="NotFoundException">There is no such tool.</exception>
    public string Require(string program) =>
        Find(program)
        ?? throw new NotFoundException(ErrorCodes.FileNotFound, $"there is no {program} on this machine")
        {
            Hint = "do this on an access point of your pool, where HTCondor is installed",
        };

    /// <returns>Null where there is no such tool.</returns>
    public CondorAnswer? Ask(CondorCall call)
    {
        string? program = Find(call.Program);
        using PipedProcess? process = program is null
            ? null
            : PipedProcess.TryStart(program, call.Arguments, variables);
        if (process is null)
        {
            return null;
        }
        process.Input.Close();
        using var answer = new MemoryStream();
        var buffer = new byte[64 << 10];
        int count;
        while (answer.Length < AnswerBytes && (count = process.Output.Read(buffer)) > 0)
        {
            answer.Write(buffer.AsSpan(0, count));
        }
        string error = process.WaitForError();
        return new CondorAnswer(
            process.ExitCode,
            Encoding.UTF8.GetString(answer.GetBuffer(), 0, (int)answer.Length),
            error
        );
    }

    /// <summary>How many slots of the pool a constraint fits, and how many there are; null where there is no pool.</summary>
    public (int Fitting, int All)? CountSlots(string constraint)
    {
        string[] names = ["-autoformat", "Name"];
        CondorAnswer? all = Ask(new CondorCall("condor_status", names));
        if (all is not { ExitCode: 0, Lines.Count: > 0 })
        {
            return null;
        }
        CondorAnswer? fitting = Ask(new CondorCall("condor_status", ["-constraint", constraint, .. names]));
        return fitting is { ExitCode: 0 } ? (fitting.Lines.Count, all.Lines.Count) : null;
    }

    /// <summary>The version of HTCondor here, as in (23, 9); null where there is none.</summary>
    public (int Major, int Minor)? Version()
    {
        CondorAnswer? answer = Ask(new CondorCall("condor_version", []));
        const string before = "$CondorVersion: ";
        string? line = answer?.Lines.FirstOrDefault(text => text.StartsWith(before, StringComparison.Ordinal));
        string[] parts = line?[before.Length..].Split(' ')[0].Split('.') ?? [];
        return parts.Length >= 2 && int.TryParse(parts[0], out int major) && int.TryParse(parts[1], out int minor)
            ? (major, minor)
            : null;
    }
}
