using Packhorse;
using Packhorse.Output;

using TextWriter error = Terminal.OpenError();
using var interruption = Interruption.OfProcess(error);
return Packhorse.Commands.CalledName.Run(
    Environment.GetCommandLineArgs()[0],
    args,
    Terminal.OfProcess(error, interruption)
);
