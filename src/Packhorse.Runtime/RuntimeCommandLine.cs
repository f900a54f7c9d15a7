using Packhorse.Image;
using Packhorse.Model;
using Packhorse.Os;
using Packhorse.Output;
using Packhorse.Pack;
using Packhorse.Run;

namespace Packhorse.Runtime;

/// <summary>The command line as a function: arguments and streams in, exit code out.</summary>
internal static class RuntimeCommandLine
{
    public static int Execute(CommandContext context)
    {
        string[] arguments = context.Invocation.Arguments;
        string[] rest = arguments.Length > 0 ? arguments[1..] : [];
        string? verb = context.Invocation.AsPixiUnpack || arguments.Length == 0 ? null : arguments[0];
        bool starts = verb is "run" or "shell" or "mount" or "record" or "enter";
        try
        {
            int code = Execute(context, verb, rest);
            context.Output.Flush();
            return code;
        }
        catch (InterruptedException interrupted)
        {
            return interrupted.ExitCode;
        }
        catch (Exception failure)
        {
            bool verbose = arguments.Any(argument => argument is "-v" or "--verbose");
            ErrorPrinter.Print(context.Error, failure, verbose);
            ExitClass exitClass = ClassOf(failure, context.Invocation);
            if (!starts)
            {
                return (int)exitClass;
            }
            context.Error.WriteLine(Printable.Text(NotStarted.Line(failure.Message)));
            return NotStarted.ExitCode(exitClass);
        }
    }

    /// <summary>Whether this runtime runs here, carries out a version of the format, and is what the file says it is.</summary>
    /// <param name="files">The self-extracting file that it was copied from, or nothing.</param>
    public static int Probe(string version, string[] files)
    {
        if (version != $"{SelfExtractingHeader.FormatVersion}")
        {
            return (int)ExitClass.Incompatible;
        }
        try
        {
            foreach (string path in files)
            {
                using InputFile file = InputFile.Open(path);
                SelfExtractingHeader.Read(file, path).CheckRuntime(file, path);
            }
            return (int)ExitClass.Ok;
        }
        catch (PackhorseException failure)
        {
            return (int)failure.ExitClass;
        }
    }

    private static int Execute(CommandContext context, string? verb, string[] rest)
    {
        if (context.Invocation is { AsPixiUnpack: true, Arguments: ["completion", ..] })
        {
            throw new UsageException(ErrorCodes.BadArguments, "this small program has no scripts for completion")
            {
                Hint = "packhorse has, when it is called by the name pixi-unpack too",
            };
        }
        switch (verb)
        {
            case "run":
                return LaunchCommands.Run(context, rest);
            case "shell":
                return LaunchCommands.Shell(context, rest);
            case "mount":
                return LaunchCommands.Mount(context, rest);
            case "record":
                return LaunchCommands.Record(context, rest);
            case "enter":
                return LaunchCommands.Enter(context, rest);
            case "verify":
                PackCommands.Verify(context, rest);
                break;
            case "inspect":
                PackCommands.Inspect(context, rest);
                break;
            case "unpack":
                PackCommands.Unpack(context, rest);
                break;
            default:
                PackCommands.Unpack(context, context.Invocation.Arguments);
                HintAtRun(context);
                break;
        }
        return 0;
    }

    // Job scripts of before there were images unpack; they need not.
    private static void HintAtRun(CommandContext context)
    {
        if (
            context.Invocation is { File: { } file, Arguments: [] }
            && EnvironmentVariables.CondorScratchDirectory is not null
        )
        {
            using InputFile opened = InputFile.Open(file);
            if (EnvironmentImage.IsOne(opened))
            {
                string line = $"[ -n \"$CONDA_PREFIX\" ] || exec sh ./{Path.GetFileName(file)} run -- sh \"$0\" \"$@\"";
                context.Error.WriteLine($"hint: at the top of the job's script this starts at once: {line}");
            }
        }
    }

    // pixi-unpack knows 1 and 2 only.
    private static ExitClass ClassOf(Exception failure, Invocation invocation)
    {
        ExitClass exitClass = failure is PackhorseException known ? known.ExitClass : ExitClass.Other;
        return invocation.AsPixiUnpack && exitClass != ExitClass.Usage ? ExitClass.Other : exitClass;
    }
}
