using Packhorse.Model;

namespace Packhorse.TestChannel;

/// <summary>
/// A channel of about 25 MB with a working Python, its libraries, some pure Python modules with commands, and packages of its own
/// with compiled-in prefixes and odd files. What runs from its prefix needs nothing of the machine but the C library.
/// </summary>
public static class SmallChannel
{
    /// <summary>To be raised with every change that makes other bytes from the same Debian packages.</summary>
    private const int Recipe = 2;

    private static readonly string[] Seeds =
    [
        "python3",
        "bzip2",
        "ca-certificates",
        "dash",
        "ncurses-bin",
        "ncurses-term",
        "openssl",
        "python3-attr",
        "python3-certifi",
        "python3-colorama",
        "python3-idna",
        "python3-packaging",
        "python3-pip",
        "python3-pygments",
        "python3-six",
        "python3-tqdm",
        "tzdata",
        "xz-utils",
        "zlib1g-dev",
    ];

    // What an environment with these must be able to import.
    private const string SmokeTest = """
        import bz2, ctypes, curses, hashlib, lzma, readline, sqlite3, ssl, uuid, zlib, zoneinfo
        import os, site, sys, sysconfig
        expected = os.path.join(sys.prefix, "lib", "python%d.%d" % sys.version_info[:2], "site-packages")
        assert os.path.normpath(site.getsitepackages()[0]) == expected, site.getsitepackages()
        assert sysconfig.get_path("purelib") == expected, sysconfig.get_paths()
        libraries = [line.split()[-1] for line in open("/proc/self/maps") if ".so" in line]
        machine = ("libc.", "libm.", "libdl.", "libpthread.", "librt.", "libutil.", "libresolv.", "ld-linux")
        foreign = [path for path in libraries if not path.startswith(sys.prefix)]
        foreign = [path for path in foreign if not os.path.basename(path).startswith(machine)]
        assert not foreign, foreign
        """;

    /// <summary>Makes the channel, or finds the one that was made from the same Debian packages before.</summary>
    /// <exception cref="MissingToolException">The machine lacks something; its hint says what to install.</exception>
    public static Channel Make(ChannelOptions options)
    {
        ChannelCache cache = new(options.CacheDirectory);
        string recipe = $"small-{Recipe}-{Machine.Subdir}";
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
            () => [.. (debian = DebianSelection.Of(Seeds)).Inputs, PrefixProbe.CompilerVersion],
            directory => Build(directory, debian!, cache, report)
        );
    }

    private static void Build(string directory, DebianSelection debian, ChannelCache cache, Action<string> report)
    {
        cache.Debs.Fetch(debian.Packages, report);
        GroupConverter converter = new(cache.Debs, debian.Layout);
        GroupPacker packer = new(debian.Groups, debian.Layout, debian.Glibc);
        report($"converting {debian.Packages.Count} Debian packages");
        Dictionary<string, PrefixTree> trees = debian.Groups.ToDictionary(group => group.Name, converter.Convert);
        RemoveDanglingLinks(trees.Values);
        using (PythonCompiler compiler = new(trees.Values, debian.Layout, directory))
        {
            report("compiling the modules of Python");
            compiler.Check(SmokeTest);
            compiler.AddCompiled(trees["python"], Placeholder.For("python"));
        }
        ChannelDirectory channel = new(directory);
        foreach (DebianGroup group in debian.Groups)
        {
            report($"packing {group.Name} {group.Version}");
            PackageBuilder builder = packer.Build(group, trees[group.Name]).Quirks(QuirksOf(group.Name));
            channel.Add(builder, KindOf(group.Name));
        }
        channel.Add(PythonAbi.Build(packer));
        channel.Add(PrefixProbe.Build(packer, debian.Glibc));
        channel.Add(Curiosities.Build(), PackageArchiveKind.TarBz2);
        channel.WriteRepodata();
    }

    // Real channels have both formats, and archives of several writers.
    private static PackageArchiveKind KindOf(string name) =>
        name is "bzip2" or "libffi" or "six" or "tzdata" ? PackageArchiveKind.TarBz2 : PackageArchiveKind.Conda;

    private static ArchiveQuirks QuirksOf(string name)
    {
        ZstdOptions zstd = new() { Level = 9 };
        return name switch
        {
            "bzip2" or "libuuid" => new ArchiveQuirks { TarFormat = TarFormat.Gnu, Zstd = zstd },
            "idna" => new ArchiveQuirks { OmitPathsJson = true, Zstd = zstd },
            "ncurses" => new ArchiveQuirks { Zstd = zstd with { ContentSize = false } },
            "libexpat" => new ArchiveQuirks
            {
                Zip = new ZipMemberOptions { Zip64 = true },
                Zstd = zstd,
            },
            "ca-certificates" => new ArchiveQuirks
            {
                Zip = new ZipMemberOptions { Deflate = true, DataDescriptor = true },
                Zstd = zstd,
            },
            _ => new ArchiveQuirks { Zstd = zstd },
        };
    }

    // Links into directories that Debian fills when a package is configured.
    private static void RemoveDanglingLinks(IReadOnlyCollection<PrefixTree> trees)
    {
        HashSet<string> paths = new(StringComparer.Ordinal);
        foreach (string file in trees.SelectMany(tree => tree.Files).Select(file => file.Path))
        {
            for (string? path = file; path is { Length: > 0 } && paths.Add(path); path = Path.GetDirectoryName(path))
            { }
        }
        foreach (PrefixTree tree in trees)
        {
            foreach (PrefixFile link in tree.Snapshot().Where(file => file.LinkTarget is not null))
            {
                string target = Path.GetFullPath(link.LinkTarget!, "/" + Path.GetDirectoryName(link.Path))[1..];
                if (!paths.Contains(target))
                {
                    tree.Remove(link.Path);
                }
            }
        }
    }
}
