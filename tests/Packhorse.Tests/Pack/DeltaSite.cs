using Packhorse.TestChannel;
using Packhorse.Tests.Support;
using Packhorse.Tests.Wheels;

namespace Packhorse.Tests.Pack;

/// <summary>An environment of which one package is changed again and again: its packs, and deltas between them.</summary>
public sealed class DeltaSite : IDisposable
{
    private readonly WheelSite _site = new();

    /// <summary>Packages that stay, one of them a wheel.</summary>
    public const int Staying = 3;

    public string Work => _site.OutputDirectory;

    public string this[string relative] => _site[relative];

    /// <summary>A pack of the environment with this version of the package that changes.</summary>
    /// <param name="name">Of the output; its ending says what is made.</param>
    public string Pack(string version, string name, params string[] options)
    {
        Lock(version);
        return _site.Pack(name, options);
    }

    /// <summary>The same as a delta.</summary>
    public string Delta(string version, string since, string name, params string[] options) =>
        Pack(version, name, ["--since", since, .. options]);

    public CommandRun TryPack(string version, string name, params string[] options)
    {
        Lock(version);
        return _site.TryPack(name, options);
    }

    /// <summary>From now on nothing can be brought but the package that changes.</summary>
    public void RemoveWhatStays()
    {
        foreach (string file in Directory.EnumerateFiles(_site["channel"], "*", SearchOption.AllDirectories))
        {
            if (!Path.GetFileName(file).StartsWith("changing-", StringComparison.Ordinal))
            {
                File.Delete(file);
            }
        }
        Directory.Delete(_site["wheels"], recursive: true);
    }

    /// <summary>The tree of the environment that unpacking gives; nothing else is left.</summary>
    public IReadOnlyList<string> Unpacked(string pack, string? from = null)
    {
        Unpack(pack, from).Successful();
        Assert.Equal(
            ["activate.sh", "env"],
            Directory.EnumerateFileSystemEntries(Work).Select(Path.GetFileName).Order()
        );
        IReadOnlyList<string> listing = TreeListing.Of($"{Work}/env");
        Directory.Delete(Work, recursive: true);
        return listing;
    }

    public CommandRun Unpack(string pack, string? from) =>
        CommandRun.Of(["unpack", "-q", "-o", Work, .. from is null ? (string[])[] : ["--base", from], pack]);

    /// <summary>Unpacking is refused with this code, and leaves nothing.</summary>
    /// <returns>What was said.</returns>
    public string Refused(string code, string pack, string? from)
    {
        CommandRun run = Unpack(pack, from);
        Assert.True(run.Error.Contains($"[{code}]", StringComparison.Ordinal), run.Error);
        Assert.Equal(int.Parse(code.AsSpan(2, 2)), run.ExitCode);
        Assert.False(Directory.Exists(Work) && Directory.EnumerateFileSystemEntries(Work).Any(), run.Error);
        return run.Error;
    }

    public void Dispose() => _site.Dispose();

    private void Lock(string version)
    {
        var channel = new ChannelDirectory(_site["channel"]);
        channel.Add(SamplePackages.Python());
        channel.Add(new PackageBuilder("stable").AddFile("share/stable", new string('s', 5000)));
        channel.Add(new PackageBuilder("changing", version).AddFile("share/changing", version));
        string wheel = new WheelBuilder("kept").AddFile("kept.py", "x = 1\n").WriteTo(_site["wheels"]);
        _site.On(channel).WithoutWheels().Add(wheel);
    }
}
