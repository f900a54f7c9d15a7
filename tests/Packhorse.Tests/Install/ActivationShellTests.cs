using System.Runtime.Versioning;
using Packhorse.Install;
using Packhorse.TestChannel;
using Packhorse.Tests.BadInput;
using Packhorse.Tests.Support;

namespace Packhorse.Tests.Install;

/// <summary>Activation scripts of every shell: as rattler writes them, and as the shells of this machine take them.</summary>
[SupportedOSPlatform("linux")]
public sealed class ActivationShellTests : IDisposable
{
    // The snapshots were made with more paths than an environment has.
    private const string OtherPaths = "/usr/bin:/bin:/usr/sbin:/sbin:/usr/local/bin:";

    private readonly ScratchDirectory _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Theory]
    [InlineData(ActivationShell.Bash, "test_activation_script_bash_prepend")]
    [InlineData(ActivationShell.Cmd, "test_activation_script_cmd_prepend")]
    [InlineData(ActivationShell.PowerShell, "test_activation_script_powershell_prepend")]
    public void Scripts_are_rattlers(ActivationShell shell, string snapshot)
    {
        string expected = Snapshot(snapshot).Replace(OtherPaths, "", StringComparison.Ordinal);
        Assert.Equal(expected, Written(shell));
    }

    // These snapshots append to PATH, which an activation of ours never does.
    [Theory]
    [InlineData(ActivationShell.Fish, "activation_script_fish", "set -gx PATH")]
    [InlineData(ActivationShell.Xonsh, "activation_script_xonsh", "$PATH")]
    public void Scripts_are_rattlers_but_for_the_line_of_the_path(ActivationShell shell, string snapshot, string path)
    {
        string[] expected = Lines(Snapshot(snapshot), path);
        Assert.Equal(expected, Lines(Written(shell), path));

        static string[] Lines(string text, string path) =>
            [.. text.Split('\n').Where(line => !line.StartsWith(path, StringComparison.Ordinal))];
    }

    [Fact]
    public void Nushell_gets_its_own_sentences() =>
        Assert.Equal(
            """
            $env.PATH = ($env.PATH | prepend ["__PREFIX__/bin"])
            $env.CONDA_SHLVL = "1"
            $env.CONDA_PREFIX = "__PREFIX__"
            $env.A = "a \"b\" \\ $c"
            """,
            Written(ActivationShell.Nushell, ("A", "a \"b\" \\ $c"))
        );

    [Fact]
    public void Powershell_and_cmd_get_values_that_end_where_they_should()
    {
        string value = "a \"b\" \u201Cc\u201D `d` $(e) 100%";
        Assert.Contains(
            "${Env:A} = \"a `\"b`\" `\u201Cc`\u201D ``d`` `$(e) 100%\"",
            Written(ActivationShell.PowerShell, ("A", value))
        );
        Assert.Contains(
            "@SET \"A=50%% & more\"\r\n",
            ActivationScript.Write(Activation(("A", "50% & more")), ActivationShell.Cmd)
        );
        Assert.DoesNotContain("\ncalc", ActivationScript.Write(Activation(("A", "x\ncalc")), ActivationShell.Cmd));
    }

    // xonsh's own source-bash takes no blanks and quotes, and its PATH puts in what stands behind a dollar sign.
    [Theory]
    [InlineData("fish", "env")]
    [InlineData("fish", "a blank")]
    [InlineData("fish", "it's \"quoted\"")]
    [InlineData("fish", "cash$HOME`date`")]
    [InlineData("fish", "back\\slash")]
    [InlineData("fish", "日本語")]
    [InlineData("xonsh", "env")]
    [InlineData("xonsh", "日本語")]
    [InlineData("nu", "it's \"quoted\" $HOME`date`")]
    [InlineData("nu", "back\\slash 日本語")]
    public void Shells_take_their_scripts_whatever_the_prefix(string shell, string name)
    {
        ActivationShell kind = ActivationScript.ParseShell(shell);
        string prefix = MakeEnvironment(name);
        if (kind == ActivationShell.Xonsh)
        {
            File.Move(
                _scratch[$"{name}/etc/conda/activate.d/it's a script.sh"],
                _scratch[$"{name}/etc/conda/activate.d/plain.sh"]
            );
        }
        string script = WriteFile(prefix, kind);
        string seen = Run(
            shell,
            kind switch
            {
                ActivationShell.Xonsh =>
                    $"source '{script}'\nimport json, os\nprint('\\n'.join(f'{{k}}={{v}}' for k, v in __xonsh__.env.detype().items()))",
                ActivationShell.Nushell => $"source '{script}'; ^/usr/bin/env",
                _ => $"source '{script}'; env",
            }
        );
        string[] lines = seen.Split('\n');
        Assert.Contains($"CONDA_PREFIX={prefix}", lines);
        Assert.Contains("CONDA_SHLVL=1", lines);
        Assert.Contains("PLAIN=it's a \"value\" with `ticks`, \\ and *", lines);
        Assert.Contains("FROM_SCRIPT=a b", lines);
        Assert.StartsWith(
            $"PATH={prefix}/bin:",
            lines.Single(line => line.StartsWith("PATH=", StringComparison.Ordinal))
        );
    }

    [Theory]
    [InlineData("bash -eu")]
    [InlineData("dash -eu")]
    [InlineData("busybox ash -eu")]
    [InlineData("zsh -eu")]
    [InlineData("ksh -eu")]
    [InlineData("fish")]
    public void Deactivating_puts_everything_back(string shell)
    {
        string prefix = MakeEnvironment("env");
        bool isFish = shell == "fish";
        string script = WriteFile(prefix, isFish ? ActivationShell.Fish : ActivationShell.Bash);
        string before = Variables(Run(shell, isFish ? "set -gx PLAIN before; env" : "export PLAIN=before; env"));
        string set = isFish ? "set -gx PLAIN before" : "export PLAIN=before";
        string source = isFish ? $"source '{script}'" : $". '{script}'";
        // Twice: the second activation ends the first.
        string after = Variables(Run(shell, $"{set}\n{source}\n{source}\ndeactivate\nenv"));
        // What the deactivation script did, and what the activation script did and nothing undoes.
        string added = string.Join('\n', after.Split('\n').Except(before.Split('\n')));
        Assert.Equal("DEACTIVATED=yes\nFROM_SCRIPT=a b", added);
        Assert.Empty(before.Split('\n').Except(after.Split('\n')));
    }

    [Theory]
    [InlineData("bash -eu", "set -a", "unset -f deactivate")]
    [InlineData("dash -eu", "set -a", "unset -f deactivate")]
    [InlineData("zsh -eu", "set -a", "unset -f deactivate")]
    [InlineData("fish", "true", "functions -e deactivate")]
    public void A_function_that_something_else_took_away_is_not_missed(string shell, string before, string takeAway)
    {
        bool isFish = shell == "fish";
        string script = WriteFile(MakeEnvironment("env"), isFish ? ActivationShell.Fish : ActivationShell.Bash);
        string source = isFish ? $"source '{script}'" : $". '{script}'";
        string said = Run(shell, $"{before}\n{source}\n{takeAway}\n{source}\necho \"active $CONDA_PREFIX\"");
        Assert.Contains($"active {_scratch["env"]}", said);
    }

    [Theory]
    [InlineData("bash")]
    [InlineData("dash")]
    [InlineData("zsh")]
    [InlineData("fish")]
    public void An_environment_that_was_moved_says_so_and_changes_nothing(string shell)
    {
        string prefix = MakeEnvironment("env");
        bool isFish = shell == "fish";
        string script = WriteFile(prefix, isFish ? ActivationShell.Fish : ActivationShell.Bash);
        Directory.Move(prefix, _scratch["moved"]);
        string source = isFish ? $"source '{script}'" : $". '{script}'";
        string said = Run(shell, $"{source} 2>&1\necho code=$" + (isFish ? "status" : "?") + "\nenv");
        Assert.Contains($"packhorse: no environment at {prefix}: it was moved or removed, and works there only", said);
        Assert.Contains("code=1\n", said);
        Assert.DoesNotContain("CONDA_PREFIX", said);
    }

    [Fact]
    public void Several_shells_get_their_scripts_at_once()
    {
        using var sandbox = new Sandbox();
        byte[] pack = sandbox.Pack(new PackageBuilder("tool").AddFile("share/tool", "x"));
        string path = sandbox.Write("pack.tar", pack);
        string[] shells = ["bash", "zsh", "fish", "xonsh", "powershell", "cmd", "nushell"];
        CliResult result = Cli.Run([
            "unpack",
            path,
            "-o",
            sandbox["out"],
            "--json",
            .. shells.SelectMany(shell => (string[])["-s", shell]),
        ]);
        Assert.True(result.ExitCode == 0, result.Error);
        string[] expected = ["sh", "fish", "xsh", "ps1", "bat", "nu"];
        Assert.All(expected, extension => Assert.True(File.Exists(sandbox[$"out/activate.{extension}"]), extension));
        Assert.All(expected, extension => Assert.Contains($"activate.{extension}\"", result.Text));
        Assert.Equal(
            [".", "activate", "env"],
            Directory
                .EnumerateFileSystemEntries(sandbox["out"])
                .Select(entry => Path.GetFileName(entry).Split('.')[0])
                .Append(".")
                .Distinct()
                .Order()
        );
    }

    private static string Snapshot(string name)
    {
        string snapshot = File.ReadAllText(
            Fixtures.Require($"activation-snapshots/rattler_shell__activation__tests__{name}.snap")
        );
        return snapshot[(snapshot.IndexOf("---\n", 4, StringComparison.Ordinal) + 4)..].TrimEnd();
    }

    private static string Written(ActivationShell shell, params (string Name, string Value)[] variables) =>
        ActivationScript.Write(Activation(variables), shell).Replace("\r\n", "\n", StringComparison.Ordinal).TrimEnd();

    private static Activation Activation(params (string Name, string Value)[] variables) =>
        new()
        {
            Prefix = "__PREFIX__",
            Scripts = ["__PREFIX__/etc/conda/activate.d/script1.sh"],
            Variables = [.. variables.Select(variable => KeyValuePair.Create(variable.Name, variable.Value))],
        };

    private string MakeEnvironment(string name)
    {
        _scratch.Write($"{name}/conda-meta/history", []);
        _scratch.Write(
            $"{name}/etc/conda/env_vars.d/a.json",
            """{"PLAIN":"it's a \"value\" with `ticks`, \\ and *"}"""u8
        );
        _scratch.Write($"{name}/etc/conda/activate.d/it's a script.sh", "export FROM_SCRIPT='a b'\n"u8);
        _scratch.Write($"{name}/etc/conda/activate.d/it's a script.fish", "set -gx FROM_SCRIPT 'a b'\n"u8);
        _scratch.Write($"{name}/etc/conda/activate.d/it's a script.nu", "$env.FROM_SCRIPT = 'a b'\n"u8);
        _scratch.Write($"{name}/etc/conda/deactivate.d/a.sh", "export DEACTIVATED=no\n"u8);
        _scratch.Write($"{name}/etc/conda/deactivate.d/a.fish", "set -gx DEACTIVATED no\n"u8);
        // Conda's order: the last first.
        _scratch.Write($"{name}/etc/conda/deactivate.d/0.sh", "export DEACTIVATED=yes\n"u8);
        _scratch.Write($"{name}/etc/conda/deactivate.d/0.fish", "set -gx DEACTIVATED yes\n"u8);
        return _scratch[name];
    }

    private string WriteFile(string prefix, ActivationShell shell)
    {
        string script = _scratch[ActivationScript.FileName(shell)];
        File.WriteAllText(script, ActivationScript.WriteFile(Packhorse.Install.Activation.Read(prefix), shell));
        return script;
    }

    // Without what shells set for themselves.
    private static string Variables(string output) =>
        string.Join(
            '\n',
            output
                .Split('\n', StringSplitOptions.RemoveEmptyEntries)
                .Where(line =>
                    !line.StartsWith("_=", StringComparison.Ordinal)
                    && !line.StartsWith("SHLVL", StringComparison.Ordinal)
                    && !line.StartsWith("OLDPWD", StringComparison.Ordinal)
                    && !line.StartsWith("A__z", StringComparison.Ordinal)
                )
                .Order(StringComparer.Ordinal)
        );

    private string Run(string shell, string command)
    {
        string[] words = shell switch
        {
            "xonsh" => ["xonsh", "--no-rc"],
            "nu" =>
            [
                InstalledProgram.OfNpm("@nushell/linux-x64@0.115.1", "node_modules/@nushell/linux-x64/bin/nu"),
                "--no-config-file",
            ],
            _ => shell.Split(' '),
        };
        bool isThere = words[0].Contains('/') || StockTool.IsInstalled(words[0]);
        Assert.SkipUnless(isThere, $"no {words[0]} on this machine");
        string[] variables = ["PATH=/usr/bin:/bin", $"HOME={_scratch.Root}", "LC_ALL=C.UTF-8"];
        return StockTool.Run("env", ["-i", .. variables, .. words, "-c", command]);
    }
}
