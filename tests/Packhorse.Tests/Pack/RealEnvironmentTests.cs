using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Packhorse.Tests.Support;

namespace Packhorse.Tests.Pack;

/// <summary>What a user has after packing and unpacking: a Python that works.</summary>
public sealed class RealEnvironmentTests(RealEnvironment environment) : IClassFixture<RealEnvironment>
{
    [Fact]
    public void Python_loads_its_libraries_of_the_environment()
    {
        environment.Prepare();
        string output = environment.Run(
            "bin/python",
            "-c",
            "import ssl, sqlite3, ctypes, curses, lzma, sys, tkinter, readline\n"
                + "print(sys.prefix, sqlite3.sqlite_version, ssl.OPENSSL_VERSION)\n"
                + "print([line.split()[-1] for line in open('/proc/self/maps') if 'libssl' in line or 'libsqlite3' in line])"
        );
        Assert.StartsWith($"{environment.Prefix} 3.24.0 OpenSSL 1.0.2p", output, StringComparison.Ordinal);
        string libraries = output.Split('\n')[1];
        Assert.Contains("libssl", libraries, StringComparison.Ordinal);
        Assert.All(
            libraries.Trim('[', ']').Split(", "),
            library => Assert.StartsWith($"'{environment.Prefix}/", library, StringComparison.Ordinal)
        );
    }

    [Fact]
    public void Pip_lists_all_python_packages()
    {
        environment.Prepare();
        string output = environment.Run("bin/pip", "list", "--disable-pip-version-check", "--format=freeze");
        string[] expected =
        [
            "certifi==2018.8.24",
            "charset-normalizer==2.0.12",
            "colorama==0.4.4",
            "idna==3.3",
            "pip==22.1.2",
            "pycparser==2.21",
            "requests==2.27.1",
            "setuptools==40.2.0",
            "six==1.16.0",
            "tqdm==4.64.0",
            "urllib3==1.26.9",
            "wheel==0.37.1",
        ];
        Assert.Equal(expected, output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Order());
    }

    [Fact]
    public void Every_entry_point_starts()
    {
        environment.Prepare();
        string[] entryPoints =
        [
            .. Paths().Where(path => Text(path, "path_type") == "unix_python_entry_point").Select(Name),
        ];
        Assert.Equal(["bin/normalizer", "bin/pip", "bin/pip3", "bin/tqdm", "bin/wheel"], entryPoints.Order());
        Assert.All(entryPoints, entryPoint => Assert.NotEmpty(environment.Run(entryPoint, "--help")));
        Assert.Equal("4.64.0", environment.Run("bin/tqdm", "--version").Trim());
    }

    [Fact]
    public void Requests_finds_its_certificates_inside_the_prefix()
    {
        environment.Prepare();
        string output = environment.Run("bin/python", "-c", "import requests, certifi; print(certifi.where())");
        Assert.StartsWith(environment.Prefix, output, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_file_is_as_its_package_or_its_record_says()
    {
        environment.Prepare();
        int relocated = 0;
        int asPackaged = 0;
        foreach (JsonElement path in Paths())
        {
            string file = Path.Combine(environment.Prefix, Name(path));
            string? packaged = Text(path, "sha256");
            string? installed = Text(path, "sha256_in_prefix");
            if (Text(path, "path_type") == "softlink")
            {
                string link = new FileInfo(file).LinkTarget ?? "";
                Assert.Equal(Hex(Encoding.UTF8.GetBytes(link)), installed ?? packaged);
                continue;
            }
            byte[] content = File.ReadAllBytes(file);
            Assert.True((installed ?? packaged) == Hex(content), $"{file} is not what its record says");
            if (Text(path, "prefix_placeholder") is { } placeholder)
            {
                relocated++;
                Assert.True(content.AsSpan().IndexOf(Encoding.UTF8.GetBytes(placeholder)) < 0, file);
            }
            else if (Text(path, "path_type") == "hardlink")
            {
                asPackaged++;
                Assert.Null(installed);
            }
        }
        Assert.True(relocated > 200 && asPackaged > 3000, $"{relocated} relocated, {asPackaged} as packaged");
    }

    [Fact]
    public void Nothing_is_there_that_no_record_names()
    {
        environment.Prepare();
        IEnumerable<string> own = System
            .IO.Directory.EnumerateFiles(Path.Combine(environment.Prefix, "conda-meta"))
            .Select(file => $"conda-meta/{Path.GetFileName(file)}")
            .Append("CACHEDIR.TAG");
        Assert.Equal(
            Paths().Select(Name).Concat(own).Order(StringComparer.Ordinal),
            TreeListing.Files(environment.Prefix)
        );
    }

    [Fact]
    public void A_pack_from_a_pipe_gives_the_same_tree()
    {
        environment.Prepare();
        // The same path, as the prefix is in the files.
        string kept = environment.Prefix + "-from-file";
        System.IO.Directory.Move(environment.Prefix, kept);
        try
        {
            using FileStream pack = File.OpenRead(environment.PackPath);
            string output = Path.GetDirectoryName(environment.Prefix)!;
            CommandRun.WithInput(new OneWayStream(pack, 65536, 4096), "unpack", "-q", "-o", output, "-").Successful();
            TreeListing.AssertSame(TreeListing.Of(kept), TreeListing.Of(environment.Prefix));
        }
        finally
        {
            if (System.IO.Directory.Exists(environment.Prefix))
            {
                System.IO.Directory.Delete(environment.Prefix, recursive: true);
            }
            System.IO.Directory.Move(kept, environment.Prefix);
        }
    }

    private IEnumerable<JsonElement> Paths() =>
        System
            .IO.Directory.EnumerateFiles(Path.Combine(environment.Prefix, "conda-meta"), "*.json")
            .SelectMany(record =>
                JsonDocument
                    .Parse(File.ReadAllBytes(record))
                    .RootElement.GetProperty("paths_data")
                    .GetProperty("paths")
                    .EnumerateArray()
            );

    private static string Name(JsonElement path) => path.GetProperty("_path").GetString()!;

    private static string? Text(JsonElement path, string name) =>
        path.TryGetProperty(name, out JsonElement value) ? value.GetString() : null;

    private static string Hex(byte[] bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));
}
