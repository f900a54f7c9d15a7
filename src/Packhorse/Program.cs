using System.Text;
using Packhorse;
using Packhorse.Os;
using Packhorse.Output;
using Packhorse.Run;

if (OperatingSystem.IsLinux() && StartRole.Execute(args, Tell) is { } exitCode)
{
    return exitCode;
}

// Before there are other threads.
CertificateFiles.Announce();
using TextWriter error = Terminal.OpenError();
using var interruption = Interruption.OfProcess(error);
return Packhorse.Commands.CalledName.Run(
    Environment.GetCommandLineArgs()[0],
    args,
    Terminal.OfProcess(error, interruption)
);

static void Tell(string sentence)
{
    if (OperatingSystem.IsLinux())
    {
        using Stream stream = StandardStreams.OpenError();
        stream.Write(Encoding.UTF8.GetBytes($"packhorse: {sentence}\n"));
    }
}
