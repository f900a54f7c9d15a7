using System.Runtime.Versioning;
using System.Security.Cryptography;
using System.Text.Json;
using Packhorse.Model;
using Packhorse.Publish;
using Packhorse.Tests.BadInput;
using Packhorse.Tests.Support;

namespace Packhorse.Tests.Publish;

/// <summary><c>packhorse publish</c> to another machine, which is an sshd on loopback.</summary>
[SupportedOSPlatform("linux")]
public sealed class PublishRemoteTests(SshServer server) : RemoteSite(server)
{
    [Fact]
    public void All_files_take_one_connection_and_get_names_with_their_hashes()
    {
        string ssh = _server.MakeClient(_scratch);
        byte[] large = RandomNumberGenerator.GetBytes(3_000_001);
        string second = _scratch.Write("large.tar", large);
        string third = _scratch.Write("empty.tar", []);
        int before = _server.Logins;

        CommandRun run = CommandRun
            .Of("publish", _file, second, third, "--to", $"there:{_scratch["there"]}", "--ssh", ssh, "--json")
            .Successful();

        Assert.Equal(before + 1, _server.Logins);
        JsonElement[] files = [.. JsonDocument.Parse(run.Text).RootElement.GetProperty("files").EnumerateArray()];
        Assert.All(files, made => Assert.Equal("published", made.GetProperty("status").GetString()));
        Assert.Equal($"there:{_scratch["there"]}/{Name}", files[0].GetProperty("location").GetString());
        Assert.Equal(_scratch[$"there/{Name}"], files[0].GetProperty("transfer_input_file").GetString());
        Assert.Equal(Content, File.ReadAllBytes(_scratch[$"there/{Name}"]));
        Assert.Equal(
            large,
            File.ReadAllBytes(_scratch[$"there/large-{NameHash.DigitsOf(new Digest(SHA256.HashData(large)), 8)}.tar"])
        );
        Assert.Equal(3, Names().Length);
        Assert.Equal(
            (UnixFileMode)0b101_101_101,
            File.GetUnixFileMode(_scratch[$"there/{Name}"]) | (UnixFileMode)0b101_101_101
        );
        Assert.False(File.GetUnixFileMode(_scratch[$"there/{Name}"]).HasFlag(UnixFileMode.UserWrite));
    }

    [Fact]
    public void Rules_are_those_of_a_directory()
    {
        string ssh = _server.MakeClient(_scratch);
        string stem = Name[..^3];
        _ = _scratch.Write($"there/{stem}.sh", Content.AsSpan(0, 3));
        Directory.CreateDirectory(_scratch[$"there/{stem}.1.sh"]);
        File.CreateSymbolicLink(_scratch[$"there/{stem}.2.sh"], "nowhere");
        _ = _scratch.Write("there/plain.sh", "other"u8);

        JsonElement made = Publish(ssh);
        JsonElement again = Publish(ssh);
        CommandRun refused = Run(ssh, "--name", "plain.sh").Failed(2);

        Assert.Equal($"{stem}.3.sh", made.GetProperty("name").GetString());
        Assert.Equal(3, made.GetProperty("broken").GetArrayLength());
        Assert.Equal("already_there", again.GetProperty("status").GetString());
        Assert.Contains("PH0203", refused.Error, StringComparison.Ordinal);
        Assert.Equal("other"u8.ToArray(), File.ReadAllBytes(_scratch["there/plain.sh"]));
        Assert.Equal(Content[..3], File.ReadAllBytes(_scratch[$"there/{stem}.sh"]));
        Assert.Equal(5, Names().Length);
    }

    [Theory]
    [InlineData("tcsh")]
    [InlineData("fish")]
    [InlineData("zsh")]
    [InlineData("ksh")]
    [InlineData("bash")]
    public void Whatever_shell_the_account_has(string shell)
    {
        Assert.SkipUnless(StockTool.IsInstalled(shell), $"no {shell} on this machine");
        string ssh = _server.MakeClient(_scratch, login: $"exec {shell} -c \"$SSH_ORIGINAL_COMMAND\"");

        Assert.Equal("published", Publish(ssh).GetProperty("status").GetString());
        Assert.Equal([Name], Names());
    }

    [Theory]
    [InlineData("bash")]
    [InlineData("ksh")]
    [InlineData("zsh")]
    [InlineData("dash")]
    public void Whatever_sh_is(string shell)
    {
        Assert.SkipUnless(StockTool.IsInstalled(shell), $"no {shell} on this machine");
        File.CreateSymbolicLink(_scratch["sh"], StockTool.Run("which", shell).Trim());
        string ssh = _server.MakeClient(
            _scratch,
            login: $"PATH={_scratch.Root}:$PATH; exec sh -c \"$SSH_ORIGINAL_COMMAND\""
        );

        Assert.Equal("published", Publish(ssh).GetProperty("status").GetString());
        Assert.Equal("already_there", Publish(ssh).GetProperty("status").GetString());
        Assert.Equal([Name], Names());
    }

    [Fact]
    public void Tools_of_busybox_do()
    {
        string ssh = _server.MakeClient(_scratch, login: Tools(except: "") + "exec sh -c \"$SSH_ORIGINAL_COMMAND\"");

        Assert.Equal("published", Publish(ssh).GetProperty("status").GetString());
        Assert.Contains("right", Published(ssh).Successful().Text, StringComparison.Ordinal);
        Assert.Equal([Name], Names());
    }

    [Fact]
    public void Without_a_tool_to_compare_by_nothing_is_written()
    {
        string ssh = _server.MakeClient(
            _scratch,
            // The shell of busybox has its tools in itself.
            login: Tools(except: "sha256sum") + "ln -sf /bin/dash $PATH/sh; exec sh -c \"$SSH_ORIGINAL_COMMAND\""
        );

        CommandRun run = Run(ssh).Failed(3);

        Assert.Contains("there has no sha256sum", run.Error, StringComparison.Ordinal);
        Assert.Empty(Names());
    }

    [Theory]
    [InlineData("with blanks  and 'quotes' \"both\" `ticks` $HOME")]
    [InlineData("-dash")]
    [InlineData("lines\nand more\n")]
    [InlineData("ümläute!*?[a]\\")]
    public void Names_of_directories_and_files_may_be_anything(string name)
    {
        string ssh = _server.MakeClient(_scratch, login: "exec tcsh -c \"$SSH_ORIGINAL_COMMAND\"");
        Assert.SkipUnless(StockTool.IsInstalled("tcsh"), "no tcsh on this machine");
        Directory.CreateDirectory(_scratch[name]);

        CommandRun run = CommandRun.Of(
            "publish",
            _file,
            "--to",
            $"there:{_scratch[name]}",
            "--ssh",
            ssh,
            "--json",
            "--name",
            $"{name}-{{sha256:8}}.sh".TrimStart('-')
        );
        CommandRun published = CommandRun.Of("published", $"there:{_scratch[name]}", "--ssh", ssh, "--json");

        Assert.Equal("", run.ExitCode == 0 ? "" : run.Error);
        string made = $"{name}-{Hash(Content)[..8]}.sh".TrimStart('-');
        Assert.Equal([Path.Combine(_scratch[name], made)], Directory.GetFiles(_scratch[name]));
        JsonElement listed = JsonDocument.Parse(published.Successful().Text).RootElement.GetProperty("files")[0];
        Assert.Equal($"there:{_scratch[name]}/{made}", listed.GetProperty("path").GetString());
        Assert.Equal("right", listed.GetProperty("state").GetString());
    }

    [Fact]
    public void A_directory_is_made_where_the_one_above_is_there()
    {
        string ssh = _server.MakeClient(_scratch);

        CommandRun dry = CommandRun
            .Of("publish", _file, "--to", $"ssh://there{_scratch["there/new"]}/", "--ssh", ssh, "--dry-run")
            .Successful();
        Assert.Empty(Directory.EnumerateFileSystemEntries(_scratch["there"]));
        CommandRun.Of("publish", _file, "--to", $"ssh://there{_scratch["there/new"]}/", "--ssh", ssh).Successful();

        Assert.Contains($"would publish  there:{_scratch["there/new"]}/{Name}", dry.Text, StringComparison.Ordinal);
        Assert.True(File.Exists(_scratch[$"there/new/{Name}"]));
    }

    [Fact]
    public void What_is_no_directory_there_is_named()
    {
        string ssh = _server.MakeClient(_scratch);

        CommandRun absent = CommandRun
            .Of("publish", _file, "--to", $"there:{_scratch["no/such"]}", "--ssh", ssh)
            .Failed(3);
        CommandRun file = CommandRun.Of("publish", _file, "--to", $"there:{_file}", "--ssh", ssh).Failed(6);
        CommandRun listed = CommandRun.Of("published", $"there:{_scratch["there/new"]}", "--ssh", ssh).Failed(3);

        Assert.Contains($"no directory 'there:{_scratch["no/such"]}'", absent.Error, StringComparison.Ordinal);
        Assert.Contains("mkdir -p", absent.Error, StringComparison.Ordinal);
        Assert.Contains("is not a directory", file.Error, StringComparison.Ordinal);
        Assert.Contains("no directory", listed.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_that_changes_meanwhile_is_not_placed()
    {
        SshTarget target = SshTarget.Parse($"there:{_scratch["there"]}")!;
        var ssh = new SshProgram(_server.MakeClient(_scratch), Variables(), _ => { });
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        foreach (
            LocalFile stale in new[]
            {
                new LocalFile(_file, 6, default, null),
                new LocalFile(_file, 600, default, null),
            }
        )
        {
            await using RemoteDestination there = await RemoteDestination.ConnectAsync(
                target,
                ssh,
                () => 0.5,
                cancellation
            );

            PackhorseException error = await Assert.ThrowsAsync<CorruptDataException>(() =>
                there.TryPlaceAsync("x.sh", stale, SilentReporter.Instance, cancellation)
            );

            Assert.Contains("changed while it was being published", error.Message, StringComparison.Ordinal);
            PackhorseProcess.Until(() => Names().Length == 0, "what was on its way is removed");
        }
    }

    [Fact]
    public async Task Of_several_at_once_one_places_the_file()
    {
        SshTarget target = SshTarget.Parse($"there:{_scratch["there"]}")!;
        var ssh = new SshProgram(_server.MakeClient(_scratch), Variables(), _ => { });
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        var file = LocalFile.Read(_file, SilentReporter.Instance, cancellation);

        Publication[] made = await Task.WhenAll(
            Enumerable
                .Range(0, 6)
                .Select(async _ =>
                {
                    await using RemoteDestination there = await RemoteDestination.ConnectAsync(
                        target,
                        ssh,
                        Random.Shared.NextDouble,
                        cancellation
                    );
                    return await Publisher.PublishAsync(
                        file,
                        file.PublishedName(),
                        there,
                        dryRun: false,
                        SilentReporter.Instance,
                        cancellation
                    );
                })
        );

        Assert.Single(made, publication => publication.Kind == PublicationKind.Published);
        Assert.All(made, publication => Assert.Equal(Name, publication.Name));
        Assert.Equal([Name], Names());
    }

    [Fact]
    public void What_is_there_is_listed_compared_and_can_be_removed()
    {
        string ssh = _server.MakeClient(_scratch);
        _ = Publish(ssh);
        _ = _scratch.Write("there/it's-deadbeef.tar", "what broke off"u8);
        _ = _scratch.Write("there/notes.txt", "x"u8);
        _ = _scratch.Write("there/.packhorse-publish-0123.part", "half"u8);
        _ = _scratch.Write("there/.packhorse-publish-4567.part", "half"u8);
        using FileStream writer = new(
            _scratch["there/.packhorse-publish-4567.part"],
            FileMode.Open,
            FileAccess.ReadWrite,
            FileShare.None
        );

        CommandRun run = Published(ssh).Failed(8);
        string[] states =
        [
            .. JsonDocument
                .Parse(Published(ssh, "--json").Failed(8).Text)
                .RootElement.GetProperty("files")
                .EnumerateArray()
                .Select(file => file.GetProperty("state").GetString()!),
        ];

        Assert.Equal(["left_over", "on_its_way", "right", "broken", "no_hash"], states);
        string[] removals =
        [
            .. run.Text.Split('\n').Where(line => line.StartsWith("  ssh there", StringComparison.Ordinal)),
        ];
        Assert.Equal(2, removals.Length);
        foreach (string removal in removals)
        {
            StockTool.Run("sh", "-c", $"PATH={_scratch.Root}:$PATH; {removal}");
        }
        Assert.Equal([".packhorse-publish-4567.part", Name, "notes.txt"], Names().Order(StringComparer.Ordinal));
    }

    [Fact]
    public void The_script_is_plain_sh()
    {
        Assert.SkipUnless(StockTool.IsInstalled("shellcheck"), "no shellcheck on this machine");

        Assert.Equal(
            "",
            StockTool.Run(
                "shellcheck",
                "-s",
                "sh",
                Path.Combine(Repository.Root, "src/Packhorse.Core/Publish/remote.sh")
            )
        );
    }

    [Theory]
    [InlineData("alice@host:/a/b/", "alice@host", null, "/a/b")]
    [InlineData("host:", "host", null, "./.")]
    [InlineData("host:~/envs", "host", null, "./envs")]
    [InlineData("host:-x", "host", null, "./-x")]
    [InlineData("a@b@host:/", "a@b@host", null, "/")]
    [InlineData("a@[::1]:/x:y", "a@[::1]", null, "/x:y")]
    [InlineData("ssh://a@host:2222/x%20y", "a@host", 2222, "/x y")]
    [InlineData("ssh://host/~/envs", "host", null, "./envs")]
    [InlineData("ssh://[::1]:22/x", "[::1]", 22, "/x")]
    public void Destinations_are_read_as_scp_and_git_read_them(string text, string host, int? port, string path) =>
        Assert.Equal(new SshTarget(host, port, path), SshTarget.Parse(text));

    [Theory]
    [InlineData("/a:b")]
    [InlineData("./a:b")]
    [InlineData("envs")]
    [InlineData("/x[y]:z")]
    public void A_path_of_this_machine_is_one(string text) => Assert.Null(SshTarget.Parse(text));

    [Theory]
    [InlineData(":/x")]
    [InlineData("-oProxyCommand=x:/x")]
    [InlineData("ssh:///x")]
    [InlineData("ssh://host")]
    [InlineData("ssh://host:0/x")]
    [InlineData("host:~bob/x")]
    [InlineData("https://host/x")]
    [InlineData("a b:/x")]
    public void A_destination_that_is_none_is_refused(string text) =>
        Assert.Throws<UsageException>(() => SshTarget.Parse(text));

    private CommandRun Published(string ssh, params string[] options) =>
        CommandRun.Of(["published", $"there:{_scratch["there"]}", "--ssh", ssh, .. options]);

    // A line of sh that leaves only busybox's tools on PATH.
    private string Tools(string except)
    {
        Assert.SkipUnless(File.Exists("/bin/busybox") || File.Exists("/usr/bin/busybox"), "no busybox on this machine");
        string[] tools =
        [
            "sh",
            "cat",
            "chmod",
            "find",
            "flock",
            "head",
            "ln",
            "mkdir",
            "mv",
            "od",
            "printf",
            "rm",
            "sha256sum",
            "stat",
            "sync",
            "tail",
            "test",
            "tr",
            "wc",
        ];
        string program = StockTool.Run("which", "busybox").Trim();
        Directory.CreateDirectory(_scratch["tools"]);
        foreach (string tool in tools.Where(tool => tool != except))
        {
            File.CreateSymbolicLink(_scratch[$"tools/{tool}"], program);
        }
        return $"PATH={_scratch["tools"]}; export PATH; ";
    }

    private static Dictionary<string, string> Variables() => new() { ["PATH"] = "/usr/bin:/bin" };
}
