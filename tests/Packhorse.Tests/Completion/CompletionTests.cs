using System.CommandLine;
using Packhorse.Commands;
using Packhorse.Tests.BadInput;
using Packhorse.Tests.SelfExtracting;
using Packhorse.Tests.Support;

namespace Packhorse.Tests.Completion;

/// <summary>The scripts of <c>packhorse completion</c>, read and asked by the shells themselves.</summary>
public sealed class CompletionTests : IDisposable
{
    private readonly ScratchDirectory _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Theory]
    [InlineData("bash")]
    [InlineData("zsh")]
    [InlineData("fish")]
    [InlineData("powershell")]
    public void Every_command_and_every_option_that_is_shown_is_in_the_script(string shell)
    {
        string script = Script(shell);
        RootCommand root = CommandLine.BuildRoot(SmallPack.MakeTerminal(TextWriter.Null));

        foreach (Command command in root.Subcommands)
        {
            Assert.Contains(command.Name, script, StringComparison.Ordinal);
            foreach (Option option in command.Options.Where(option => !option.Hidden))
            {
                string name = shell == "fish" ? $"-l {option.Name[2..]}" : option.Name;
                Assert.Contains(name, script, StringComparison.Ordinal);
            }
        }
    }

    [Theory]
    [InlineData("packhorse pa", "pack")]
    [InlineData("packhorse comp", "completion")]
    [InlineData("packhorse condor ch", "check")]
    [InlineData("packhorse condor check --di", "--diff")]
    [InlineData(
        "packhorse ",
        "pack unpack run shell mount record enter inspect verify sign publish published fetch cache condor completion"
    )]
    [InlineData("packhorse pack --lay", "--layout")]
    [InlineData("packhorse pack --layout ", "packhorse upstream")]
    [InlineData("packhorse pack --layout up", "upstream")]
    [InlineData("packhorse completion z", "zsh")]
    [InlineData("packhorse unpack -o sub", "sub dir")]
    [InlineData("packhorse unpack some", "some.tar")]
    [InlineData("packhorse pack -e x --directory-only --create-e", "--create-executable")]
    public void Bash_offers_what_fits(string line, string expected)
    {
        Assert.SkipUnless(File.Exists("/bin/bash"), "no bash on this machine");
        MakeFiles();
        string script = _scratch.Write("completion.bash", System.Text.Encoding.UTF8.GetBytes(Script("bash")));
        // What readline does: words as an array, the function, its answer.
        string ask = $$"""
            source '{{script}}'
            cd '{{_scratch["files"]}}'
            line=$1
            read -r -a COMP_WORDS <<<"$line"
            [[ $line == *' ' ]] && COMP_WORDS+=('')
            COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
            complete -p packhorse >/dev/null || exit 1
            _packhorse packhorse
            printf '%s\n' "${COMPREPLY[@]}"
            """;

        string offered = StockTool.Run("bash", "--norc", "-u", "-c", ask, "bash", line);

        Assert.Equal(Expected(expected), offered.TrimEnd('\n').Split('\n'));
    }

    [Theory]
    [InlineData("packhorse pa", "pack")]
    [InlineData("packhorse pack --lay", "--layout")]
    [InlineData("packhorse pack --layout ", "packhorse upstream")]
    [InlineData("packhorse completion ", "bash fish powershell zsh")]
    [InlineData("packhorse unpack some", "some.tar")]
    public void Fish_offers_what_fits(string line, string expected)
    {
        MakeFiles();
        string script = _scratch.Write("completion.fish", System.Text.Encoding.UTF8.GetBytes(Script("fish")));

        string offered = StockTool.Run(
            "fish",
            "--no-config",
            "-c",
            $"source '{script}'; cd '{_scratch["files"]}'; complete -C '{line}'"
        );

        Assert.Equal(Expected(expected), offered.TrimEnd('\n').Split('\n').Select(one => one.Split('\t')[0]));
    }

    [Theory]
    [InlineData("packhorse verif\t", "packhorse verify ")]
    [InlineData("packhorse pack --lay\tup\t", "packhorse pack --layout upstream ")]
    [InlineData("packhorse completion z\t", "packhorse completion zsh ")]
    [InlineData("packhorse unpack some\t", "packhorse unpack some.tar ")]
    [InlineData("packhorse unpack -o su\t", "packhorse unpack -o sub\\ dir/")]
    public void Zsh_completes_what_is_typed(string typed, string expected)
    {
        StockTool.Run("zsh", "-c", "true");
        MakeFiles();
        string script = _scratch.Write("completion.zsh", System.Text.Encoding.UTF8.GetBytes(Script("zsh")));
        using var terminal = new PseudoTerminal(
            $"cd '{_scratch["files"]}' && exec zsh -f -i",
            new Dictionary<string, string>
            {
                ["PATH"] = "/usr/bin:/bin",
                ["HOME"] = _scratch.Root,
                ["PS1"] = "ready: ",
            }
        );
        terminal.WaitFor("ready: ");
        terminal.Type($"autoload -Uz compinit && compinit -u -D && source '{script}' && print lo''aded\n");
        terminal.WaitFor("loaded");
        terminal.WaitFor("ready: ");

        terminal.Type(typed);
        // What stands on the line then is shown by a widget, whatever the terminal made of it on the way.
        Thread.Sleep(500);
        terminal.Type("\u0001print -r -- '<\u0005>'\n");

        Assert.Contains(expected.TrimEnd(), terminal.WaitFor("ready: "), StringComparison.Ordinal);
    }

    [Fact]
    public void As_pixi_pack_it_completes_pixi_packs_options_and_no_others()
    {
        using var writer = new StringWriter();
        int code = CalledName.Run("pixi-pack", ["completion", "-s", "bash"], SmallPack.MakeTerminal(writer, writer));
        string script = writer.ToString();

        Assert.Equal(0, code);
        Assert.Contains("complete -F _pixi_pack pixi-pack", script, StringComparison.Ordinal);
        Assert.Contains("--pixi-unpack-source", script, StringComparison.Ordinal);
        Assert.DoesNotContain("--layout", script, StringComparison.Ordinal);
        Assert.DoesNotContain("unpack:", script, StringComparison.Ordinal);
    }

    [Fact]
    public void Another_shell_is_refused()
    {
        Assert.Equal(2, Cli.Run("completion", "csh").ExitCode);
        Assert.Equal(2, Cli.Run("completion").ExitCode);
    }

    private static string[] Expected(string words) => words.Contains("sub dir") ? [words] : words.Split(' ');

    private void MakeFiles()
    {
        _scratch.Write("files/some.tar", []);
        Directory.CreateDirectory(_scratch["files/sub dir"]);
    }

    private static string Script(string shell)
    {
        CliResult result = Cli.Run("completion", shell);
        Assert.True(result.ExitCode == 0, result.Error);
        return result.Text;
    }
}
