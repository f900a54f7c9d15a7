using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Packhorse.Tests.BadInput;
using Packhorse.Tests.Support;

namespace Packhorse.Tests.Publish;

/// <summary>
/// OpenSSH's own <c>sshd</c> on loopback, with keys and configuration of its own; to its clients it is the machine "there". Stands for a class of
/// tests.
/// </summary>
public sealed class SshServer : IDisposable
{
    private const string Program = "/usr/sbin/sshd";

    // Where the account's shell would be started, the client chooses another one.
    private const string Login = "TEST_LOGIN";

    /// <summary>The second factor of <see cref="AsksForPassword"/>.</summary>
    public const string Password = "a password and nothing else";

    // Of crypt(3), with SHA-512.
    private const string PasswordHash =
        "$6$packhorse$9hS4rorhSkZgt3xLEqwxS3IHNnaHgoyP58jq5IhI.uObogHKye/61M6kyJrSaiInsodDSvilAY1JpGSNOg/600";

    private readonly ScratchDirectory _scratch = new();
    private readonly List<string> _log = [];
    private Process? _process;

    /// <summary>The configuration of the clients.</summary>
    private string Configuration => _scratch["client.conf"];

    /// <summary>Who has the key is asked for a password, too: two factors.</summary>
    public bool AsksForPassword { get; init; }

    /// <summary>Lines of the log that say that somebody was let in.</summary>
    public int Logins => Logged("Accepted publickey");

    /// <returns>How many lines of the log have that text.</returns>
    public int Logged(string text)
    {
        lock (_log)
        {
            return _log.Count(line => line.Contains(text, StringComparison.Ordinal));
        }
    }

    /// <summary>A program for <c>--ssh</c> in a test's directory.</summary>
    /// <param name="options">Further ones, before those that it gets.</param>
    /// <param name="login">A script that stands for the account's shell; its <c>SSH_ORIGINAL_COMMAND</c> is what it shall run.</param>
    /// <param name="answer">A program that answers what ssh asks; null: nobody does.</param>
    public string MakeClient(
        ScratchDirectory directory,
        string options = "",
        string? login = null,
        string? answer = null
    )
    {
        Start();
        if (login is not null)
        {
            options += $" -o SetEnv={Login}={Executable(directory, "login", login)}";
        }
        string asking = answer is null ? "" : $"SSH_ASKPASS_REQUIRE=force SSH_ASKPASS={answer} ";
        return Executable(directory, "ssh", $"{asking}exec /usr/bin/ssh -F {Configuration} {options} \"$@\"");
    }

    public static string Executable(ScratchDirectory directory, string name, string script)
    {
        string path = directory.Write(name, System.Text.Encoding.UTF8.GetBytes($"#!/bin/sh\n{script}\n"));
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, (UnixFileMode)0b111_101_101);
        }
        return path;
    }

    public void Dispose()
    {
        if (_process is not null)
        {
            _process.Kill(entireProcessTree: true);
            _process.WaitForExit();
            _process.Dispose();
        }
        _scratch.Dispose();
    }

    private void Start()
    {
        Assert.SkipUnless(File.Exists(Program) && StockTool.IsInstalled("ssh"), "no sshd on this machine");
        if (_process is not null)
        {
            return;
        }
        if (Environment.UserName == "root")
        {
            // Of which sshd makes the root of those that have not logged in.
            Directory.CreateDirectory("/run/sshd");
        }
        if (AsksForPassword)
        {
            Assert.SkipUnless(
                Environment.UserName == "root",
                "this test becomes other users: it has a password of its own"
            );
            File.WriteAllText(_scratch["shadow"], $"root:{PasswordHash}:19000:0:99999:7:::\n");
        }
        StockTool.Run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", _scratch["host_key"]);
        StockTool.Run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", _scratch["key"]);
        File.Copy(_scratch["key.pub"], _scratch["authorized_keys"]);
        // The port may be taken by the time that it is asked for.
        for (int tries = 0; !TryListen(FreePort()); tries++)
        {
            Assert.True(tries < 5, $"sshd does not start: {string.Join('\n', _log)}");
        }
    }

    private bool TryListen(int port)
    {
        File.WriteAllText(
            _scratch["server.conf"],
            $"""
            Port {port}
            ListenAddress 127.0.0.1
            HostKey {_scratch["host_key"]}
            AuthorizedKeysFile {_scratch["authorized_keys"]}
            PidFile none
            StrictModes no
            UsePAM no
            PasswordAuthentication {(AsksForPassword ? "yes" : "no")}
            AuthenticationMethods {(AsksForPassword ? "publickey,password" : "publickey")}
            KbdInteractiveAuthentication no
            PermitRootLogin yes
            PrintMotd no
            LogLevel VERBOSE
            MaxStartups 100
            AcceptEnv {Login}
            ForceCommand test -z "${Login}" || exec "${Login}"; exec /bin/sh -c "$SSH_ORIGINAL_COMMAND"

            """
        );
        string key = string.Join(' ', File.ReadAllText(_scratch["host_key.pub"]).Split(' ').Take(2));
        File.WriteAllText(_scratch["known_hosts"], $"[127.0.0.1]:{port} {key}\n");
        File.WriteAllText(
            Configuration,
            $"""
            Host there
              HostName 127.0.0.1
              Port {port}
            Host *
              User {Environment.UserName}
              IdentityFile {_scratch["key"]}
              IdentitiesOnly yes
              IdentityAgent none
              UserKnownHostsFile {_scratch["known_hosts"]}
              GlobalKnownHostsFile none
              StrictHostKeyChecking yes

            """
        );
        string[] command = [Program, "-D", "-e", "-f", _scratch["server.conf"]];
        if (AsksForPassword)
        {
            // The password is that of a file that only this server sees.
            string script = $"mount --bind {_scratch["shadow"]} /etc/shadow && exec \"$@\"";
            command = ["/usr/bin/unshare", "--mount", "/bin/sh", "-c", script, "sh", .. command];
        }
        _process = new Process
        {
            StartInfo = new ProcessStartInfo(command[0], command[1..])
            {
                RedirectStandardError = true,
                RedirectStandardInput = true,
            },
        };
        _process.ErrorDataReceived += (_, line) => Keep(line.Data);
        _process.Start();
        _process.BeginErrorReadLine();
        PackhorseProcess.Until(() => Logged("Server listening") > 0 || _process.HasExited, "sshd listens");
        if (!_process.HasExited)
        {
            return true;
        }
        _process.Dispose();
        return false;
    }

    private void Keep(string? line)
    {
        lock (_log)
        {
            _log.Add(line ?? "");
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
