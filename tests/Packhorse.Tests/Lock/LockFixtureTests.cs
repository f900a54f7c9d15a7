using System.Globalization;
using System.Text;
using Packhorse.Lock;
using Packhorse.Model;
using Packhorse.Tests.Support;

namespace Packhorse.Tests.Lock;

/// <summary>Real lock files, compared with <see cref="LineReading"/>.</summary>
public sealed partial class LockFixtureTests
{
    [Theory]
    [InlineData("locks", 17)]
    [InlineData("pixi-pack-examples", 10)]
    [InlineData("rattler/conda-lock", 47)]
    public void Every_environment_of_every_real_lock_has_the_packages_that_its_lines_name(string directory, int atLeast)
    {
        string root = Fixtures.Require(directory);
        string[] paths =
        [
            .. Directory
                .EnumerateFiles(root, "*", SearchOption.AllDirectories)
                .Where(path =>
                    Path.GetFileName(path) is "pixi.lock" or "pixi.lock.template"
                    || path.EndsWith(".yml", StringComparison.Ordinal)
                ),
        ];
        Assert.True(paths.Length >= atLeast, $"{paths.Length} lock files below {root}");

        Assert.All(paths, Compare);
    }

    [Fact]
    public void The_pytorch_lock_of_the_tutorial_has_119_packages_of_4_gigabytes()
    {
        LockedSelection gpu = Parse("locks/UW-Madison-DSI+pixi-docker-chtc/examples/hello_pytorch/pixi.lock")
            .Select("gpu", "linux-64");

        LockedCondaPackage[] packages = [.. gpu.Packages.Cast<LockedCondaPackage>()];
        Assert.Equal(119, packages.Length);
        Assert.Equal(4_000_703_925, packages.Sum(package => package.Record.Size));
        Assert.All(packages, package => Assert.NotNull(package.Record.Sha256));
        PackageRecord pytorch = packages.Single(package => package.Name == "pytorch-gpu").Record;
        Assert.Equal("pytorch-gpu=2.7.1=cuda129_mkl_h43a4b0b_304", pytorch.ToString());
        Assert.Equal((304UL, 48_008L, 1_753_886_159_800L), (pytorch.BuildNumber, pytorch.Size, pytorch.Timestamp));
        Assert.Equal(["pytorch 2.7.1 cuda*_mkl*304"], pytorch.Depends);
        Assert.Equal("af54e6535619f4e484d278d015df6ea67622e2194f78da2c0541958fc3d83d18", pytorch.Sha256.ToString());
    }

    [Fact]
    public void The_lock_of_a_locally_built_package_has_its_sources_after_its_archives()
    {
        LockedSelection selection = Parse("pixi-pack-examples/local-build/pixi.lock").Select("default", "linux-64");

        Assert.Equal(
            [
                ("local-build-local-pkg-2", "local-pkg2"),
                ("local-build-local-pkg", "local-pkg"),
                ("local-build-main-pkg", "."),
            ],
            selection.Packages.OfType<LockedCondaSource>().Select(source => (source.Name, source.Location.Path!))
        );
        Assert.IsType<LockedCondaSource>(selection.Packages[^1]);
        PackageRecord mutex = Assert.IsType<LockedCondaPackage>(selection.Packages[0]).Record;
        Assert.Equal(20UL, mutex.BuildNumber);
        Assert.Contains("_openmp_mutex >=4.5", mutex.RunExports!.Value.GetRawText(), StringComparison.Ordinal);
    }

    [Fact]
    public void The_lock_with_patched_repodata_keeps_the_patched_dependency()
    {
        LockedSelection selection = Parse("pixi-pack-examples/repodata-patches/pixi.lock").Select("default", "win-64");

        var python = Assert.IsType<LockedCondaPackage>(
            selection.Packages.Single(package => package.Location.FileName == "python-3.12.3-h2628c8c_0_cpython.conda")
        );
        Assert.Contains("libzlib >=1.2.13,<2.0.0a0", python.Record.Depends);
    }

    [Fact]
    public void The_lock_with_wheels_strips_the_mark_of_direct_urls()
    {
        LockedSelection selection = Parse("pixi-pack-examples/pypi-wheel-packages/pixi.lock")
            .Select("default", "linux-64");

        LockedPypiPackage[] wheels = [.. selection.Packages.OfType<LockedPypiPackage>()];
        Assert.All(wheels, wheel => Assert.True(wheel.IsWheel));
        LockedPypiPackage numpy = wheels.Single(wheel => wheel.Name == "numpy");
        Assert.StartsWith("https://files.pythonhosted.org/", numpy.Location.Url, StringComparison.Ordinal);
        Assert.StartsWith("direct+https://", numpy.Location.Text, StringComparison.Ordinal);
        Assert.StartsWith("numpy-1.26.4-cp312-cp312-manylinux_2_17_x8", numpy.FileName, StringComparison.Ordinal);
    }

    [Fact]
    public void The_shuffled_lock_reads_as_the_original()
    {
        LockFile original = Parse("rattler/conda-lock/v5/stability-original.yml");
        LockFile shuffled = Parse("rattler/conda-lock/v5/stability-shuffled.yml");

        Assert.Equal(
            original.Environments.OrderBy(one => one.Name, StringComparer.Ordinal).Select(one => one.Name),
            shuffled.Environments.OrderBy(one => one.Name, StringComparer.Ordinal).Select(one => one.Name)
        );
        foreach (LockedEnvironment environment in original.Environments)
        {
            foreach (PlatformPackages platform in environment.Platforms)
            {
                Assert.Equal(
                    platform.Packages.Select(Describe),
                    shuffled.Select(environment.Name, platform.Platform.Name).Packages.Select(Describe)
                );
            }
        }
    }

    private static LockFile Parse(string fixture) =>
        LockFile.Parse(File.ReadAllBytes(Fixtures.Require(fixture)), fixture);

    private static void Compare(string path)
    {
        string text = File.ReadAllText(path)
            .Replace("<local-channel-url>", "file:///local/channel", StringComparison.Ordinal)
            .Replace(
                "<absolute-path-to-package>",
                "/local/channel/noarch/my-webserver-0.1.0-pyh4616a5c_0.conda",
                StringComparison.Ordinal
            );
        LineReading expected = LineReading.Read(text);
        LockFile file = LockFile.Parse(Encoding.UTF8.GetBytes(text), path);

        Assert.Equal(
            expected.Used.Keys.Order(),
            file.Environments.SelectMany(environment =>
                    environment.Platforms.Select(platform => (environment.Name, platform.Platform.Name))
                )
                .Order()
        );
        foreach (((string environment, string platform), List<string> locations) in expected.Used)
        {
            IReadOnlyList<LockedPackage> packages = file.Select(environment, platform).Packages;
            Assert.Equal(locations.Count, packages.Count);
            Assert.Equal(
                locations.Order(StringComparer.Ordinal),
                packages.Select(Written).Order(StringComparer.Ordinal)
            );
            Assert.All(packages, package => Compare(expected.Entries[Written(package)], package));
        }
    }

    private static string Written(LockedPackage package) =>
        package is LockedCondaSource source && source.Identifier.Contains('[', StringComparison.Ordinal)
            ? source.Identifier
            : package.Location.Text;

    private static void Compare(List<Dictionary<string, string>> entries, LockedPackage package)
    {
        string? subdir = (package as LockedCondaPackage)?.Record.Subdir;
        Dictionary<string, string> entry = entries.Find(one => one.GetValueOrDefault("subdir") == subdir) ?? entries[0];
        switch (package)
        {
            case LockedCondaPackage conda:
                // name-version-build from the right, by another way than the reader's
                string[] parts = Uri.UnescapeDataString(conda.Location.Text)
                    .Split('/')[^1]
                    .Replace(".tar.bz2", "", StringComparison.Ordinal)
                    .Replace(".conda", "", StringComparison.Ordinal)
                    .Split('-');
                Assert.Equal(entry.GetValueOrDefault("name") ?? string.Join('-', parts[..^2]), conda.Record.Name);
                Assert.Equal(entry.GetValueOrDefault("version") ?? parts[^2], conda.Record.Version);
                Assert.Equal(entry.GetValueOrDefault("build") ?? parts[^1], conda.Record.Build);
                Assert.Equal(entry.GetValueOrDefault("sha256"), conda.Record.Sha256?.ToString());
                Assert.Equal(entry.GetValueOrDefault("md5"), conda.Record.Md5?.ToString());
                Assert.Equal(
                    entry.GetValueOrDefault("size"),
                    conda.Record.Size?.ToString(CultureInfo.InvariantCulture)
                );
                Assert.Equal(entry.GetValueOrDefault("license"), conda.Record.License);
                Assert.Equal(
                    entry.GetValueOrDefault("subdir") ?? conda.Location.Text.Split('/')[^2],
                    conda.Record.Subdir
                );
                break;
            case LockedPypiPackage pypi:
                Assert.Equal(entry["name"], pypi.Name);
                Assert.Equal(entry.GetValueOrDefault("version"), pypi.Version);
                Assert.Equal(entry.GetValueOrDefault("sha256"), pypi.Sha256?.ToString());
                break;
            case LockedCondaSource source:
                Assert.Contains(
                    entries,
                    one =>
                        one.GetValueOrDefault("name", source.Name) == source.Name
                        && one.GetValueOrDefault("version") == source.Version
                        && one.GetValueOrDefault("build") == source.Build
                        && one.GetValueOrDefault("subdir") == source.Subdir
                );
                break;
        }
    }

    // A conversion drops the zeros of "2020.06.20".
    private static string DescribeAll(LockFile file) => LeadingZeros().Replace(DescribeEnvironments(file), ".");

    private static string DescribeEnvironments(LockFile file) =>
        string.Join(
            '\n',
            file.Environments.OrderBy(environment => environment.Name, StringComparer.Ordinal)
                .SelectMany(environment =>
                    environment
                        .Platforms.OrderBy(platform => platform.Platform.Name, StringComparer.Ordinal)
                        .SelectMany(platform =>
                            InTheSameOrder(platform.Packages)
                                .Select(Describe)
                                .Prepend(
                                    $"== {environment.Name} {platform.Platform.Name} {string.Join(' ', environment.Channels)}"
                                )
                        )
                )
        );

    private static string Describe(LockedPackage package) =>
        package switch
        {
            LockedCondaPackage conda => $"{conda.Location} {conda.FileName} {conda.Channel} "
                + Encoding.UTF8.GetString(
                    SerdeJson.Write(json =>
                    {
                        json.WriteStartObject();
                        PackageRecordJson.WriteMembers(json, WithoutLost(conda));
                        json.WriteEndObject();
                    })
                ),
            LockedPypiPackage pypi => $"{pypi.Location} {pypi.Name} {(pypi.IsWheel ? pypi.Version : "")} {pypi.Sha256} "
                + $"{pypi.Md5} {string.Join(' ', pypi.RequiresDist.Select(NameOf))} {string.Join(',', (pypi.RequiresPython ?? "").Split(',').Order(StringComparer.Ordinal))}",
            LockedCondaSource source =>
                $"{source.Location} {source.Name} {source.Version} {source.Build} {source.Subdir} {source.CodeSource}",
            _ => throw new InvalidOperationException(),
        };

    // Sources of the same name are sorted by a hash that older versions do not have.
    private static IEnumerable<LockedPackage> InTheSameOrder(IEnumerable<LockedPackage> packages) =>
        packages
            .Index()
            .OrderBy(pair => pair.Item is LockedCondaSource ? 0 : pair.Index)
            .ThenBy(pair => pair.Item.Location.Text, StringComparer.Ordinal)
            .Select(pair => pair.Item);

    // A conversion to version 7 does not write arch and platform, and keeps one of several entries for a noarch archive, which
    // have the platforms that they were locked for as their subdirs.
    private static PackageRecord WithoutLost(LockedCondaPackage package) =>
        package.Record with
        {
            Arch = null,
            Platform = null,
            Subdir = package.Location.Text.Contains("/noarch/", StringComparison.Ordinal) ? "" : package.Record.Subdir,
        };

    // The rest of a requirement may be written in another way: "a>=1,<2", "a <2,>=1".
    private static string NameOf(string requirement) => requirement.Split(' ', '<', '>', '=', '!', '~', ';', '[')[0];

    [System.Text.RegularExpressions.GeneratedRegex(@"\.0+(?=[0-9])")]
    private static partial System.Text.RegularExpressions.Regex LeadingZeros();
}
