using System.IO.Compression;
using System.Security.Cryptography;
using Packhorse.Install;
using Packhorse.Model;
using Packhorse.Tests.Support;

namespace Packhorse.Tests.Install;

/// <summary>
/// Files that conda itself wrote into the prefix <c>/tmp/black</c>, byte for byte: an environment that somebody checked in together
/// with the packages it was made of.
/// </summary>
public sealed class CondaOracleTests
{
    private const string Prefix = "/tmp/black";

    private static readonly string[] Packages =
    [
        "libffi-3.2.1-hd88cf55_4",
        "ncurses-6.1-hf484d3e_0",
        "openssl-1.0.2p-h14c3975_0",
        "pip-10.0.1-py37_0",
        "python-3.7.0-hc3d631a_0",
        "setuptools-40.2.0-py37_0",
        "sqlite-3.24.0-h84994c4_0",
        "tk-8.6.8-hbc83047_0",
        "wheel-0.31.1-py37_0",
        "xz-5.2.4-h14c3975_4",
        "yaml-0.1.7-had09818_2",
        "zlib-1.2.11-ha838bed_2",
    ];

    [Fact]
    public void Relocated_files_are_what_conda_wrote()
    {
        ILookup<string, string[]> rows = ReadRows().ToLookup(row => row[0]);
        var sink = new MemorySink();
        PackageFiles.Install(
            [.. RealChannel.Rebuilt(Packages).Select(Fixtures.Require)],
            new InstallTarget(Prefix, Platform.Linux64),
            sink
        );
        int compared = 0;
        foreach (string[] row in Packages.SelectMany(package => rows[package]).Where(row => row[7].Length == 0))
        {
            Assert.True(sink.Files.TryGetValue(row[2], out var installed), $"{row[0]} did not install {row[2]}");
            Assert.True(row[6] == Convert.ToHexStringLower(SHA256.HashData(installed.Content)), $"{row[0]}: {row[2]}");
            if (row[3] == "binary")
            {
                Assert.Equal(installed.File.Size, installed.Content.Length);
            }
            compared++;
        }
        // The others are of twelve packages, such as vim and perl, whose archives could not be had.
        int absent = rows.Where(group => !Packages.Contains(group.Key)).Sum(group => group.Count());
        Assert.Equal((209, 142, 351), (compared, absent, rows.Sum(group => group.Count())));
    }

    // Package, path in it, path in the prefix, mode, placeholder, SHA-256 before, SHA-256 after, note.
    private static IEnumerable<string[]> ReadRows()
    {
        using FileStream file = File.OpenRead(Fixtures.Require("oracle/conda-installed-linux-64.tsv.gz"));
        using var text = new StreamReader(new GZipStream(file, CompressionMode.Decompress));
        while (text.ReadLine() is { } line)
        {
            if (!line.StartsWith('#'))
            {
                yield return line.Split('\t');
            }
        }
    }
}
