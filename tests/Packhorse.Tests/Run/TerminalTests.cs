using System.Diagnostics;
using System.Globalization;
using System.Runtime.Versioning;
using Packhorse.Tests.BadInput;
using Packhorse.Tests.SelfExtracting;
using Packhorse.Tests.Support;

namespace Packhorse.Tests.Run;

/// <summary><c>shell</c> on a terminal, and signals of <c>run</c>: of the file, and of the command line.</summary>
[SupportedOSPlatform("linux")]
public sealed class TerminalTests : IDisposable
{
    private const string OfTheFile = "the file";
    private const string OfTheCommandLine = "the command line";

    private readonly ScratchDirectory _scratch = new();
    private readonly string _file;

    public TerminalTests()
    {
        _file = SmallPack.MakeExecutable(_scratch.Root);
        Directory.CreateDirectory(_scratch["scratch"]);
    }

    public void Dispose() => _scratch.Dispose();

    [Theory]
    [InlineData(OfTheFile)]
    [InlineData(OfTheCommandLine)]
    public void A_shell_has_a_prompt_job_control_and_an_exit_code(string what)
    {
        RequireBash();
        using var terminal = new PseudoTerminal($"exec {string.Join(' ', Command(what, "shell"))}", Variables());
        terminal.WaitFor("(environment) ");
        // The terminal was left as it was.
        Assert.DoesNotContain("\u001b[?1h", terminal.Seen, StringComparison.Ordinal);

        terminal.Type("hello shell\n");
        terminal.WaitFor("hello shell from /");
        terminal.WaitFor("(environment) ");

        terminal.Type("sleep 100; echo status=$?\n");
        terminal.WaitFor("\n");
        WaitForChild("sleep");
        terminal.Type("\u001a");
        terminal.WaitFor("Stopped");
        terminal.WaitFor("(environment) ");
        terminal.Type("fg\n");
        terminal.WaitFor("sleep 100");
        WaitForChild("sleep");
        terminal.Type("\u0003");
        terminal.WaitFor("(environment) ");

        terminal.Type("set -o | grep monitor\n");
        Assert.Matches(@"\bon\b", terminal.WaitFor("(environment) "));
        terminal.Type("stty -a | grep -o '[-]*icanon'\n");
        terminal.WaitFor("icanon");

        terminal.Type("exit 7\n");
        Assert.Equal(7, terminal.WaitForExit());
    }

    [Fact]
    public void The_users_own_start_file_is_read_and_the_environment_comes_after_it()
    {
        RequireBash();
        _scratch.Write("home/.bashrc", "PS1='mine> '\nPATH=/usr/bin:/bin\n"u8);
        Dictionary<string, string> variables = Variables();
        variables["HOME"] = _scratch["home"];
        using var terminal = new PseudoTerminal($"exec '{_file}' shell", variables);

        terminal.WaitFor("(environment) mine> ");
        terminal.Type("hello again\n");
        terminal.WaitFor("hello again from /");
        terminal.Type("exit\n");

        Assert.Equal(0, terminal.WaitForExit());
    }

    [Theory]
    [InlineData(OfTheFile, "TERM")]
    [InlineData(OfTheFile, "INT")]
    [InlineData(OfTheFile, "HUP")]
    [InlineData(OfTheFile, "USR1")]
    [InlineData(OfTheCommandLine, "TERM")]
    [InlineData(OfTheCommandLine, "INT")]
    [InlineData(OfTheCommandLine, "HUP")]
    [InlineData(OfTheCommandLine, "USR1")]
    public void A_signal_to_the_process_is_one_to_the_command(string what, string signal)
    {
        string ready = _scratch["ready"];
        string script = $"trap 'exit 42' {signal}; : >'{ready}'; while :; do sleep 0.05; done";
        string[] command = Command(what, "run", "/bin/sh", "-c", script);
        // By a shell of its own: .NET, which runs this test, passes on that it ignores some signals.
        using Process process = new();
        process.StartInfo = new ProcessStartInfo("/usr/bin/env", ["--default-signal", .. command])
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
            RedirectStandardInput = true,
        };
        process.StartInfo.Environment.Clear();
        foreach ((string name, string value) in Variables())
        {
            process.StartInfo.Environment[name] = value;
        }
        process.Start();
        PackhorseProcess.Until(() => File.Exists(ready), "the command is running");

        StockTool.Run("kill", $"-{signal}", process.Id.ToString(CultureInfo.InvariantCulture));

        Assert.True(process.WaitForExit(TimeSpan.FromSeconds(30)));
        Assert.Equal(42, process.ExitCode);
        Assert.DoesNotContain("interrupted", process.StandardError.ReadToEnd(), StringComparison.Ordinal);
    }

    // Paths of scratch directories need no quotes.
    private string[] Command(string what, params string[] arguments) =>
        what == OfTheFile
            ? [_file, .. arguments]
            : ["/usr/bin/env", "dotnet", PackhorseProcess.Program, arguments[0], _file, .. arguments[1..]];

    private static void RequireBash() => Assert.SkipUnless(File.Exists("/bin/bash"), "no bash on this machine");

    // In the foreground and running, by what /proc says: a key typed before that would go to the shell.
    private void WaitForChild(string name) =>
        PackhorseProcess.Until(
            () =>
                Process
                    .GetProcessesByName(name)
                    .Any(process => IsOurs(process) && File.ReadAllText($"/proc/{process.Id}/stat").Contains(") S ")),
            $"{name} runs"
        );

    private bool IsOurs(Process process)
    {
        try
        {
            return File.ReadAllText($"/proc/{process.Id}/environ")
                .Contains($"TMPDIR={_scratch["scratch"]}\0", StringComparison.Ordinal);
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private Dictionary<string, string> Variables() =>
        new()
        {
            ["PATH"] = Environment.GetEnvironmentVariable("PATH")!,
            ["TMPDIR"] = _scratch["scratch"],
            ["HOME"] = _scratch.Root,
            ["DOTNET_NOLOGO"] = "1",
        };
}
