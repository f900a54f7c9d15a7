using Packhorse.TestChannel;

[assembly: AssemblyFixture(typeof(Packhorse.EndToEnd.Environments))]

namespace Packhorse.EndToEnd;

/// <summary>The small channel of real software, packed once for all tests, and unpacked once.</summary>
public sealed class Environments : IDisposable
{
    private readonly DirectoryInfo _scratch = Directory.CreateTempSubdirectory("packhorse-e2e-");

    public Environments()
    {
        Channel = SmallChannel.Make(new ChannelOptions { Directory = this["channel"] });
        Published.Run("pack", Channel.LockFile, "-o", Pack).Succeeded();
        Published.Run("unpack", Pack, "-o", this["job"]).Succeeded();
    }

    public Channel Channel { get; }

    public string Pack => this["environment.tar"];

    public string Prefix => this["job/env"];

    public string ActivationScript => this["job/activate.sh"];

    public string this[string relative] => Path.Combine(_scratch.FullName, relative);

    /// <summary>Runs a command in the activated environment, with nothing but it.</summary>
    public Outcome Activated(string command) =>
        Published.Start(
            "/bin/sh",
            ["-c", $". '{ActivationScript}' && {command}"],
            new Dictionary<string, string> { ["PATH"] = "" }
        );

    public void Dispose() => _scratch.Delete(recursive: true);
}
