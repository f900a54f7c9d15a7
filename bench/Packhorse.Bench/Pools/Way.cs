using System.Globalization;
using Packhorse.TestChannel;

namespace Packhorse.Bench.Pools;

/// <summary>The same environment in the forms in which jobs carry it, made once.</summary>
internal sealed record Carried
{
    private const string Unpacker = "packhorse-runtime";

    public required string Directory { get; init; }

    /// <summary>A self-extracting file with packages in it.</summary>
    public string Pack => this["pack.sh"];

    /// <summary>A self-extracting file with an image in it.</summary>
    public string Image => this["image.sh"];

    /// <summary>A self-extracting file the way of pixi-pack's.</summary>
    public string Stock => this["stock.sh"];

    /// <summary>A container's root: Debian's C library and shell, and the environment in /opt/env.</summary>
    public string Root => this["container"];

    /// <summary>The same in one file.</summary>
    public string Container => this["container.tar.zst"];

    private string this[string name] => Path.Combine(Directory, name);

    public static Carried Make(Channel channel, string directory)
    {
        var carried = new Carried { Directory = directory };
        string tar = Path.Combine(directory, "environment.tar");
        string[][] packs =
        [
            ["-o", tar],
            ["--create-executable", "-o", carried.Pack],
            ["--image", "--create-executable", "-o", carried.Image],
        ];
        foreach (string[] options in packs)
        {
            Checked([Programs.Packhorse, "pack", channel.LockFile, "-q", .. options]);
        }
        string runtime = Path.Combine(Path.GetDirectoryName(Programs.Packhorse)!, Unpacker);
        StockFile.Make(tar, runtime, carried.Stock);
        MakeContainer(carried, tar);
        File.Delete(tar);
        return carried;
    }

    // Unpacked in the root itself, so that it is made for the prefix that it has there.
    private static void MakeContainer(Carried carried, string tar)
    {
        var tree = new DebianTree("trixie", "trixie-container-1", ["base-files", "coreutils", "dash"], _ => { });
        Checked(["/bin/cp", "-a", tree.Make(ChannelOptions.DefaultCacheDirectory), carried.Root]);
        string root = carried.Root;
        File.Copy(Programs.Packhorse, $"{root}/packhorse");
        File.CreateSymbolicLink($"{root}/bin/sh.new", "dash");
        File.Move($"{root}/bin/sh.new", $"{root}/bin/sh", overwrite: true);
        Checked(["/bin/ln", tar, $"{root}/environment.tar"]);
        Checked(["/usr/sbin/chroot", root, "/packhorse", "unpack", "/environment.tar", "-o", "/opt", "-q"]);
        File.Delete($"{root}/packhorse");
        File.Delete($"{root}/environment.tar");
        foreach (string file in (string[])["passwd", "group", "hosts", "resolv.conf"])
        {
            File.WriteAllText($"{root}/etc/{file}", "");
        }
        Checked(["/bin/sh", "-c", "tar cf - -C \"$1\" . | zstd -3 -T0 -q -o \"$2\"", "sh", root, carried.Container]);
    }

    private static void Checked(string[] command)
    {
        if (Measure.MeasuredProcess.Run(command).ExitCode is not 0 and var code)
        {
            throw new InvalidOperationException($"{string.Join(' ', command)} ended with {code}");
        }
    }
}

/// <summary>A way to have an environment in jobs.</summary>
/// <param name="Name">As the table has it.</param>
/// <param name="Prepare">Writes job.sub and what belongs to it.</param>
internal sealed record Way(string Name, Action<PoolProject> Prepare)
{
    private const string Probe = "probe.py";

    // By hand, and enough: sed holds the one long line and its copies in memory, and blocks of the disk are not full.
    private const double LinesInMemory = 4;
    private const double BlocksOfDisk = 1.3;

    public static IReadOnlyList<Way> All(Carried carried, string program, string sharedRoot) =>
        [
            new("upstream's way, re-enacted", project => Stock(project, carried, program)),
            new("ours, unpacked", project => Ours(project, carried.Pack, program)),
            new("ours, mounted", project => Ours(project, carried.Image, program)),
            new("container, its tar transferred", project => Container(project, carried, program)),
            new("container, its directory on the node", project => Shared(project, sharedRoot, program)),
        ];

    private static void Ours(PoolProject project, string archive, string program)
    {
        project.Write(Probe, program);
        Copy(archive, project["environment.sh"]);
        string[] options = ["--name", "job", "--output-mb", "16"];
        project.Run(["packhorse", "condor", "init", .. options, "environment.sh", "--", "python", Probe]);
    }

    private static void Stock(PoolProject project, Carried carried, string program)
    {
        project.Write(Probe, program);
        Copy(carried.Stock, project["environment.sh"]);
        // As the header of pixi-pack's does; ours stands for its unpacker, which would unpack the tar beside first.
        project.Write(
            "job.sh",
            $$"""
            #!/bin/sh
            set -eu
            export PATH=/usr/local/bin:/usr/bin:/bin HOME="$PWD" USER=user
            decode() {
            {{StockFile.Decode}}
            }
            mkdir temporary
            decode environment.sh temporary
            chmod +x temporary/pixi-unpack
            temporary/pixi-unpack temporary/archive.tar --output-directory "$PWD" >&2
            rm -r temporary
            set +eu
            . ./activate.sh
            exec python {{Probe}}
            """
        );
        long tar = new FileInfo(carried.Pack).Length;
        long all = new FileInfo(carried.Stock).Length + tar + LargeBenchmarks.SizeOf($"{carried.Root}/opt/env");
        Submit(project, $"environment.sh, {Probe}", tar * LinesInMemory, all * BlocksOfDisk);
    }

    private static void Container(PoolProject project, Carried carried, string program)
    {
        project.Write(Probe, program);
        Copy(carried.Container, project["container.tar.zst"]);
        project.Write(
            "job.sh",
            $"""
            #!/bin/sh
            set -eu
            export PATH=/usr/local/bin:/usr/bin:/bin HOME="$PWD" USER=user
            mkdir container
            tar xf container.tar.zst --zstd -C container
            exec ch-run -b "$PWD:/mnt" -c /mnt container -- /opt/env/bin/python {Probe}
            """
        );
        double disk = new FileInfo(carried.Container).Length + LargeBenchmarks.SizeOf(carried.Root);
        Submit(project, $"container.tar.zst, {Probe}", 2e9, disk * BlocksOfDisk);
    }

    private static void Shared(PoolProject project, string sharedRoot, string program)
    {
        project.Write(Probe, program);
        project.Write(
            "job.sh",
            $"""
            #!/bin/sh
            set -eu
            export PATH=/usr/local/bin:/usr/bin:/bin HOME="$PWD" USER=user
            exec ch-run -b "$PWD:/mnt" -c /mnt {sharedRoot} -- /opt/env/bin/python {Probe}
            """
        );
        Submit(project, Probe, 2e9, 64e6);
    }

    private static void Submit(PoolProject project, string inputs, double memory, double disk)
    {
        string text = string.Create(
            CultureInfo.InvariantCulture,
            $"""
            executable = /bin/sh
            transfer_executable = false
            arguments = job.sh
            transfer_input_files = job.sh, {inputs}
            should_transfer_files = YES
            transfer_output_files = ""
            log = job.log
            output = job.$(Cluster).$(Process).out
            error = job.$(Cluster).$(Process).err
            request_memory = {Math.Max(memory / 1e6, 512):0} MB
            request_disk = {disk / 1e6:0} MB
            queue

            """
        );
        project.Write("job.sub", text);
    }

    // Of a copy of its own each, none is in the cache because of another.
    private static void Copy(string from, string to) => File.Copy(from, to, overwrite: true);
}
