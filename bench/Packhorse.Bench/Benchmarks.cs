using System.Globalization;
using Packhorse.Bench.Measure;
using Packhorse.Bench.Pools;
using Packhorse.Model;
using Packhorse.TestChannel;

namespace Packhorse.Bench;

/// <summary>The tables of BENCHMARKS.md.</summary>
internal static class Benchmarks
{
    public static int Run(string[] names, TextWriter output)
    {
        if (names is ["shaped", var lockFile, var environment])
        {
            return RunShaped(
                new ShapeOptions(lockFile) { Environment = environment },
                output,
                (channel, scratch) => new ShapedBenchmarks(channel, environment, scratch, output).Run()
            );
        }
        if (names is ["edit-loop", var changing, var itsEnvironment])
        {
            return RunShaped(
                new ShapeOptions(changing) { Environment = itsEnvironment },
                output,
                (channel, scratch) => new EditLoopBenchmark(channel, itsEnvironment, scratch, output).Run()
            );
        }
        if (names is ["mount", ..])
        {
            return RunMount(names.Contains("large"), output);
        }
        if (names is ["executable"])
        {
            return RunExecutable(output);
        }
        if (names is ["condor" or "condor-many", ..])
        {
            return PoolBenchmarks.Run(names, output);
        }
        if (names is ["fetch"])
        {
            return RunFetch(output);
        }
        string[] unknown = [.. names.Except(["small", "large", "update", "image"])];
        if (unknown.Length > 0)
        {
            Console.Error.WriteLine(
                $"no benchmark is called {unknown[0]}: small, large, update, image, executable, fetch, mount [large], shaped LOCK ENVIRONMENT, edit-loop LOCK ENVIRONMENT, condor [large | shaped LOCK ENVIRONMENT], condor-many"
            );
            return 2;
        }
        // Memory, not a disk: what is measured is the programs.
        string root = Directory.Exists("/dev/shm") ? "/dev/shm" : Path.GetTempPath();
        string scratch = Path.Combine(root, $"packhorse-bench-{Environment.ProcessId}");
        Directory.CreateDirectory(scratch);
        try
        {
            bool all = names.Length == 0;
            if (all || names.Contains("small"))
            {
                Channel small = SmallChannel.Make(new ChannelOptions { Directory = Path.Combine(scratch, "small") });
                Describe("small", small, root, output);
                RunSmall(small, scratch, output);
            }
            if (names.Contains("image"))
            {
                Channel packages = LargeChannel.Make(
                    new ChannelOptions { Directory = Path.Combine(scratch, "image"), Report = Console.Error.WriteLine }
                );
                Describe("image", packages, root, output);
                new ImageBenchmarks(packages, Path.Combine(scratch, "image"), output).Run();
            }
            if (all || names.Contains("large") || names.Contains("update"))
            {
                Channel large = LargeChannel.Make(
                    new ChannelOptions { Directory = Path.Combine(scratch, "large"), Report = Console.Error.WriteLine }
                );
                Describe("large", large, root, output);
                var benchmarks = new LargeBenchmarks(large, scratch, output);
                if (all || names.Contains("large"))
                {
                    benchmarks.Run();
                }
                else
                {
                    benchmarks.WriteIncremental();
                }
            }
            return 0;
        }
        finally
        {
            Directory.Delete(scratch, recursive: true);
        }
    }

    private static int RunMount(bool isLarge, TextWriter output)
    {
        // On a disk, which can be cold.
        string scratch = Directory.CreateTempSubdirectory("packhorse-bench-").FullName;
        try
        {
            var options = new ChannelOptions { Directory = Path.Combine(scratch, "channel") };
            Channel channel = isLarge ? LargeChannel.Make(options) : SmallChannel.Make(options);
            Describe(isLarge ? "large" : "small", channel, scratch, output);
            var benchmarks = new MountBenchmarks(channel, scratch, output);
            benchmarks.Run(isLarge ? [("import numpy, scipy.stats, pandas", "import numpy, scipy.stats, pandas")] : []);
            if (isLarge)
            {
                benchmarks.RunTests("numpy.fft", "numpy.polynomial");
            }
            return 0;
        }
        finally
        {
            Directory.Delete(scratch, recursive: true);
        }
    }

    private static int RunExecutable(TextWriter output)
    {
        // On a disk: the pack, in base64 too, and what comes out of it twice.
        string scratch = Directory.CreateTempSubdirectory("packhorse-bench-").FullName;
        try
        {
            output.WriteLine(
                $"### executable: 120 packages; {Environment.ProcessorCount} processors, one run, on {scratch}\n"
            );
            new ExecutableBenchmark(scratch, output).Run();
            return 0;
        }
        finally
        {
            Directory.Delete(scratch, recursive: true);
        }
    }

    private static int RunFetch(TextWriter output)
    {
        // On a disk: the file, and what is fetched of it.
        string scratch = Directory.CreateTempSubdirectory("packhorse-bench-").FullName;
        try
        {
            output.WriteLine(
                $"### fetch: 1 GB of a federation whose servers fail in turn; {Environment.ProcessorCount} processors, one run, on {scratch}\n"
            );
            new FederationBenchmark(scratch, output).Run();
            return 0;
        }
        finally
        {
            Directory.Delete(scratch, recursive: true);
        }
    }

    private static int RunShaped(ShapeOptions shape, TextWriter output, Action<Channel, string> run)
    {
        // On a disk: channel, pack and environment are more than most memories hold.
        string scratch = Directory.CreateTempSubdirectory("packhorse-bench-").FullName;
        try
        {
            Channel channel = ShapedChannel.Make(
                shape,
                new ChannelOptions { Directory = Path.Combine(scratch, "shaped"), Report = Console.Error.WriteLine }
            );
            Describe("shaped", channel, scratch, output);
            run(channel, scratch);
            return 0;
        }
        finally
        {
            Directory.Delete(scratch, recursive: true);
        }
    }

    private static void RunSmall(Channel channel, string scratch, TextWriter output)
    {
        string pack = Path.Combine(scratch, "environment.tar");
        output.WriteLine(Comparison.Header);
        output.WriteLine(PackBenchmark.Run(channel, scratch));
        foreach (Comparison comparison in UnpackBenchmark.Run(channel, scratch, pack))
        {
            output.WriteLine(comparison);
        }
        output.WriteLine();
    }

    internal static void Describe(string name, Channel channel, string root, TextWriter output) =>
        output.WriteLine(
            string.Create(
                CultureInfo.InvariantCulture,
                $"### {name}: {channel.Packages.Count} packages, {channel.PackedSize / 1e6:0} MB packed; {Environment.ProcessorCount} processors, {Comparison.Pairs} pairs, on {root}; ours / stock, medians\n"
            )
        );
}

/// <summary>Packing from a local channel against copying and digesting the same files.</summary>
internal static class PackBenchmark
{
    public static Comparison Run(Channel channel, string scratch)
    {
        string pack = Path.Combine(scratch, "environment.tar");
        string copies = Path.Combine(scratch, "copies");
        string files = string.Join(' ', channel.Packages.Select(package => $"'{PathOf(channel, package)}'"));
        return Comparison.Run(
            "pack",
            "cp + sha256sum",
            () =>
            {
                File.Delete(pack);
                return MeasuredProcess.Run([Programs.Packhorse, "pack", channel.LockFile, "-o", pack, "-q"]);
            },
            () =>
            {
                Remove(copies);
                return MeasuredProcess.Run([
                    "/bin/sh",
                    "-c",
                    $"mkdir '{copies}' && cp {files} '{copies}' && sha256sum '{copies}'/*",
                ]);
            }
        );
    }

    internal static string PathOf(Channel channel, BuiltPackage package) =>
        Path.Combine(channel.Directory, package.RelativePath);

    internal static void Remove(string directory)
    {
        if (Directory.Exists(directory))
        {
            Directory.Delete(directory, recursive: true);
        }
    }
}

/// <summary>Unpacking against decompressing and untarring the same packages in parallel, without relocating anything.</summary>
internal static class UnpackBenchmark
{
    /// <param name="pack">The channel's environment, packed.</param>
    public static IEnumerable<Comparison> Run(Channel channel, string scratch, string pack)
    {
        string list = WritePayloads(channel, Path.Combine(scratch, "payloads"));
        string ours = Path.Combine(scratch, "ours");
        string stock = Path.Combine(scratch, "stock");
        Measurement Stock()
        {
            PackBenchmark.Remove(stock);
            Directory.CreateDirectory(stock);
            // A directory each: several tars that make one directory at once get in each other's way.
            string one =
                $"mkdir '{stock}'/$$; case $1 in *.bz2) bzip2 -dc \"$1\";; *) zstd -dcq \"$1\";; esac | tar xf - -C '{stock}'/$$";
            string processors = Environment.ProcessorCount.ToString(CultureInfo.InvariantCulture);
            return MeasuredProcess.Run([
                Programs.Find("xargs"),
                "-a",
                list,
                "-P",
                processors,
                "-n",
                "1",
                "/bin/sh",
                "-c",
                one,
                "sh",
            ]);
        }

        yield return Comparison.Run(
            "unpack FILE",
            "xargs -P: zstd -d \\| tar x",
            () =>
            {
                PackBenchmark.Remove(ours);
                return MeasuredProcess.Run([Programs.Packhorse, "unpack", pack, "-o", ours, "-q"]);
            },
            Stock
        );
        yield return Comparison.Run(
            "unpack - (standard input)",
            "xargs -P: zstd -d \\| tar x",
            () =>
            {
                PackBenchmark.Remove(ours);
                return MeasuredProcess.Run([Programs.Packhorse, "unpack", "-", "-o", ours, "-q"], input: pack);
            },
            Stock
        );
    }

    // The stock tools cannot look into a .conda: its payload is laid out beside, biggest first, as a list of files.
    private static string WritePayloads(Channel channel, string directory)
    {
        Directory.CreateDirectory(directory);
        var paths = new List<(long Size, string Path)>();
        foreach (BuiltPackage package in channel.Packages)
        {
            string file = PackBenchmark.PathOf(channel, package);
            if (package.Kind == PackageArchiveKind.TarBz2)
            {
                paths.Add((new FileInfo(file).Length, file));
                continue;
            }
            using System.IO.Compression.ZipArchive zip = System.IO.Compression.ZipFile.OpenRead(file);
            foreach (var part in zip.Entries.Where(entry => entry.Name.StartsWith("pkg-", StringComparison.Ordinal)))
            {
                string path = Path.Combine(directory, part.Name);
                using (Stream content = part.Open())
                using (FileStream payload = File.Create(path))
                {
                    content.CopyTo(payload);
                }
                paths.Add((part.Length, path));
            }
        }
        string list = Path.Combine(directory, "list");
        File.WriteAllLines(list, paths.OrderByDescending(item => item.Size).Select(item => item.Path));
        return list;
    }
}
