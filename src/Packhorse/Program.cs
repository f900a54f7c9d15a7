using Packhorse.Output;

return Packhorse.Commands.CommandLine.Run(args, Terminal.OfProcess());
