using Packhorse;
using Packhorse.Output;

using TextWriter error = Terminal.OpenError();
using var interruption = Interruption.OfProcess(error);
return Packhorse.Commands.CommandLine.Run(args, Terminal.OfProcess(error, interruption));
