using System.CommandLine;
using System.Runtime.Versioning;
using Packhorse.Install;
using Packhorse.Model;
using Packhorse.Os;
using Packhorse.Output;
using Packhorse.Pack;

namespace Packhorse.Commands;

/// <summary><c>packhorse unpack</c>.</summary>
internal sealed class UnpackCommand
{
    private readonly Argument<string> _pack = new("PACK")
    {
        Description = "A pack: a tar file, a directory, or - for a tar on standard input.",
        DefaultValueFactory = _ => "environment.tar",
    };

    private readonly Option<string> _output = new("--output-directory", "-o")
    {
        Description = "Directory that gets the environment and the activation script.",
        HelpName = "DIR",
        DefaultValueFactory = _ => ".",
    };

    private readonly Option<string> _name = new("--env-name", "-e")
    {
        Description = "Name of the environment's directory.",
        HelpName = "NAME",
        DefaultValueFactory = _ => "env",
    };

    private readonly Option<string> _shell = new("--shell", "-s")
    {
        Description = "Shell that the activation script is for: bash or zsh.",
        HelpName = "SHELL",
        DefaultValueFactory = _ => "bash",
    };

    private readonly Option<int> _workers = new("--workers")
    {
        Description = "Threads that unpack; the number of processors if not given.",
        HelpName = "N",
    };

    private readonly Option<bool> _noWait = new("--no-wait")
    {
        Description = "Fail instead of waiting when another process unpacks into the same environment.",
    };

    private readonly CommonOptions _common = new();
    private readonly Terminal _terminal;

    private UnpackCommand(Terminal terminal) => _terminal = terminal;

    public static Command Build(Terminal terminal)
    {
        var self = new UnpackCommand(terminal);
        var command = new Command("unpack", "Make an environment of a pack.")
        {
            self._pack,
            self._output,
            self._name,
            self._shell,
            self._workers,
            self._noWait,
        };
        self._common.AddTo(command);
        Examples.Add(
            command,
            "packhorse unpack environment.tar",
            "packhorse unpack -o /scratch/me -e hello hello.tar && . /scratch/me/activate.sh",
            "curl -s https://example.org/environment.tar | packhorse unpack -"
        );
        command.SetAction(self.Run);
        return command;
    }

    private int Run(ParseResult parsed)
    {
        if (!OperatingSystem.IsLinux())
        {
            throw new IncompatibleException(
                ErrorCodes.UnsupportedHere,
                "unpacking works on Linux only; packing works here too"
            );
        }
        string pack = parsed.GetValue(_pack)!;
        int workers = parsed.GetValue(_workers);
        var request = new UnpackRequest
        {
            OutputDirectory = FileTree.Absolute(parsed.GetValue(_output)!),
            EnvironmentName = parsed.GetValue(_name)!,
            Shell = ActivationScript.ParseShell(parsed.GetValue(_shell)!),
            Here = HostPlatform.Current,
            Workers = workers > 0 ? workers : Environment.ProcessorCount,
            Wait = !parsed.GetValue(_noWait),
        };
        Report(parsed, Unpack(parsed, request, pack));
        return (int)ExitClass.Ok;
    }

    [SupportedOSPlatform("linux")]
    private UnpackResult Unpack(ParseResult parsed, UnpackRequest request, string pack) =>
        _common.WithReporter(
            parsed,
            _terminal,
            reporter =>
            {
                if (pack == "-")
                {
                    using Stream input = _terminal.OpenInput();
                    return StreamUnpacker.Unpack(input, request, reporter, default);
                }
                using PackContents contents = PackContents.Open(pack);
                return Unpacker.Unpack(contents, request, reporter, default);
            }
        );

    private void Report(ParseResult parsed, UnpackResult result)
    {
        if (_common.Verbosity(parsed) != Verbosity.Quiet)
        {
            _terminal.Error.WriteLine($"Finished unpacking to {result.Prefix}");
        }
    }
}
