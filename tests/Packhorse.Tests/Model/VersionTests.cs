using System.Globalization;
using System.IO.Compression;
using Packhorse.Model.Matching;
using Packhorse.Tests.Support;

namespace Packhorse.Tests.Model;

/// <summary>Versions and what is wanted of them, held against tables that rattler made.</summary>
public sealed class VersionTests
{
    [Fact]
    public void What_is_a_version_is_what_rattler_takes_for_one()
    {
        int rows = 0;
        foreach (string[] row in Rows("version-parse.tsv"))
        {
            rows++;
            Assert.True(
                CondaVersion.TryParse(row[0], out _) == row[1].StartsWith("ok", StringComparison.Ordinal),
                row[0]
            );
        }
        Assert.Equal(74, rows);
    }

    [Fact]
    public void Versions_compare_as_in_rattler()
    {
        var wrong = new List<string>();
        int rows = 0;
        foreach (string[] row in Rows("version-compare.tsv.gz"))
        {
            CondaVersion left = Parse(row[0]);
            CondaVersion right = Parse(row[1]);
            rows++;
            int compared = Math.Sign(left.CompareTo(right));
            string found = string.Create(
                CultureInfo.InvariantCulture,
                $"{compared} {Flag(left.StartsWith(right))} {Flag(left.IsCompatibleWith(right))}"
            );
            if (found != $"{row[2]} {row[3]} {row[4]}")
            {
                wrong.Add($"{row[0]} {row[1]}: {found}, expected {row[2]} {row[3]} {row[4]}");
            }
        }
        Assert.Equal(12_220, rows);
        Assert.True(wrong.Count == 0, $"{wrong.Count} of {rows} are wrong:\n{string.Join('\n', wrong.Take(40))}");
    }

    // 38 rows say what rattler refuses where it is strict with what a user types. Dependencies of packages are read leniently, and so all
    // are here.
    [Theory]
    [InlineData("lenient", 4_807, 10)]
    [InlineData("strict", 3_324, 0)]
    public void Specifications_match_as_in_rattler(string strictness, int count, int refused)
    {
        var wrong = new List<string>();
        int rows = 0;
        int errors = 0;
        foreach (string[] row in Rows("versionspec-match.tsv.gz").Where(row => row[0] == strictness))
        {
            bool expectsError = row[3].StartsWith("error", StringComparison.Ordinal);
            if (expectsError && strictness == "strict")
            {
                continue;
            }
            rows++;
            errors += expectsError ? 1 : 0;
            bool isOne = VersionSpec.TryParse(row[1], out VersionSpec? spec);
            string found =
                !isOne ? "error"
                : row[2].Length > 0 ? Flag(spec!.Matches(Parse(row[2])))
                : "no error";
            string expected = expectsError ? "error" : row[3];
            if (found != expected)
            {
                wrong.Add($"'{row[1]}' {row[2]}: {found}, expected {expected}");
            }
        }
        Assert.True(wrong.Count == 0, $"{wrong.Count} of {rows} are wrong:\n{string.Join('\n', wrong.Take(40))}");
        Assert.Equal((count, refused), (rows, errors));
    }

    private static string Flag(bool value) => value ? "1" : "0";

    private static CondaVersion Parse(string text) =>
        CondaVersion.TryParse(text, out CondaVersion? version)
            ? version
            : throw new InvalidDataException($"{text} is no version");

    private static IEnumerable<string[]> Rows(string name)
    {
        using Stream file = File.OpenRead(Fixtures.Require($"oracle/{name}"));
        using Stream plain = name.EndsWith(".gz", StringComparison.Ordinal)
            ? new GZipStream(file, CompressionMode.Decompress)
            : file;
        using var reader = new StreamReader(plain);
        while (reader.ReadLine() is { } line)
        {
            yield return line.Split('\t');
        }
    }
}
