using Packhorse.Image;
using Packhorse.TestChannel;
using Packhorse.Tests.Support;

namespace Packhorse.Tests.Pack;

/// <summary>A node with one environment that is unpacked into again and again.</summary>
public sealed class Worksite : IDisposable
{
    /// <summary>What images are made for: no environment is ever there.</summary>
    public const string BakedPrefix = "/media/p/0123456789ab";

    private readonly ScratchDirectory _scratch = new();
    private int _packs;

    public string OutputDirectory => _scratch["node"];

    public string Prefix => _scratch["node/env"];

    public string this[string relative] => Path.Combine(Prefix, relative);

    /// <returns>The path of a pack of these packages.</returns>
    public string Pack(params IEnumerable<PackageBuilder> packages) => PackChannel(_ => MakeChannel(packages), "tar");

    /// <summary>The path of an image of these packages, made for another prefix.</summary>
    public string PackImage(params IEnumerable<PackageBuilder> packages) => PackImage([], packages);

    /// <inheritdoc cref="PackImage(IEnumerable{PackageBuilder})"/>
    public string PackImage(string[] options, IEnumerable<PackageBuilder> packages) =>
        PackChannel(_ => MakeChannel(packages), "sqfs", ["--prefix", BakedPrefix, "--pyc", "off", .. options]);

    /// <summary>Packing an image, which may fail; its path is "failed.sqfs" beside the others.</summary>
    public CommandRun TryPackImage(string[] options, IEnumerable<PackageBuilder> packages, string platform = "linux-64")
    {
        MakeChannel(packages).WriteLock(_scratch["failed"], platform: platform);
        return CommandRun.Of(["pack", "-p", platform, "-o", _scratch["failed.sqfs"], .. options, _scratch["failed"]]);
    }

    /// <summary>Names beside the packs that were made, of whatever packing has left.</summary>
    public IEnumerable<string> LeftBehind =>
        Directory
            .EnumerateFileSystemEntries(Path.GetDirectoryName(OutputDirectory)!, "failed.sqfs*")
            .Select(path => Path.GetFileName(path));

    /// <summary>The same, and a program was recorded that read all of these files, in this order.</summary>
    public string PackImage(IReadOnlyList<string> read, params IEnumerable<PackageBuilder> packages)
    {
        string record = _scratch["record.json"];
        File.WriteAllBytes(record, UsageRecord.Write(read.Select(path => new UsedRange(path, 0, long.MaxValue >> 32))));
        string[] options = ["--prefix", BakedPrefix, "--pyc", "off", "--record-from", record];
        return PackChannel(_ => MakeChannel(packages), "sqfs", options);
    }

    /// <inheritdoc cref="Pack"/>
    public string PackFixtures(params IEnumerable<string> fixtures) =>
        PackChannel(number => RealChannel.Make(_scratch[$"channel{number}"], fixtures), "tar");

    public CommandRun Unpack(string pack, params string[] options) =>
        CommandRun.Of(["unpack", "-o", OutputDirectory, .. options, pack]);

    /// <summary>What unpacking into a new directory gives; the environment is left as it is.</summary>
    public IReadOnlyList<string> Fresh(string pack)
    {
        string aside = Prefix + "-aside";
        bool exists = Directory.Exists(Prefix);
        if (exists)
        {
            Directory.Move(Prefix, aside);
        }
        Unpack(pack).Successful();
        IReadOnlyList<string> listing = TreeListing.Of(Prefix);
        Directory.Delete(Prefix, recursive: true);
        if (exists)
        {
            Directory.Move(aside, Prefix);
        }
        return listing;
    }

    /// <summary>Unpacks, and holds the whole environment against a new one.</summary>
    public CommandRun UnpackAsFresh(string pack)
    {
        IReadOnlyList<string> fresh = Fresh(pack);
        CommandRun run = Unpack(pack).Successful();
        TreeListing.AssertSame(fresh, TreeListing.Of(Prefix));
        AssertNothingElseIsThere();
        return run;
    }

    /// <summary>Neither a lock nor a stage is left.</summary>
    public void AssertNothingElseIsThere()
    {
        Assert.Equal(
            ["activate.sh", "env"],
            Directory.EnumerateFileSystemEntries(OutputDirectory).Select(Path.GetFileName).Order()
        );
        Assert.False(Path.Exists(this[".packhorse-part"]));
        Assert.False(Path.Exists(this["conda-meta/packhorse-update"]));
    }

    /// <summary>Inode, times of modification and change of every file and link, by path: who has touched what.</summary>
    public Dictionary<string, string> Identities() =>
        StockTool
            .Run("find", Prefix, "-not", "-type", "d", "-printf", "%P\\t%i %T@ %C@\\n")
            .Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => line.Split('\t'))
            .ToDictionary(fields => fields[0], fields => fields[1]);

    public void Write(string relative, string content)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(this[relative])!);
        File.WriteAllText(this[relative], content);
    }

    public string Read(string relative) => File.ReadAllText(this[relative]);

    public void Dispose() => _scratch.Dispose();

    // One channel, so that a package keeps its URL.
    private ChannelDirectory MakeChannel(IEnumerable<PackageBuilder> packages)
    {
        var channel = new ChannelDirectory(_scratch["channel"]);
        packages.ToList().ForEach(package => channel.Add(package));
        return channel;
    }

    private string PackChannel(Func<int, ChannelDirectory> make, string extension, params string[] options)
    {
        int number = ++_packs;
        make(number).WriteLock(_scratch[$"project{number}"]);
        string pack = _scratch[$"{number}.{extension}"];
        CommandRun.Of(["pack", "-q", "-o", pack, .. options, _scratch[$"project{number}"]]).Successful();
        return pack;
    }
}
