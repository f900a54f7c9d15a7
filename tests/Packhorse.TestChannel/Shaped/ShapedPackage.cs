using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Packhorse.Model;

namespace Packhorse.TestChannel;

/// <summary>
/// Makes a package that is like the one in a lock file in all that matters to who moves and installs it: name, compressed size, number
/// and sizes of its files, how well they compress, placeholders, links. What is in the files is made up.
/// </summary>
/// <param name="size">Wanted of the archive, in bytes.</param>
internal sealed class ShapedPackage(LockedPackage package, long size, CompressionRatios ratios)
{
    // What an archive has besides the contents of its files, and what each file costs: header, digest and name.
    private const int ArchiveOverhead = 1200;
    private const int FileOverhead = 85;

    // Bytes of a typical source file.
    private const int MeanSource = 9000;

    private readonly string _placeholder = Placeholder.For(package.Record.Name);
    private readonly string _directory = package.Record.NoArch == NoArchKind.Python ? "site-packages" : "share";
    private SplitMix _random = new(Seed(package.Record.DistributionName));

    public PackageBuilder Build()
    {
        PackageBuilder builder = new PackageBuilder(package.Record.Name)
            .Record(_ => package.Record)
            .Placeholder(_placeholder);
        if (package.Record.Name == "python")
        {
            AddPython(builder);
        }
        double budget = size - ArchiveOverhead;
        switch (package.Record)
        {
            case { NoArch: NoArchKind.Python }:
                builder.AddEntryPoint($"{package.Record.Name} = {ModuleName}.main:main");
                AddSources(builder, budget, $"site-packages/{ModuleName}", ".py");
                break;
            case { NoArch: NoArchKind.Generic }:
                AddSources(builder, budget * 0.5, $"share/{package.Record.Name}", ".txt");
                AddBinaries(builder, budget * 0.5, count: 1 + (int)(budget / 200_000), randomShare: 0.8);
                break;
            case { Build: var build } when build.Contains("py3", StringComparison.Ordinal):
                AddSources(builder, Math.Min(budget * 0.3, 12e6), $"lib/python3/{ModuleName}", ".py");
                AddBinaries(builder, budget - Math.Min(budget * 0.3, 12e6), ModuleCount(budget), randomShare: 0.2);
                break;
            default:
                AddSources(builder, Math.Min(budget * 0.1, 4e6), $"include/{package.Record.Name}", ".h");
                AddBinaries(builder, budget - Math.Min(budget * 0.1, 4e6), LibraryCount(budget), randomShare: 0.25);
                break;
        }
        return builder.Quirks(new ArchiveQuirks { Zstd = ratios.Options });
    }

    private string ModuleName => package.Record.Name.Replace('-', '_').Replace('.', '_');

    // Large packages have large libraries rather than many.
    private static int LibraryCount(double budget) => 1 + (int)Math.Max(0, Math.Log2(budget / 1e6));

    private static int ModuleCount(double budget) => Math.Clamp((int)(budget / 150_000), 1, 120);

    private void AddPython(PackageBuilder builder)
    {
        string version = string.Join('.', package.Record.Version.Split('.')[..2]);
        // Enough for entry points to start, and to say so.
        builder
            .AddExecutable($"bin/python{version}", "#!/bin/sh\necho \"no Python, only the shape of one: $*\"\n")
            .AddSymlink("bin/python3", $"python{version}")
            .AddSymlink("bin/python", $"python{version}");
    }

    private void AddSources(PackageBuilder builder, double budget, string directory, string extension)
    {
        double cost = (MeanSource / ratios.Of(SyntheticKind.Text, (long)budget)) + FileOverhead;
        int count = (int)(budget / cost);
        for (int number = 0; number < count; number++)
        {
            string path = $"{directory}/part_{number / 40:000}/source_{number:00000}{extension}";
            // 0.3 to 1.7 of the mean, so that the mean stays.
            long length = (long)(MeanSource * (0.3 + (1.4 * _random.NextDouble())));
            ulong seed = _random.Next();
            bool hasPrefix = _random.Next(250) == 0;
            byte[] start = hasPrefix ? Encoding.ASCII.GetBytes($"# built in {_placeholder}/share\n") : [];
            FileContent content = FileContent.Generate(
                start.Length + length,
                stream =>
                {
                    stream.Write(start);
                    SyntheticData.Write(stream, SyntheticKind.Text, length, seed);
                }
            );
            builder.AddFile(path, content, prefix: hasPrefix ? PrefixMode.Text : PrefixMode.None);
        }
    }

    private void AddBinaries(PackageBuilder builder, double budget, int count, double randomShare)
    {
        double ratio = 1 / (randomShare + ((1 - randomShare) / ratios.Of(SyntheticKind.Code, (long)(budget * 0.4))));
        budget -= count * (2.0 * FileOverhead);
        // Few large ones and many small ones, as libraries are.
        double[] weights = [.. Enumerable.Range(0, count).Select(_ => Math.Exp(6 * _random.NextDouble()))];
        for (int number = 0; number < count; number++)
        {
            long length = (long)(budget * ratio * weights[number] / weights.Sum());
            if (length < 64)
            {
                continue;
            }
            string name = $"{package.Record.Name}_{number:000}.so";
            string directory = package.Record.NoArch == NoArchKind.None ? "lib" : $"{_directory}/{package.Record.Name}";
            bool hasPrefix = length > 4096 && _random.Next(4) == 0;
            builder.AddFile(
                $"{directory}/{name}.1.0",
                Binary(length, randomShare, hasPrefix),
                Modes.Executable,
                hasPrefix ? PrefixMode.Binary : PrefixMode.None
            );
            builder.AddSymlink($"{directory}/{name}.1", $"{name}.1.0");
            builder.AddSymlink($"{directory}/{name}", $"{name}.1");
        }
    }

    // The placeholder stands in the middle, as read-only data do, twice within one string.
    private FileContent Binary(long length, double randomShare, bool hasPrefix)
    {
        ulong seed = _random.Next();
        byte[] text = hasPrefix ? Encoding.ASCII.GetBytes($"\0{_placeholder}/lib:{_placeholder}/share\0") : [];
        long before = (length - text.Length) / 2;
        return FileContent.Generate(
            length,
            stream =>
            {
                SyntheticData.WriteMixed(stream, before, randomShare, seed);
                stream.Write(text);
                SyntheticData.WriteMixed(stream, length - text.Length - before, randomShare, seed + 1);
            }
        );
    }

    private static ulong Seed(string name) =>
        BinaryPrimitives.ReadUInt64LittleEndian(SHA256.HashData(Encoding.UTF8.GetBytes(name)));
}
