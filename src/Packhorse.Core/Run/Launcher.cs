using System.Runtime.Versioning;
using System.Text;
using Packhorse.Install;
using Packhorse.Model;
using Packhorse.Os;

namespace Packhorse.Run;

/// <summary>What to start in an environment.</summary>
public sealed record LaunchRequest
{
    public required Activation Activation { get; init; }

    /// <summary>The command and its arguments, as bytes.</summary>
    public required IReadOnlyList<byte[]> Command { get; init; }

    /// <summary>The caller's variables; changed by the launch.</summary>
    public required ProcessEnvironment Environment { get; init; }
}

/// <summary>
/// Becomes a command with the environment active. This process is replaced, so that signals, exit code, terminal and descriptors are
/// the command's own.
/// </summary>
[SupportedOSPlatform("linux")]
public static class Launcher
{
    /// <summary>As a shell exits when there is no such command.</summary>
    public const int NotFoundExitCode = 127;

    /// <summary>As a shell exits when a command cannot be executed.</summary>
    public const int NotExecutableExitCode = 126;

    private const string DefaultPath = "/usr/local/bin:/usr/bin:/bin";
    private const int ENOEXEC = 8;

    // Linux takes 128 KiB for one argument (MAX_ARG_STRLEN).
    private const int MostScriptBytes = 100 << 10;

    /// <summary>Returns only by an exception.</summary>
    /// <exception cref="NotFoundException">There is no such command, or no shell for the scripts of the environment.</exception>
    /// <exception cref="SystemRefusedException">It cannot be executed.</exception>
    public static void Start(LaunchRequest request)
    {
        ProcessEnvironment environment = request.Environment;
        if (environment.Get("PATH") is null)
        {
            environment.Set("PATH", DefaultPath);
        }
        if (NeedsShell(request.Activation))
        {
            StartByShell(request);
        }
        string prefix = request.Activation.Prefix;
        environment.Set("PATH", [.. Encoding.UTF8.GetBytes($"{prefix}/bin:"), .. environment.Get("PATH")!]);
        environment.Set("CONDA_SHLVL", "1");
        environment.Set("CONDA_PREFIX", prefix);
        foreach ((string name, string value) in request.Activation.Variables)
        {
            environment.Set(name, value);
        }
        Execute(request.Command, environment);
    }

    /// <summary>As <see cref="Start"/>; a command that cannot be executed is told of as a shell does.</summary>
    /// <returns>126 or 127.</returns>
    public static int StartAsShell(LaunchRequest request, Action<string> tell)
    {
        try
        {
            Start(request);
            throw new System.Diagnostics.UnreachableException();
        }
        catch (NotFoundException error)
        {
            tell(error.Message);
            return NotFoundExitCode;
        }
        catch (SystemRefusedException error)
        {
            tell(error.Message);
            return NotExecutableExitCode;
        }
    }

    /// <summary>The shell that sources scripts: Bash where there is one, since many are written for it.</summary>
    /// <returns>The file and the name to call it by; null when the machine and the environment have none.</returns>
    public static (string Path, string Name)? FindShell(string prefix)
    {
        (string Path, string Name)[] candidates =
        [
            ("/bin/bash", "bash"),
            ("/usr/bin/bash", "bash"),
            ($"{prefix}/bin/bash", "bash"),
            ("/bin/sh", "sh"),
            ("/usr/bin/sh", "sh"),
            ($"{prefix}/bin/sh", "sh"),
            ($"{prefix}/bin/dash", "sh"),
            ("/bin/busybox", "sh"),
        ];
        int found = Array.FindIndex(candidates, candidate => ProcessImage.IsExecutable(candidate.Path));
        return found < 0 ? null : candidates[found];
    }

    // Scripts to source, or values that use other variables.
    private static bool NeedsShell(Activation activation) =>
        activation.Scripts.Any(path => path.EndsWith(".sh", StringComparison.Ordinal))
        || activation.Variables.Any(variable => variable.Value.Contains('$'));

    private static void StartByShell(LaunchRequest request)
    {
        (string path, string name) =
            FindShell(request.Activation.Prefix)
            ?? throw new NotFoundException(
                ErrorCodes.FileNotFound,
                "there is no shell to source the activation scripts of the environment"
            )
            {
                Hint = "add a package with a shell, such as dash, to the environment",
            };
        // -e and -u may come in by SHELLOPTS, and the scripts are not written for them.
        string activation = $"set +eu\n{ActivationScript.Write(request.Activation)}";
        // Others take no "--", and no options either.
        string exec = name == "bash" ? "exec --" : "exec";
        byte[] quoted = Quote(exec, request.Command);
        bool fits = quoted.Length + Encoding.UTF8.GetByteCount(activation) < MostScriptBytes;
        // In the text, a sourced script does not see the command as its own arguments.
        byte[] script =
        [
            .. Encoding.UTF8.GetBytes(activation),
            .. fits ? quoted : Encoding.UTF8.GetBytes($"{exec} \"$@\""),
        ];
        List<byte[]> arguments = [Encoding.UTF8.GetBytes(name), "-c"u8.ToArray(), script, "packhorse"u8.ToArray()];
        arguments.AddRange(fits ? [] : request.Command);
        ProcessImage.Replace(path, arguments, request.Environment.Entries);
    }

    private static byte[] Quote(string exec, IReadOnlyList<byte[]> command)
    {
        var text = new List<byte>(Encoding.UTF8.GetBytes(exec));
        foreach (byte[] argument in command)
        {
            text.AddRange(" '"u8);
            foreach (byte value in argument)
            {
                text.AddRange(value == '\'' ? "'\\''"u8 : new ReadOnlySpan<byte>(in value));
            }
            text.Add((byte)'\'');
        }
        return [.. text];
    }

    private static void Execute(IReadOnlyList<byte[]> command, ProcessEnvironment environment)
    {
        string name = Encoding.UTF8.GetString(command[0]);
        string path =
            ProcessImage.Find(name, environment.GetText("PATH")!)
            ?? throw new NotFoundException(ErrorCodes.FileNotFound, $"{EntryPath.Quote(name)}: command not found");
        try
        {
            ProcessImage.Replace(path, command, environment.Entries);
        }
        catch (SystemRefusedException error) when (error.Errno == ENOEXEC)
        {
            // A script without a first line that names its interpreter: as execvp and every shell do.
            List<byte[]> arguments = ["sh"u8.ToArray(), Encoding.UTF8.GetBytes(path), .. command.Skip(1)];
            ProcessImage.Replace("/bin/sh", arguments, environment.Entries);
        }
    }
}
