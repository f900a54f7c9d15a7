using System.Text.Json;
using Packhorse.Install;
using Packhorse.Model;
using Packhorse.Tests.Support;

namespace Packhorse.Tests.Install;

public sealed class TopologicalOrderTests
{
    [Fact]
    public void A_large_real_environment_has_every_package_after_its_dependencies()
    {
        PackageRecord[] records = BigResolution();
        string[] order = Sort(records);
        Dictionary<string, int> position = order.Index().ToDictionary(entry => entry.Item, entry => entry.Index);
        Assert.Equal(records.Length, position.Count);
        Dictionary<string, string[]> dependencies = records.ToDictionary(
            record => record.Name,
            record => record.Depends.Select(TopologicalOrder.DependencyName).Where(position.ContainsKey).ToArray()
        );
        int edges = 0;
        int circular = 0;
        foreach (
            (string name, string needed) in dependencies.SelectMany(pair => pair.Value.Select(to => (pair.Key, to)))
        )
        {
            edges++;
            if (position[needed] > position[name])
            {
                circular++;
                Assert.True(Reaches(dependencies, needed, name), $"{needed} comes after {name}");
            }
        }
        // holoviews and panel need each other.
        Assert.True(edges > 1000 && circular <= 3, $"{edges} dependencies, {circular} cut");
    }

    [Fact]
    public void The_order_does_not_depend_on_the_order_of_the_input()
    {
        PackageRecord[] records = BigResolution();
        string[] expected = Sort(records);
        var random = new Random(7);
        for (int i = 0; i < 10; i++)
        {
            random.Shuffle(records);
            Assert.Equal(expected, Sort(records));
        }
    }

    [Theory]
    // Nothing depends on anything: the last name comes first.
    [InlineData("a; b; c", "c b a")]
    // The last dependency of a package comes first.
    [InlineData("a: x y z; x; y; z", "z y x a")]
    [InlineData("a: c; b: c; c", "c b a")]
    [InlineData("a: b; b: c; c", "c b a")]
    [InlineData("c: b; b: a; a", "a b c")]
    [InlineData("a: b c; b: d; c: d; d", "d c b a")]
    [InlineData("a: not-there", "a")]
    // A package that needs itself.
    [InlineData("a: a b; b", "b a")]
    // Cycles: in the order in which names are met, the last edge is cut.
    [InlineData("a: b; b: a", "b a")]
    [InlineData("a: b; b: c; c: a", "c b a")]
    // An edge from machine code to noarch is cut before.
    [InlineData("a: b*; b*: a", "a b")]
    [InlineData("python: pip*; pip*: python setuptools*; setuptools*: python", "python setuptools pip")]
    // A cycle that something outside needs.
    [InlineData("a: b; b: c; c: b", "c b a")]
    // Two cycles.
    [InlineData("a: b; b: a; c: d; d: c", "d c b a")]
    public void Small_environments_are_sorted_as_rattler_does(string environment, string expected)
    {
        PackageRecord[] records = [.. environment.Split("; ").Select(Parse)];
        Assert.Equal(expected.Split(' '), Sort(records));
        Array.Reverse(records);
        Assert.Equal(expected.Split(' '), Sort(records));
    }

    [Fact]
    public void Chains_of_any_length_are_sorted()
    {
        PackageRecord[] chain =
        [
            .. Enumerable.Range(0, 20_000).Select(i => Record($"p{i:D5}", i < 19_999 ? [$"p{i + 1:D5}"] : [])),
        ];
        string[] order = Sort(chain);
        Assert.Equal("p19999", order[0]);
        Assert.Equal("p00000", order[^1]);
    }

    [Theory]
    [InlineData("numpy", "numpy")]
    [InlineData("numpy >=1.21,<2", "numpy")]
    [InlineData("  numpy  1.21.* py39_0", "numpy")]
    [InlineData("numpy>=1.21", "numpy")]
    [InlineData("numpy==1.21", "numpy")]
    [InlineData("numpy=1.21=py39_0", "numpy")]
    [InlineData("numpy!=1.21", "numpy")]
    [InlineData("numpy<2", "numpy")]
    [InlineData("numpy~=1.2", "numpy")]
    [InlineData("numpy[version='>=1.21']", "numpy")]
    [InlineData("conda-forge::numpy 1.21", "numpy")]
    [InlineData("conda-forge/linux-64::numpy >=1", "numpy")]
    [InlineData("Ruamel.Yaml", "ruamel.yaml")]
    [InlineData("_libgcc_mutex 0.1 conda_forge", "_libgcc_mutex")]
    [InlineData("__glibc >=2.17", "__glibc")]
    [InlineData("numpy; python_version<'3'", "numpy")]
    public void The_name_is_found_in_a_dependency(string specification, string name) =>
        Assert.Equal(name, TopologicalOrder.DependencyName(specification));

    private static bool Reaches(Dictionary<string, string[]> dependencies, string from, string to)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var left = new Stack<string>([from]);
        while (left.TryPop(out string? name))
        {
            if (name == to)
            {
                return true;
            }
            if (seen.Add(name))
            {
                Array.ForEach(dependencies[name], left.Push);
            }
        }
        return false;
    }

    private static PackageRecord[] BigResolution()
    {
        string path = Fixtures.Require("rattler/topological-sort/big_resolution.json");
        using JsonDocument json = JsonDocument.Parse(File.ReadAllBytes(path));
        return [.. json.RootElement.EnumerateArray().Select(record => PackageRecordJson.Read(record, path))];
    }

    private static string[] Sort(PackageRecord[] records) =>
        [.. TopologicalOrder.Sort(records).Select(index => records[index].Name)];

    // "name: dependency dependency", a star after noarch packages.
    private static PackageRecord Parse(string text)
    {
        string[] parts = text.Split(": ");
        string[] depends = parts.Length > 1 ? parts[1].Replace("*", "", StringComparison.Ordinal).Split(' ') : [];
        return Record(parts[0].TrimEnd('*'), depends) with
        {
            NoArch = parts[0].EndsWith('*') ? NoArchKind.Python : NoArchKind.None,
        };
    }

    private static PackageRecord Record(string name, string[] depends) =>
        new()
        {
            Name = name,
            Version = "1",
            Build = "0",
            Subdir = "linux-64",
            Depends = depends,
        };
}
