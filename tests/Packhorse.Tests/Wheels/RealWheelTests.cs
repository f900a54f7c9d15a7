using System.Text;
using System.Text.RegularExpressions;
using Packhorse.Tests.Support;

namespace Packhorse.Tests.Wheels;

/// <summary>Real wheels on a real Python, held against what pip makes of them.</summary>
public sealed partial class RealWheelTests : IDisposable
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

    // Those of which the environment above has other versions.
    private static readonly string[] OtherNames =
    [
        "idna-3.10-py3-none-any.whl",
        "requests-2.32.5-py3-none-any.whl",
        "setuptools-78.1.1-py3-none-any.whl",
        "wheel-0.45.1-py3-none-any.whl",
        "uv-test-links/build_tag-1.0.0-3-py2.py3-none-any.whl",
        "uv-test-links/ok-2.0.0-py3-none-any.whl",
        "uv-test-links/tqdm-1000.0.0-py3-none-any.whl",
        "uv-test-links/validation-1.0.0-py3-none-any.whl",
        "uv-test-links/abi3_package-1.0.0-cp37-abi3-manylinux_2_17_x86_64.whl",
    ];

    [Fact]
    public void The_environment_is_what_pip_makes_of_the_same_wheels_but_for_what_is_documented()
    {
        _site.On(RealChannel.Make(_site["channel"], RealChannel.PythonEnvironment));
        string[] wheels = [.. Names.Select(name => Fixtures.Require($"wheels/{name}"))];

        CompareWithPip(wheels, "bin/basic-app", "bin/simple_launcher");

        Assert.Contains("Hello from basic-app!", Run("bin/basic-app"), StringComparison.Ordinal);
    }

    [Fact]
    public void So_it_is_of_wheels_that_replace_conda_packages_and_of_one_with_everything()
    {
        string[] replaced = ["idna-", "requests-", "setuptools-", "wheel-", "tqdm-"];
        IEnumerable<string> rest = RealChannel.PythonEnvironment.Where(package =>
            !replaced.Any(name => Path.GetFileName(package).StartsWith(name, StringComparison.Ordinal))
        );
        _site.On(RealChannel.Make(_site["channel"], rest));
        string everything = WheelSite
            .Everything()
            .AddWindowCommand("everything-window = everything:main")
            .WriteTo(_site["self-made"]);
        string[] wheels = [.. OtherNames.Select(name => Fixtures.Require($"wheels/{name}")), everything];

        CompareWithPip(
            wheels,
            "bin/wheel",
            "bin/everything-command",
            "bin/everything-window",
            // Of a script pip drops what follows "#!python", and none is executable that is not so in the wheel.
            "bin/everything-script",
            "bin/everything-shell",
            "bin/everything-windows",
            // Headers are below the name as it is written, or as it is compared.
            "include/python3.7m/Every-thing/everything.h",
            "include/python3.7m/every-thing/everything.h"
        );

        string[] commands = ["bin/everything-command", "bin/everything-window", "bin/everything-script"];
        Assert.All(commands, command => Assert.Equal("everything 1.0\n", Run(command)));
        Assert.Equal("shell\n", Run("bin/everything-shell"));
        Assert.Equal("wheel 0.45.1\n", Run("bin/wheel", "version"));
    }

    // Leaves the environment as it is made here.
    private void CompareWithPip(string[] wheels, params string[] commands)
    {
        string plain = _site.Pack("plain.tar");
        wheels.ToList().ForEach(wheel => _site.Add(wheel));
        string pack = _site.Pack("environment.tar");
        _site.Unpack(plain).Successful();
        string[] options = ["--no-deps", "--no-compile", "--no-index", "--ignore-requires-python"];
        _ = Run("bin/python3.7", ["-m", "pip", "install", "-q", "--disable-pip-version-check", .. options, .. wheels]);
        IReadOnlyDictionary<string, string> pip = Contents();
        Dictionary<string, string[]> records = Records(wheels);
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
            .. commands,
            .. wheels
                .Select(wheel => Path.GetFileName(wheel).Split('-'))
                .Select(parts => $"{SitePackages}/{parts[0]}-{parts[1]}.dist-info")
                .SelectMany(distInfo =>
                    new[] { "direct_url.json", "INSTALLER", "RECORD" }.Select(name => $"{distInfo}/{name}")
                ),
        ];
        Assert.Equal(expected.Order(StringComparer.Ordinal), differing);
        CompareRecords(records, Records(wheels), commands);
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

    // Lines of RECORD of these wheels, by the directory that it is in.
    private Dictionary<string, string[]> Records(string[] wheels) =>
        wheels
            .Select(wheel => Path.GetFileName(wheel).Split('-'))
            .Select(parts => $"{parts[0]}-{parts[1]}.dist-info")
            .ToDictionary(
                name => name,
                name => File.ReadAllLines($"{_site.Prefix}/{SitePackages}/{name}/RECORD", Encoding.UTF8)
            );

    // The same lines, but for the files that differ; of scripts that hold the prefix only the paths.
    private static void CompareRecords(
        Dictionary<string, string[]> pip,
        Dictionary<string, string[]> ours,
        string[] commands
    )
    {
        Assert.Equal(pip.Keys.Order(StringComparer.Ordinal), ours.Keys.Order(StringComparer.Ordinal));
        Assert.NotEmpty(ours);
        foreach ((string distInfo, string[] lines) in ours)
        {
            // Of what the wheel's own RECORD has no digest pip has none either.
            string[] moving =
            [
                .. commands.Select(path => $"../../../{path},"),
                .. pip[distInfo]
                    .Where(line => line.EndsWith(",,", StringComparison.Ordinal))
                    .Select(line => line[..^1]),
            ];
            string Comparable(string listed)
            {
                string line = listed.Replace("/Every-thing/", "/every-thing/", StringComparison.Ordinal);
                return
                    line.Contains(".dist-info/INSTALLER,", StringComparison.Ordinal)
                    || moving.Any(path => line.StartsWith(path, StringComparison.Ordinal))
                    ? line.Split(',')[0]
                    : HexadecimalDigest().Replace(line, InBase64);
            }
            Assert.Equal(
                pip[distInfo]
                    .Where(line => !line.Contains("/direct_url.json,", StringComparison.Ordinal))
                    // pip keeps the line of a script that a command took the place of, under its name in the wheel.
                    .Where(line => !line.Contains(".data/scripts/everything-command,", StringComparison.Ordinal))
                    .Select(Comparable)
                    .Order(StringComparer.Ordinal),
                lines.Select(Comparable).Order(StringComparer.Ordinal)
            );
        }
    }

    // What some tools write, pip copies and we put right.
    private static string InBase64(Match digest) =>
        $",sha256={Convert.ToBase64String(Convert.FromHexString(digest.Groups[1].Value)).TrimEnd('=').Replace('+', '-').Replace('/', '_')},";

    [GeneratedRegex(",sha256=([0-9a-f]{64}),")]
    private static partial Regex HexadecimalDigest();
}
