using System.Runtime.Versioning;
using System.Text;
using Packhorse.Install;
using Packhorse.Model;
using Packhorse.Os;

namespace Packhorse.Run;

/// <summary>An interactive shell with an environment active: this process becomes it, so that job control works as in any other.</summary>
[SupportedOSPlatform("linux")]
public static class InteractiveShell
{
    /// <summary>Returns only by an exception.</summary>
    /// <param name="name">Shown in the prompt.</param>
    /// <param name="startFile">Where Bash's start file is put.</param>
    /// <exception cref="NotFoundException">There is no shell.</exception>
    public static void Start(Activation activation, ProcessEnvironment environment, string name, string startFile)
    {
        (string path, string shell) =
            Launcher.FindShell(activation.Prefix)
            ?? throw new NotFoundException(ErrorCodes.FileNotFound, "there is no shell on this machine");
        byte[][] command;
        if (shell == "bash")
        {
            WriteStartFile(activation, name, startFile);
            // The user's start file may set PATH anew, so that the environment comes after it.
            command = [Encode(path), Encode("--rcfile"), Encode(startFile), Encode("-i")];
            ProcessImage.Replace(path, command, environment.Entries);
        }
        environment.Set("PS1", $"({name}) $ ");
        command = path.EndsWith("/busybox", StringComparison.Ordinal)
            ? [Encode(path), Encode("sh"), Encode("-i")]
            : [Encode(path), Encode("-i")];
        Launcher.Start(
            new LaunchRequest
            {
                Activation = activation,
                Command = command,
                Environment = environment,
            }
        );
    }

    private static void WriteStartFile(Activation activation, string name, string path)
    {
        string text =
            "[ ! -r ~/.bashrc ] || . ~/.bashrc\n"
            + ActivationScript.Write(activation)
            + $"PS1='({name}) '\"${{PS1-}}\"\n";
        using OutputFile file = OutputFile.Create(path, FilePermissions.OwnerReadWrite);
        file.Write(Encoding.UTF8.GetBytes(text), 0);
        file.Complete();
    }

    private static byte[] Encode(string text) => Encoding.UTF8.GetBytes(text);
}
