using System.Runtime.Versioning;
using System.Text;
using Packhorse.Os;
using Packhorse.Run;
using Packhorse.Runtime;

[assembly: SupportedOSPlatform("linux")]

StandardStreams.OpenMissing();
if (args is [Invocation.Probe, var version, .. var probed])
{
    return RuntimeCommandLine.Probe(version, probed);
}
if (StartRole.Execute(args, Tell) is { } exitCode)
{
    return exitCode;
}
var invocation = Invocation.Parse(Environment.GetCommandLineArgs()[0], args);
if (invocation.Copy is { } copy)
{
    TemporaryCopy.Remove(copy);
}
var utf8 = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false);
using var output = new StreamWriter(StandardStreams.OpenOutput(), utf8, 4096);
using var error = new StreamWriter(StandardStreams.OpenError(), utf8, 1024) { AutoFlush = true };
return RuntimeCommandLine.Execute(new CommandContext(invocation, output, error));

static void Tell(string sentence)
{
    using Stream stream = StandardStreams.OpenError();
    stream.Write(Encoding.UTF8.GetBytes($"packhorse: {sentence}\n"));
}
