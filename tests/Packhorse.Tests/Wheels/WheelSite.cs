using System.Security.Cryptography;
using Packhorse.Model;
using Packhorse.TestChannel;
using Packhorse.Tests.Support;

namespace Packhorse.Tests.Wheels;

/// <summary>A project with conda packages and wheels, and a node that its packs are unpacked on.</summary>
public sealed class WheelSite : IDisposable
{
    private readonly ScratchDirectory _scratch = new();
    private readonly List<(string Path, string Name, string Version, string Location)> _wheels = [];
    private ChannelDirectory? _channel;

    public string Project => _scratch["project"];

    public string OutputDirectory => _scratch["node"];

    public string Prefix => _scratch["node/env"];

    public string SitePackages => $"{Prefix}/lib/python3.11/site-packages";

    public string this[string relative] => _scratch[relative];

    /// <summary>The conda packages; those of <see cref="SamplePackages"/>, with their Python 3.11, if not said.</summary>
    public WheelSite On(ChannelDirectory channel)
    {
        _channel = channel;
        return this;
    }

    /// <param name="location">In the lock file; a path relative to it if not said.</param>
    public WheelSite Add(WheelBuilder wheel, string? location = null) =>
        Add(wheel.WriteTo(_scratch["project/wheels"]), location);

    /// <param name="file">The path of a wheel, whose name says what it is.</param>
    public WheelSite Add(string file, string? location = null)
    {
        string[] parts = Path.GetFileName(file).Split('-');
        _wheels.Add((file, parts[0].Replace('_', '-').ToLowerInvariant(), parts[1], location ?? file));
        return this;
    }

    public WheelSite WithoutWheels()
    {
        _wheels.Clear();
        return this;
    }

    public string WriteLock()
    {
        _channel ??= SamplePackages.Channel(_scratch["channel"]);
        LockBuilder text = _channel.Lock();
        foreach ((string path, string name, string version, string location) in _wheels)
        {
            text.AddWheel(location, name, version, new Digest(SHA256.HashData(File.ReadAllBytes(path))));
        }
        Directory.CreateDirectory(Project);
        File.WriteAllText(_scratch["project/pixi.lock"], text.ToYaml());
        return _scratch["project/pixi.lock"];
    }

    /// <param name="name">Of the output, below the scratch directory.</param>
    public string Pack(string name, params string[] options)
    {
        TryPack(name, options).Successful();
        return _scratch[name];
    }

    public CommandRun TryPack(string name, params string[] options)
    {
        WriteLock();
        return CommandRun.Of(["pack", "-q", "-o", _scratch[name], .. options, Project]);
    }

    public CommandRun Unpack(string pack, Stream? input = null) =>
        CommandRun.WithInput(input ?? Stream.Null, "unpack", "-o", OutputDirectory, pack);

    /// <summary>What unpacking gives; the node is as it was before.</summary>
    public IReadOnlyList<string> Listing(string pack, Stream? input = null)
    {
        Unpack(pack, input).Successful();
        IReadOnlyList<string> listing = TreeListing.Of(Prefix);
        Directory.Delete(OutputDirectory, recursive: true);
        return listing;
    }

    /// <summary>One of everything that a wheel can have.</summary>
    public static WheelBuilder Everything(string version = "1.0") =>
        new WheelBuilder("Every_thing", version)
            .AddFile(
                "everything/__init__.py",
                $"version = '{version}'\ndef main():\n    print('everything', version)\n"
            )
            .AddFile("everything/native.so", "\u007fELF", Modes.Executable)
            .AddFile("everything/data, with comma.txt", "x")
            .AddFile($"Every_thing-{version}.data/purelib/everything/pure.py", "pure = 1\n")
            .AddFile($"Every_thing-{version}.data/platlib/everything/plat.py", "plat = 1\n")
            .AddFile($"Every_thing-{version}.data/headers/everything.h", "#define EVERYTHING 1\n")
            .AddFile($"Every_thing-{version}.data/data/share/everything.txt", "data\n")
            .AddScript("everything-script", "#!python -E\nimport everything\neverything.main()\n")
            .AddScript("everything-windows", "#!pythonw\r\nimport everything\r\n")
            .AddScript("everything-shell", "#!/bin/sh\necho shell\n")
            .AddScript("everything-command", "replaced by the command of that name\n")
            .AddCommand("everything-command = everything:main [extra]");

    public void Dispose() => _scratch.Dispose();
}
