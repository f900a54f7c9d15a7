using System.Runtime.Versioning;
using Packhorse.Install;
using Packhorse.Model;
using Packhorse.Tests.Support;

namespace Packhorse.Tests.Install;

/// <summary><c>activate.sh</c> as shells see it.</summary>
[SupportedOSPlatform("linux")]
public sealed class ActivationTests : IDisposable
{
    private readonly ScratchDirectory _scratch = new();

    public static TheoryData<string, string> ShellsAndPrefixes =>
        new MatrixTheoryData<string, string>(
            ["bash -eu", "dash -eu", "busybox ash -eu", "sh -eu", "zsh -eu", "ksh -eu"],
            ["env", "a blank", "it's \"quoted\"", "cash$HOME`date`", "back\\slash", "日本語"]
        );

    [Theory]
    [MemberData(nameof(ShellsAndPrefixes))]
    public void Shells_take_the_script_whatever_the_prefix(string shell, string name)
    {
        string prefix = MakeEnvironment(name);
        string seen = Source(
            shell,
            prefix,
            "printf '%s|' \"$PATH\" \"$CONDA_PREFIX\" \"$CONDA_SHLVL\" \"$PLAIN\" \"$TRICKY\" \"$USES\" \"$STATE\" \"$FROM_SCRIPT\""
        );
        string[] expected =
        [
            $"{prefix}/bin:/usr/bin:/bin",
            prefix,
            "1",
            "value",
            "it's a \"value\" with `ticks`, \\ and *",
            $"{prefix}/share \"quoted\" `tick` \\ end",
            "of the state",
            "a b",
            "",
        ];
        Assert.Equal(expected, seen.Split('|'));
    }

    [Theory]
    [InlineData("bash -eu")]
    [InlineData("dash -eu")]
    [InlineData("zsh -eu")]
    public void Programs_of_the_environment_come_first(string shell)
    {
        string prefix = MakeEnvironment("env");
        string program = _scratch.Write("env/bin/ls", "#!/bin/sh\necho ours\n"u8);
        File.SetUnixFileMode(program, (UnixFileMode)0b111_101_101);
        Assert.Equal("ours\n", Source(shell, prefix, "ls"));
    }

    [Fact]
    public void Later_files_and_the_state_win()
    {
        _scratch.Write("env/etc/conda/env_vars.d/20.json", "{\"A\":\"20\",\"B\":\"20\",\"C\":\"20\"}"u8);
        _scratch.Write("env/etc/conda/env_vars.d/10.json", "{\"A\":\"10\",\"D\":\"10\"}"u8);
        _scratch.Write("env/etc/conda/env_vars.d/30.txt", "not JSON"u8);
        _scratch.Write("env/conda-meta/state", "{\"version\":1,\"env_vars\":{\"b\":\"state\",\"E\":\"\"}}"u8);
        Activation activation = Activation.Read(_scratch["env"]);
        Assert.Equal(
            new Dictionary<string, string>
            {
                ["A"] = "20",
                ["B"] = "state",
                ["C"] = "20",
                ["D"] = "10",
                ["E"] = "",
            },
            activation.Variables.ToDictionary()
        );
    }

    [Fact]
    public void Scripts_are_sourced_in_the_order_of_their_names_and_only_those_of_the_shell()
    {
        foreach (string name in (string[])["b.sh", "a.sh", "B.sh", "c.fish", "d.bat", "e.ps1"])
        {
            _scratch.Write($"env/etc/conda/activate.d/{name}", "true\n"u8);
        }
        string[] lines = ActivationScript.Write(Activation.Read(_scratch["env"])).Split('\n');
        Assert.Equal(
            new[] { "B.sh", "a.sh", "b.sh" }.Select(name => $". {_scratch["env"]}/etc/conda/activate.d/{name}"),
            lines.Where(line => line.StartsWith(". ", StringComparison.Ordinal))
        );
    }

    [Fact]
    public void An_environment_without_variables_and_scripts_has_rattlers_lines()
    {
        string script = ActivationScript.Write(new Activation { Prefix = "/opt/env" });
        Assert.Equal(
            "export PATH=\"/opt/env/bin:${PATH}\"\nexport CONDA_SHLVL=1\nexport CONDA_PREFIX=/opt/env\n",
            script
        );
    }

    [Fact]
    public void Paths_are_put_before_others_as_in_rattlers_snapshot()
    {
        string snapshot = File.ReadAllText(
            Fixtures.Require(
                "activation-snapshots/rattler_shell__activation__tests__test_activation_script_bash_prepend.snap"
            )
        );
        // The snapshot was made with more paths than the environment's.
        const string OtherPaths = "/usr/bin:/bin:/usr/sbin:/sbin:/usr/local/bin:";
        string expected = snapshot[(snapshot.IndexOf("---\n", 4, StringComparison.Ordinal) + 4)..];
        var activation = new Activation
        {
            Prefix = "__PREFIX__",
            Scripts = ["__PREFIX__/etc/conda/activate.d/script1.sh"],
        };
        Assert.Equal(
            expected.Replace(OtherPaths, "", StringComparison.Ordinal).TrimEnd(),
            ActivationScript.Write(activation).TrimEnd()
        );
    }

    [Fact]
    public void A_real_package_is_activated()
    {
        PackageFiles.InstallInto(
            _scratch["env"],
            Fixtures.Require("conda/test-recipes/activate_deactivate_package-1.0-0.conda")
        );
        string script = ActivationScript.Write(Activation.Read(_scratch["env"]));
        Assert.Contains($". {_scratch["env"]}/etc/conda/activate.d/", script, StringComparison.Ordinal);
        Assert.NotEmpty(Source("bash -eu", _scratch["env"], "env"));
    }

    [Theory]
    [InlineData("[1]")]
    [InlineData("{\"A B\":\"x\"}")]
    [InlineData("{\"1A\":\"x\"}")]
    [InlineData("{\"\":\"x\"}")]
    [InlineData("{\"A;rm -rf /\":\"x\"}")]
    [InlineData("{\"A\":\"x\\u0000y\"}")]
    [InlineData("{\"A\":1}")]
    [InlineData("{\"A\":")]
    [InlineData("{\"\\ud800\":\"x\"}")]
    [InlineData("{\"A\":\"\\ud800\"}")]
    public void What_cannot_be_a_variable_is_left_out_and_told(string json)
    {
        _scratch.Write("env/etc/conda/env_vars.d/a.json", System.Text.Encoding.UTF8.GetBytes(json));
        _scratch.Write("env/etc/conda/env_vars.d/b.json", "{\"GOOD\":\"yes\"}"u8);

        Activation activation = Activation.Read(_scratch["env"]);

        Assert.Equal(["GOOD"], activation.Variables.Select(variable => variable.Key));
        Assert.Contains("env_vars.d/a.json", Assert.Single(activation.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public void The_good_variables_of_a_file_stay()
    {
        _scratch.Write("env/etc/conda/env_vars.d/a.json", "{\"A\":\"1\",\"B\":[],\"C\":null,\"D\":\"2\"}"u8);

        Activation activation = Activation.Read(_scratch["env"]);

        Assert.Equal(["A", "D"], activation.Variables.Select(variable => variable.Key));
        Assert.Equal(2, activation.Warnings.Count);
    }

    [Theory]
    [InlineData("bash", ActivationShell.Bash)]
    [InlineData("sh", ActivationShell.Bash)]
    [InlineData("dash", ActivationShell.Bash)]
    [InlineData("ksh", ActivationShell.Bash)]
    [InlineData("busybox", ActivationShell.Bash)]
    [InlineData("brush", ActivationShell.Bash)]
    [InlineData("zsh", ActivationShell.Zsh)]
    public void Shells_have_the_names_that_pixi_unpack_knows(string name, ActivationShell shell)
    {
        Assert.Equal(shell, ActivationScript.ParseShell(name));
        Assert.Equal("activate.sh", ActivationScript.FileName(shell));
    }

    [Fact]
    public void An_unknown_shell_is_named()
    {
        var error = Assert.Throws<UsageException>(() => ActivationScript.ParseShell("csh"));
        Assert.Equal("'csh' is an unknown shell variant", error.Message);
    }

    public void Dispose() => _scratch.Dispose();

    private string MakeEnvironment(string name)
    {
        _scratch.Write(
            $"{name}/etc/conda/env_vars.d/a.json",
            """
            {"PLAIN":"value","TRICKY":"it's a \"value\" with `ticks`, \\ and *","USES":"$CONDA_PREFIX/share \"quoted\" `tick` \\ end"}
            """u8
        );
        _scratch.Write($"{name}/conda-meta/state", "{\"version\":1,\"env_vars\":{\"state\":\"of the state\"}}"u8);
        _scratch.Write($"{name}/etc/conda/activate.d/it's a script.sh", "export FROM_SCRIPT='a b'\n"u8);
        return _scratch[name];
    }

    private string Source(string shell, string prefix, string command)
    {
        string script = _scratch.Write("activate.sh", []);
        File.WriteAllText(script, ActivationScript.Write(Activation.Read(prefix)));
        string[] words = shell.Split(' ');
        // Skips where there is no such shell.
        StockTool.Run(words[0], [.. words[1..], "-c", "true"]);
        return StockTool.Run(
            "env",
            ["-i", "PATH=/usr/bin:/bin", "HOME=/home/x", "LC_ALL=C.UTF-8", .. words, "-c", $". '{script}'\n{command}"]
        );
    }
}
