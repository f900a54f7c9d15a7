using System.Runtime.Versioning;
using System.Security.Cryptography;
using Packhorse.Tests.BadInput;
using Packhorse.Tests.Support;

namespace Packhorse.Tests.Publish;

/// <summary>Logins that ask, connections that are none or are cut, accounts and systems that refuse.</summary>
[SupportedOSPlatform("linux")]
public sealed class PublishRemoteTroubleTests(SshServer server) : RemoteSite(server)
{
    [Fact]
    public void A_second_factor_is_asked_for_once_however_many_files_there_are()
    {
        using var strict = new SshServer { AsksForPassword = true };
        string ssh = strict.MakeClient(_scratch, answer: Answer(SshServer.Password));
        string second = _scratch.Write("second.tar", RandomNumberGenerator.GetBytes(3_000_001));
        string third = _scratch.Write("third.sqfs", [1, 2, 3]);

        CommandRun.Of("publish", _file, second, third, "--to", $"there:{_scratch["there"]}", "--ssh", ssh).Successful();

        Assert.Equal(3, Names().Length);
        Assert.Equal(1, strict.Logged("Accepted password"));
        Assert.Matches("^root@127.0.0.1's password: \n$", File.ReadAllText(_scratch["prompts"]));
    }

    [Fact]
    public void A_second_factor_that_is_wrong_is_told_and_nothing_is_there()
    {
        using var strict = new SshServer { AsksForPassword = true };
        string ssh = strict.MakeClient(_scratch, "-o NumberOfPasswordPrompts=1", answer: Answer("another one"));

        CommandRun run = Run(ssh).Failed(1);

        Assert.Contains("PH0102", run.Error, StringComparison.Ordinal);
        Assert.Contains("does not let you in", run.Error, StringComparison.Ordinal);
        Assert.Single(File.ReadAllLines(_scratch["prompts"]));
        Assert.Empty(Names());
    }

    // What stands for the person at the terminal, and counts how often it was asked.
    private string Answer(string password) =>
        SshServer.Executable(_scratch, "answer", $"echo \"$1\" >>{_scratch["prompts"]}; echo '{password}'");

    [Fact]
    public void What_the_login_prints_is_passed_over()
    {
        string ssh = _server.MakeClient(
            _scratch,
            login: "printf 'Welcome\\nhome of no line break'; exec sh -c \"$SSH_ORIGINAL_COMMAND\""
        );

        Assert.Equal("published", Publish(ssh).GetProperty("status").GetString());
    }

    [Theory]
    [InlineData("echo 'This service allows sftp connections only.'; exit 1", 1, "PH0102", "sftp connections only")]
    [InlineData("yes | tr -d '\\n'", 1, "PH0102", "starts no sh")]
    public void An_account_without_a_shell_is_told(string login, int exitCode, string code, string words)
    {
        CommandRun run = Run(_server.MakeClient(_scratch, login: login)).Failed(exitCode);

        Assert.Contains(code, run.Error, StringComparison.Ordinal);
        Assert.Contains(words, run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("-o UserKnownHostsFile=/dev/null -o BatchMode=yes", 1, "PH0103", "its key is not known here")]
    [InlineData("-o PubkeyAuthentication=no -o BatchMode=yes", 1, "PH0102", "does not let you in")]
    [InlineData("-p 1", 5, "PH0502", "refused")]
    public void Why_there_is_no_connection_is_said(string options, int exitCode, string code, string words)
    {
        CommandRun run = Run(_server.MakeClient(_scratch, options)).Failed(exitCode);

        Assert.Contains(code, run.Error, StringComparison.Ordinal);
        Assert.Contains(words, run.Error, StringComparison.Ordinal);
        Assert.Empty(Names());
    }

    [Fact]
    public void Another_key_than_the_known_one_is_not_trusted()
    {
        string known = _scratch.Write("known", []);
        string client = _server.MakeClient(_scratch);
        StockTool.Run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", _scratch["other"]);
        string key = string.Join(' ', File.ReadAllText(_scratch["other.pub"]).Split(' ').Take(2));
        File.WriteAllText(known, $"there {key}\n");

        CommandRun run = Run(_server.MakeClient(_scratch, $"-o UserKnownHostsFile={known} -o HostKeyAlias=there"))
            .Failed(1);

        Assert.Equal(_scratch["ssh"], client);
        Assert.Contains("PH0103", run.Error, StringComparison.Ordinal);
        Assert.Contains("another one than known_hosts has", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_program_that_is_not_there_is_named()
    {
        CommandRun run = Run(_scratch["no/ssh"]).Failed(3);

        Assert.Contains("cannot be started", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_question_of_ssh_is_answered_on_the_terminal()
    {
        string ssh = _server.MakeClient(
            _scratch,
            $"-o StrictHostKeyChecking=ask -o UserKnownHostsFile={_scratch["known"]}"
        );
        string[] words =
        [
            "/usr/bin/env",
            "dotnet",
            PackhorseProcess.Program,
            "publish",
            _file,
            "--to",
            $"there:{_scratch["there"]}",
            "--ssh",
            ssh,
        ];
        using var terminal = new PseudoTerminal(
            $"exec {string.Join(' ', words)}",
            new Dictionary<string, string>
            {
                ["PATH"] = Environment.GetEnvironmentVariable("PATH")!,
                ["HOME"] = _scratch.Root,
                ["DOTNET_NOLOGO"] = "1",
            }
        );

        terminal.WaitFor("Are you sure you want to continue connecting");
        terminal.Type("yes\n");

        Assert.Equal(0, terminal.WaitForExit());
        Assert.Equal([Name], Names());
    }

    [Fact]
    public void A_full_disk_there_is_told_and_leaves_nothing()
    {
        Assert.SkipUnless(
            Environment.UserName == "root",
            "this test becomes other users: it mounts a small file system"
        );
        string listing = _scratch["listing"];
        string ssh = _server.MakeClient(
            _scratch,
            login: $"""
            exec unshare --mount sh -c 'mount -t tmpfs -o size=1m tmpfs {_scratch[
                "there"
            ]} && sh -c "$SSH_ORIGINAL_COMMAND"; ls -A {_scratch["there"]} >{listing}.part; mv {listing}.part {listing}'
            """
        );
        string large = _scratch.Write("large.tar", RandomNumberGenerator.GetBytes(8 << 20));

        CommandRun run = CommandRun.Of("publish", large, "--to", $"there:{_scratch["there"]}", "--ssh", ssh).Failed(6);

        Assert.Contains("PH0601", run.Error, StringComparison.Ordinal);
        Assert.Contains("No space left on device", run.Error, StringComparison.Ordinal);
        PackhorseProcess.Until(() => File.Exists(listing), "the session there has ended");
        Assert.Equal("", File.ReadAllText(listing));
    }

    [Theory]
    [InlineData("Disk quota exceeded", "PH0601", "your quota there is used up")]
    [InlineData("Read-only file system", "PH0603", "Read-only")]
    [InlineData("Permission denied", "PH0602", "directory of your own")]
    public void What_the_system_there_refuses_is_told(string words, string code, string hint)
    {
        _ = SshServer.Executable(
            _scratch,
            "tools/head",
            $"case $2 in 6) echo \"head: error writing 'standard output': {words}\" >&2; exit 1;; *) exec /usr/bin/head \"$@\";; esac"
        );
        string ssh = _server.MakeClient(
            _scratch,
            login: $"PATH={_scratch["tools"]}:$PATH; exec sh -c \"$SSH_ORIGINAL_COMMAND\""
        );

        CommandRun run = Run(ssh).Failed(6);

        Assert.Contains(code, run.Error, StringComparison.Ordinal);
        Assert.Contains(words, run.Error, StringComparison.Ordinal);
        Assert.Contains(hint, run.Error, StringComparison.Ordinal);
        PackhorseProcess.Until(() => Names().Length == 0, "what was on its way is removed");
    }

    [Fact]
    public void A_connection_that_is_cut_leaves_no_name()
    {
        // As much as that arrives, then the session's own server is gone.
        _ = SshServer.Executable(
            _scratch,
            "tools/head",
            "case $2 in 8388608) /usr/bin/head -c 100000; kill -9 $SERVER; exec sleep 1;; *) exec /usr/bin/head \"$@\";; esac"
        );
        string ssh = _server.MakeClient(
            _scratch,
            login: $"PATH={_scratch["tools"]}:$PATH; SERVER=$PPID; export PATH SERVER; exec sh -c \"$SSH_ORIGINAL_COMMAND\""
        );
        string large = _scratch.Write("large.tar", RandomNumberGenerator.GetBytes(8 << 20));

        CommandRun run = CommandRun.Of("publish", large, "--to", $"there:{_scratch["there"]}", "--ssh", ssh).Failed(5);

        Assert.Contains("PH0502", run.Error, StringComparison.Ordinal);
        Assert.Contains("was cut", run.Error, StringComparison.Ordinal);
        PackhorseProcess.Until(() => Names().Length == 0, "what was on its way is removed");
    }
}
