using System.Text;
using System.Text.Json;
using Packhorse.Install;
using Packhorse.Model;
using Packhorse.Tests.Support;

namespace Packhorse.Tests.Install;

/// <summary>Paths that several packages bring: rattler's own test packages and what rattler makes of them.</summary>
public sealed class ClobberTests : IDisposable
{
    private readonly ScratchDirectory _scratch = new();

    public static TheoryData<string, string> Conflicts =>
        new()
        {
            // The first by name has the precedence when none needs another.
            {
                "clobber-1-0.1.0-h4616a5c_0.tar.bz2 clobber-2-0.1.0-h4616a5c_0.tar.bz2 clobber-3-0.1.0-h4616a5c_0.tar.bz2",
                """
                    __clobbers__/clobber-2/another-clobber.txt = clobber-2
                    __clobbers__/clobber-2/clobber.txt = clobber-2
                    __clobbers__/clobber-3/another-clobber.txt = clobber-3
                    __clobbers__/clobber-3/clobber.txt = clobber-3
                    another-clobber.txt = clobber-1
                    clobber.txt = clobber-1
                    """
            },
            {
                "clobber-1-0.2.0-h4616a5c_0.tar.bz2 clobber-2-0.1.0-h4616a5c_0.tar.bz2",
                """
                    __clobbers__/clobber-2/clobber.txt = clobber-2
                    another-clobber.txt = clobber-2
                    clobber.txt = clobber-1 v2
                    """
            },
            // 1 needs 3, 2 needs 1: the last one linked has it.
            {
                "clobber-nested-1-0.1.0-h4616a5c_0.tar.bz2 clobber-nested-2-0.1.0-h4616a5c_0.tar.bz2 clobber-nested-3-0.1.0-h4616a5c_0.tar.bz2",
                """
                    __clobbers__/clobber-nested-1/clobber/bobber/clobber.txt = clobber-1
                    __clobbers__/clobber-nested-3/clobber/bobber/clobber.txt = clobber-3
                    clobber/bobber/clobber.txt = clobber-2
                    """
            },
            // A file against directories.
            {
                "clobber-fd-1-0.1.0-h4616a5c_0.conda clobber-fd-2-0.1.0-h4616a5c_0.conda clobber-fd-3-0.1.0-h4616a5c_0.conda",
                """
                    __clobbers__/clobber-fd-2/clobber/clobber-fd-2.txt = clobber-fd-2
                    __clobbers__/clobber-fd-3/clobber/clobber-fd-3.txt = clobber-fd-3
                    clobber = clobber-fd-1
                    """
            },
            {
                "clobber-fd-2-0.1.0-h4616a5c_0.conda clobber-fd-2-conflicting-0.1.0-h4616a5c_0.conda clobber-fd-3-0.1.0-h4616a5c_0.conda",
                """
                    __clobbers__/clobber-fd-2-conflicting/clobber/clobber-fd-2.txt = clobber-fd-2-conflicting
                    clobber/clobber-fd-2.txt = clobber-fd-2
                    clobber/clobber-fd-3.txt = clobber-fd-3
                    """
            },
            {
                "clobber-fd-1-0.1.0-h4616a5c_0.conda clobber-fd-2-0.1.0-h4616a5c_0.conda clobber-fd-2-conflicting-0.1.0-h4616a5c_0.conda",
                """
                    __clobbers__/clobber-fd-2-conflicting/clobber/clobber-fd-2.txt = clobber-fd-2-conflicting
                    __clobbers__/clobber-fd-2/clobber/clobber-fd-2.txt = clobber-fd-2
                    clobber = clobber-fd-1
                    """
            },
            // Directories against a file.
            {
                "clobber-fd-rev-1-0.1.0-h4616a5c_0.conda clobber-fd-rev-2-0.1.0-h4616a5c_0.conda clobber-fd-rev-3-0.1.0-h4616a5c_0.conda",
                """
                    __clobbers__/clobber-fd-rev-3/clobber = clobber-fd-rev-3
                    clobber/clobber-fd-rev-1.txt = clobber-fd-rev-1
                    clobber/clobber-fd-rev-2.txt = clobber-fd-rev-2
                    """
            },
            {
                "clobber-with-dir-0.1.0-h4616a5c_0.conda clobber-without-dir-0.1.0-h4616a5c_0.conda",
                """
                    __clobbers__/clobber-without-dir/dir = clobber-1
                    dir/clobber.txt = clobber-1
                    """
            },
            // Links; b needs a.
            {
                "clobber-with-symlink-a-0.1.0-h4616a5c_0.conda clobber-with-symlink-b-0.1.0-h4616a5c_0.conda",
                """
                    __clobbers__/clobber-with-symlink-a/lib/clobber.so -> clobber-2.txt
                    lib/clobber-1.txt = clobber-1
                    lib/clobber-2.txt = clobber-2
                    lib/clobber.so -> clobber-1.txt
                    """
            },
            { "clobber-python-0.1.0-cpython.conda", "bin/python = cpython" },
            { "clobber-python-0.1.0-pypy.conda clobber-pypy-0.1.0-h4616a5c_0.conda", "bin/python = pypy" },
        };

    [Theory]
    [MemberData(nameof(Conflicts))]
    public void The_last_in_topological_order_has_a_path(string packages, string expected)
    {
        string[] paths = [.. RealChannel.Clobber(packages.Split(' ')).Select(Fixtures.Require)];
        Assert.Equal(expected, Install(paths));
        Array.Reverse(paths);
        Assert.Equal(expected, Install(paths));
    }

    [Fact]
    public void Modules_of_noarch_packages_clobber_in_site_packages()
    {
        string[] paths =
        [
            .. PackageFiles.Write(_scratch.Root, SamplePackages.Python().Pack()),
            .. RealChannel
                .Clobber(
                    "clobber-pynoarch-1-0.1.0-pyh4616a5c_0.tar.bz2",
                    "clobber-pynoarch-2-0.1.0-pyh4616a5c_0.tar.bz2"
                )
                .Select(Fixtures.Require),
        ];
        string[] lines = Install(paths).Split('\n');
        Assert.Contains(
            lines,
            line => line.StartsWith("lib/python3.11/site-packages/clobber/clobber.py", StringComparison.Ordinal)
        );
        Assert.Contains(
            lines,
            line =>
                line.StartsWith(
                    "__clobbers__/clobber-pynoarch-2/lib/python3.11/site-packages/clobber/clobber.py",
                    StringComparison.Ordinal
                )
        );
    }

    [Theory]
    [InlineData("1 2 3", "clobber-1", "transaction_with_clobber", false)]
    [InlineData("1 2 3", "clobber-1", "transaction_with_clobber-2", true)]
    [InlineData("1 2 3", "clobber-2", "transaction_with_clobber-3", false)]
    [InlineData("1 2 3", "clobber-2", "transaction_with_clobber-4", true)]
    [InlineData("2 3", "clobber-2", "transaction_with_clobber-5", false)]
    [InlineData("2 3", "clobber-2", "transaction_with_clobber-6", true)]
    [InlineData("2 3", "clobber-3", "transaction_with_clobber-7", true)]
    public void Records_of_clobbered_packages_are_rattlers(string numbers, string name, string snapshot, bool pathsData)
    {
        string[] paths =
        [
            .. RealChannel
                .Clobber(numbers.Split(' ').Select(number => $"clobber-{number}-0.1.0-h4616a5c_0.tar.bz2"))
                .Select(Fixtures.Require),
        ];
        var target = new InstallTarget("/prefix", Platform.Linux64);
        (_, IReadOnlyList<LinkedPackage> linked) = PackageFiles.Install(paths, target, new MemorySink());
        byte[] record = CondaMeta.WriteRecord(linked.Single(package => package.Plan.Package.Record.Name == name));
        using JsonDocument json = JsonDocument.Parse(record);
        string text = File.ReadAllText(
            Fixtures.Require($"install-snapshots/rattler__install__clobber_registry__tests__{snapshot}.snap")
        );
        string expected = text[(text.IndexOf("---\n", 4, StringComparison.Ordinal) + 4)..].TrimEnd();
        Assert.Equal(
            expected,
            pathsData
                ? Yaml(json.RootElement.GetProperty("paths_data"))
                : YamlList(json.RootElement.GetProperty("files"))
        );
    }

    [Fact]
    public void Clobbering_is_told()
    {
        string[] paths =
        [
            .. RealChannel
                .Clobber("clobber-1-0.1.0-h4616a5c_0.tar.bz2", "clobber-2-0.1.0-h4616a5c_0.tar.bz2")
                .Select(Fixtures.Require),
        ];
        InstallPlan plan = InstallPlan.Create(
            [.. paths.Select(PackageFiles.ToInstall)],
            new InstallTarget("/prefix", Platform.Linux64)
        );
        string warning = Assert.Single(plan.Warnings);
        Assert.StartsWith(
            "2 path(s) of clobber-2=0.1.0=h4616a5c_0 belong to another package",
            warning,
            StringComparison.Ordinal
        );
        Assert.Contains("__clobbers__/clobber-2/", warning, StringComparison.Ordinal);
    }

    public void Dispose() => _scratch.Dispose();

    private static string Install(string[] paths)
    {
        var sink = new MemorySink();
        PackageFiles.Install(paths, new InstallTarget("/prefix", Platform.Linux64), sink);
        IEnumerable<string> lines = sink
            .Files.Select(file => $"{file.Key} = {Encoding.UTF8.GetString(file.Value.Content).TrimEnd()}")
            .Concat(sink.Links.Select(link => $"{link.Key} -> {link.Value}"));
        return string.Join('\n', lines.Order(StringComparer.Ordinal));
    }

    private static string Yaml(JsonElement pathsData)
    {
        var yaml = new StringBuilder($"paths_version: {pathsData.GetProperty("paths_version")}\npaths:");
        foreach (JsonElement path in pathsData.GetProperty("paths").EnumerateArray())
        {
            string indent = "  - ";
            foreach (JsonProperty member in path.EnumerateObject())
            {
                yaml.Append('\n').Append(indent).Append(member.Name).Append(": ").Append(member.Value);
                indent = "    ";
            }
        }
        return yaml.ToString();
    }

    private static string YamlList(JsonElement files) =>
        string.Join('\n', files.EnumerateArray().Select(file => $"- {file.GetString()}"));
}
