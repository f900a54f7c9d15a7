using Packhorse.Commands;
using Packhorse.Output;
using Packhorse.TestChannel;
using Packhorse.Tests.Support;

namespace Packhorse.Tests.SelfExtracting;

/// <summary>A pack of two small packages in every form, made by the command line in this process.</summary>
internal static class SmallPack
{
    /// <summary>The published runtime; skips the running test when there is none.</summary>
    public static string Runtime
    {
        get
        {
            string path = Path.Combine(Repository.Root, "artifacts/publish/packhorse-runtime");
            Assert.SkipUnless(File.Exists(path), "no published runtime (dotnet build.cs publish)");
            return path;
        }
    }

    /// <summary>Makes the lock file of an environment with a shell script, text with the prefix, and something to activate.</summary>
    public static string MakeLock(string directory)
    {
        string prefix = Placeholder.Default;
        var channel = new ChannelDirectory(Path.Combine(directory, "channel"));
        channel.Add(
            new PackageBuilder("hello", "1.0", "h0_0")
                .AddExecutable("bin/hello", "#!/bin/sh\necho \"hello $1 from $CONDA_PREFIX with $HELLO $SOURCED\"\n")
                .AddExecutable("bin/where", $"#!/bin/sh\necho {prefix}\n", PrefixMode.Text)
                .AddFile("share/not-a-program", "x\n")
        );
        channel.Add(
            new PackageBuilder("settings", "1.0", "h0_0")
                .AddFile("etc/conda/env_vars.d/settings.json", "{\"HELLO\": \"a variable\"}\n")
                .AddFile(
                    "etc/conda/activate.d/settings.sh",
                    "test -z \"$NEVER_SET\" && export SOURCED='and a script'\nset -- lost\n"
                )
        );
        return channel.WriteLock(Path.Combine(directory, "project"));
    }

    /// <returns>What the command line said; asserts that it succeeded.</returns>
    public static string Pack(string lockFile, string output, params string[] options)
    {
        using var error = new StringWriter();
        int code = CommandLine.Run(["pack", lockFile, "-p", "linux-64", "-o", output, .. options], MakeTerminal(error));
        Assert.True(code == 0, error.ToString());
        return error.ToString();
    }

    /// <summary>A self-extracting file with the published runtime.</summary>
    public static string MakeExecutable(string directory)
    {
        string made = Path.Combine(directory, "made.sh");
        string output = Path.Combine(directory, "environment.sh");
        _ = Pack(MakeLock(directory), made, "--create-executable", "--pixi-unpack-source", Runtime);
        // By another process: a test beside this one may be starting a process just now, which holds what this one has open for
        // writing, and Linux executes no such file ("Text file busy").
        StockTool.Run("cp", "-p", made, output);
        File.Delete(made);
        return output;
    }

    public static Terminal MakeTerminal(TextWriter error, TextWriter? output = null) =>
        new()
        {
            OpenInput = () => Stream.Null,
            OpenOutput = () => Stream.Null,
            Out = output ?? TextWriter.Null,
            Error = error,
        };
}
