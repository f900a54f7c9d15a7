using System.Text;
using Packhorse.Tests.Support;

namespace Packhorse.Tests.Wheels;

/// <summary>Real wheels on a real Python, held against what pip makes of them.</summary>
public sealed class RealWheelTests : IDisposable
{
    private const string SitePackages = "lib/python3.7/site-packages";

    // The environment has other versions of some as conda packages: what both bring would be a question of who wins.
    private static readonly string[] Names =
    [
        "annotated_types-0.7.0-py3-none-any.whl",
        "anyio-4.9.0-py3-none-any.whl",
        "sniffio-1.3.1-py3-none-any.whl",
        "typing_extensions-4.14.1-py3-none-any.whl",
        "typing_inspection-0.4.1-py3-none-any.whl",
        "uv_build-0.8.2-py3-none-manylinux_2_17_x86_64.manylinux2014_x86_64.whl",
        "uv-test-links/basic_app-0.1.0-py3-none-any.whl",
        "uv-test-links/basic_package-0.1.0-py3-none-any.whl",
        "uv-test-links/simple_launcher-0.1.0-py3-none-any.whl",
    ];

    private readonly WheelSite _site = new();

    [Fact]
    public void The_environment_is_what_pip_makes_of_the_same_wheels_but_for_what_is_documented()
    {
        _site.On(RealChannel.Make(_site["channel"], RealChannel.PythonEnvironment));
        string plain = _site.Pack("plain.tar");
        string[] wheels = [.. Names.Select(name => Fixtures.Require($"wheels/{name}"))];
        wheels.ToList().ForEach(wheel => _site.Add(wheel));
        string pack = _site.Pack("environment.tar");

        _site.Unpack(plain).Successful();
        _ = StockTool.Run(
            "env",
            [
                "-i",
                "PATH=/usr/bin:/bin",
                "PYTHONDONTWRITEBYTECODE=1",
                $"{_site.Prefix}/bin/python",
                "-m",
                "pip",
                "install",
                "--no-deps",
                "--no-compile",
                "--no-index",
                "--ignore-requires-python",
                "--disable-pip-version-check",
                "-q",
                .. wheels,
            ]
        );
        IReadOnlyDictionary<string, string> pip = Contents();
        Directory.Delete(_site.OutputDirectory, recursive: true);
        _site.Unpack(pack).Successful();
        IReadOnlyDictionary<string, string> ours = Contents();

        string[] differing =
        [
            .. pip
                .Keys.Union(ours.Keys)
                .Where(path => pip.GetValueOrDefault(path) != ours.GetValueOrDefault(path))
                .Order(StringComparer.Ordinal),
        ];
        // docs/reference/install.md, "Beside pip".
        string[] expected =
        [
            "bin/basic-app",
            "bin/simple_launcher",
            .. wheels
                .Select(wheel => Path.GetFileName(wheel).Split('-'))
                .Select(parts => $"{SitePackages}/{parts[0]}-{parts[1]}.dist-info")
                .SelectMany(distInfo =>
                    new[] { "direct_url.json", "INSTALLER", "RECORD" }.Select(name => $"{distInfo}/{name}")
                ),
        ];
        Assert.Equal(expected.Order(StringComparer.Ordinal), differing);
        CompareRecords(pip, ours);
        Assert.Contains("Hello from basic-app!", Run("bin/basic-app"), StringComparison.Ordinal);
    }

    [Fact]
    public void Pip_lists_checks_and_removes_wheels_that_are_installed_here()
    {
        _site
            .On(RealChannel.Make(_site["channel"], RealChannel.PythonEnvironment))
            .Add(Fixtures.Require("wheels/sniffio-1.3.1-py3-none-any.whl"))
            .Add(Fixtures.Require("wheels/uv-test-links/basic_app-0.1.0-py3-none-any.whl"));
        _site.Unpack(_site.Pack("environment.tar")).Successful();
        string list = Run("bin/python", "-m", "pip", "list", "--disable-pip-version-check", "--format=freeze");
        Assert.Contains("sniffio==1.3.1\n", list, StringComparison.Ordinal);
        Assert.Contains("basic-app==0.1.0\n", list.Replace('_', '-'), StringComparison.Ordinal);
        Assert.Equal("1.3.1\n", Run("bin/python", "-c", "import sniffio; print(sniffio.__version__)"));
        Assert.Contains(
            "No broken requirements",
            Run("bin/python", "-m", "pip", "check", "--disable-pip-version-check"),
            StringComparison.Ordinal
        );
        _ = Run("bin/python", "-m", "pip", "uninstall", "-y", "--disable-pip-version-check", "basic-app");
        Assert.False(File.Exists($"{_site.Prefix}/bin/basic-app"));
        Assert.False(Directory.Exists($"{_site.Prefix}/{SitePackages}/basic_app"));
    }

    public void Dispose() => _site.Dispose();

    private string Run(string program, params IEnumerable<string> arguments) =>
        StockTool.Run(
            "env",
            ["-i", "PATH=/usr/bin:/bin", "PYTHONDONTWRITEBYTECODE=1", $"{_site.Prefix}/{program}", .. arguments]
        );

    // All files and links by permissions and content, but for what conda keeps.
    private Dictionary<string, string> Contents() =>
        TreeListing
            .Of(_site.Prefix)
            .Select(line => line.Split('\t'))
            .Where(fields => fields[^1] != "/" && !fields[0].StartsWith("conda-meta/", StringComparison.Ordinal))
            .ToDictionary(fields => fields[0], fields => $"{fields[1]} {fields[^1]}");

    // The same paths; the same digests but for the files that may differ.
    private void CompareRecords(IReadOnlyDictionary<string, string> pip, IReadOnlyDictionary<string, string> ours)
    {
        string[] records =
        [
            .. ours.Keys.Where(path => path.EndsWith("anyio-4.9.0.dist-info/RECORD", StringComparison.Ordinal)),
        ];
        Assert.Single(records);
        string text = File.ReadAllText($"{_site.Prefix}/{records[0]}", Encoding.UTF8);
        string[] lines = text.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Contains(lines, line => line.StartsWith("anyio/__init__.py,sha256=", StringComparison.Ordinal));
        Assert.Equal(lines.Length, lines.Select(line => line.Split(',')[0]).Distinct().Count());
        Assert.All(
            lines.Select(line => line.Split(',')[0]),
            path => Assert.True(ours.ContainsKey($"{SitePackages}/{path}"), path)
        );
        Assert.Equal(
            pip.Keys.Where(path => path.Contains("anyio", StringComparison.Ordinal))
                .Where(path => !path.EndsWith("direct_url.json", StringComparison.Ordinal))
                .Order(StringComparer.Ordinal),
            lines.Select(line => $"{SitePackages}/{line.Split(',')[0]}").Order(StringComparer.Ordinal)
        );
    }
}
