using System.Runtime.Versioning;
using System.Text;
using Packhorse.Model;
using Packhorse.Os;
using Packhorse.Pack;
using Packhorse.Runtime;

[assembly: SupportedOSPlatform("linux")]

StandardStreams.OpenMissing();
if (args is [Invocation.Probe, var version])
{
    return version == $"{SelfExtractingHeader.FormatVersion}" ? (int)ExitClass.Ok : (int)ExitClass.Incompatible;
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
