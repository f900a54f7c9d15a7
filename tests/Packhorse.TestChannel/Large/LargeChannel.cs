namespace Packhorse.TestChannel;

/// <summary>
/// A channel of a large scientific environment: Python with numpy, scipy, pandas, torch and what they and their users have around
/// them; 3 GB and more than 40,000 files when it is installed. Making it takes some minutes and 5 GB of the disk.
/// </summary>
public static class LargeChannel
{
    /// <summary>To be raised with every change that makes other bytes from the same Debian packages.</summary>
    private const int Recipe = 1;

    // Libraries smaller than this, in units of 1,024 bytes, share packages, as an environment does not have 600 of them.
    private const long SmallLibrary = 1500;

    // Without one of these it would not be what it says.
    private static readonly string[] Required =
    [
        "python3",
        "python3-numpy",
        "python3-pandas",
        "python3-scipy",
        "python3-torch",
    ];

    /// <summary>Makes the channel, or finds the one that was made from the same Debian packages before.</summary>
    /// <exception cref="MissingToolException">The machine lacks something; its hint says what to install.</exception>
    public static Channel Make(ChannelOptions options)
    {
        ChannelCache cache = new(options.CacheDirectory);
        string recipe = $"large-{Recipe}-{Machine.Subdir}";
        if (options.Refresh)
        {
            cache.Forget(recipe);
        }
        return ChannelCache.Present(Apt.WithCurrentLists(() => FindOrBuild(recipe, cache, options.Report)), options);
    }

    private static string FindOrBuild(string recipe, ChannelCache cache, Action<string> report)
    {
        DebianSelection? debian = null;
        return cache.GetLatestOrMake(
            recipe,
            () => (debian = Select()).Inputs,
            directory => Build(directory, debian!, cache, report)
        );
    }

    private static DebianSelection Select()
    {
        using StreamReader list = new(typeof(LargeChannel).Assembly.GetManifestResourceStream("debian-packages.txt")!);
        IEnumerable<string> names = list.ReadToEnd()
            .Split('\n')
            .Where(line => line.Length > 0 && !line.StartsWith('#'));
        Dictionary<string, DebianPackage> known = Apt.Show(names);
        DebianSelection selection = DebianSelection.Of([.. known.Keys.Union(Required)]);
        ILookup<string, DebianPackage> bySource = selection.Packages.ToLookup(DebianGroup.CondaName);
        return selection with { Groups = DebianGroup.Make(selection.Packages, package => NameOf(package, bySource)) };
    }

    private static string NameOf(DebianPackage package, ILookup<string, DebianPackage> bySource)
    {
        string name = DebianGroup.CondaName(package);
        DebianPackage[] together = [.. bySource[name]];
        bool isPython =
            name == "python" || together.Any(member => member.Name.StartsWith("python", StringComparison.Ordinal));
        if (isPython || together.Sum(member => member.InstalledSize) >= SmallLibrary)
        {
            return name;
        }
        int initial = name.StartsWith("lib", StringComparison.Ordinal) && name.Length > 3 ? 3 : 0;
        return $"system-libs-{name[initial]}";
    }

    private static void Build(string directory, DebianSelection debian, ChannelCache cache, Action<string> report)
    {
        cache.Debs.Fetch(debian.Packages, report);
        GroupConverter converter = new(cache.Debs, debian.Layout);
        converter.AddInterpreter("perl");
        GroupPacker packer = new(debian.Groups, debian.Layout, debian.Glibc);
        using PythonCompiler compiler = Bootstrap(directory, cache, report);
        ChannelDirectory channel = new(directory);
        ArchiveQuirks fast = new() { Zstd = new ZstdOptions { Level = 4 } };
        // The largest first, so that none is left over to the end.
        IEnumerable<DebianGroup> order = debian.Groups.OrderByDescending(group =>
            group.Packages.Sum(package => package.InstalledSize)
        );
        ParallelOptions options = new() { MaxDegreeOfParallelism = Environment.ProcessorCount };
        int done = 0;
        Parallel.ForEach(
            order,
            options,
            group =>
            {
                PrefixTree tree = converter.Convert(group);
                if (!group.IsArchitectureAll)
                {
                    compiler.AddCompiled(tree, Placeholder.For(group.Name));
                }
                channel.Add(packer.Build(group, tree).Quirks(fast));
                report($"{Interlocked.Increment(ref done)} of {debian.Groups.Count}: {group.Name} {group.Version}");
            }
        );
        channel.Add(PythonAbi.Build(packer));
        channel.WriteRepodata();
    }

    private static PythonCompiler Bootstrap(string directory, ChannelCache cache, Action<string> report)
    {
        DebianSelection python = DebianSelection.Of(["python3"]);
        cache.Debs.Fetch(python.Packages, report);
        GroupConverter converter = new(cache.Debs, python.Layout);
        return new PythonCompiler(python.Groups.Select(converter.Convert), python.Layout, directory);
    }
}
