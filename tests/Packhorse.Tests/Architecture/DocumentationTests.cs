using System.Reflection;
using System.Text.RegularExpressions;
using Packhorse.Model;
using Packhorse.Tests.Support;

namespace Packhorse.Tests.Architecture;

/// <summary>What the documentation lists is what the code has.</summary>
public sealed partial class DocumentationTests
{
    [Fact]
    public void Every_error_code_is_documented_under_its_name_and_no_other()
    {
        var inCode = Codes().ToDictionary(field => (string)field.GetRawConstantValue()!, field => field.Name);
        string text = File.ReadAllText(Path.Combine(Repository.Root, "docs", "reference", "errors.md"));
        var documented = Row()
            .Matches(text)
            .ToDictionary(match => match.Groups[1].Value, match => match.Groups[2].Value);
        Assert.Equal(
            inCode.OrderBy(pair => pair.Key, StringComparer.Ordinal),
            documented.OrderBy(pair => pair.Key, StringComparer.Ordinal)
        );
    }

    [Theory]
    [InlineData("compatibility.md")]
    [InlineData("bad-input.md")]
    public void Tests_that_hold_what_a_table_says_are_there(string table)
    {
        string text = File.ReadAllText(Path.Combine(Repository.Root, "docs", "reference", table));
        var types = typeof(DocumentationTests).Assembly.GetTypes().ToLookup(type => type.Name);
        MatchCollection named = NamedTest().Matches(text);
        Assert.True(named.Count > 40, $"only {named.Count} tests are named");
        foreach (Match match in named)
        {
            Type? type = types[match.Groups[1].Value].FirstOrDefault();
            Assert.True(type is not null, $"there is no {match.Groups[1].Value}");
            Assert.True(
                !match.Groups[2].Success || type.GetMethod(match.Groups[2].Value) is not null,
                $"there is no {match.Value}"
            );
        }
        // Those of the other project are not loaded here.
        HashSet<string> files =
        [
            .. Directory
                .EnumerateFiles(
                    Path.Combine(Repository.Root, "tests/Packhorse.EndToEnd"),
                    "*.cs",
                    SearchOption.AllDirectories
                )
                .Select(file => Path.GetFileNameWithoutExtension(file)),
        ];
        MatchCollection others = EndToEndTest().Matches(text);
        Assert.NotEmpty(others);
        Assert.All(others, match => Assert.Contains(match.Groups[1].Value, files));
    }

    [Fact]
    public void Error_codes_hold_the_exit_code_of_their_exceptions()
    {
        foreach (string code in Codes().Select(field => (string)field.GetRawConstantValue()!))
        {
            Assert.Matches("^PH0[1-7][0-9]{2}$", code);
        }
        var uses = new Regex(@"new (\w+)Exception\(\s*ErrorCodes\.(\w+)");
        Dictionary<string, char> classes = new()
        {
            ["OperationFailed"] = '1',
            ["Usage"] = '2',
            ["NotFound"] = '3',
            ["CorruptData"] = '4',
            ["Transient"] = '5',
            ["SystemRefused"] = '6',
            ["Incompatible"] = '7',
        };
        var values = Codes().ToDictionary(field => field.Name, field => (string)field.GetRawConstantValue()!);
        var wrong = new List<string>();
        foreach (
            string file in Directory.EnumerateFiles(
                Path.Combine(Repository.Root, "src"),
                "*.cs",
                SearchOption.AllDirectories
            )
        )
        {
            foreach (Match use in uses.Matches(File.ReadAllText(file)))
            {
                if (values[use.Groups[2].Value][3] != classes[use.Groups[1].Value])
                {
                    wrong.Add($"{Path.GetFileName(file)}: {use.Value}");
                }
            }
        }
        Assert.Empty(wrong);
    }

    [Fact]
    public void Every_limit_is_in_the_format_document()
    {
        string text = File.ReadAllText(Path.Combine(Repository.Root, "docs", "FORMAT.md"));
        string limits = text[text.IndexOf("## Limits", StringComparison.Ordinal)..];
        string[] expected =
        [
            $"{Limits.PathBytes:N0} bytes, {Limits.PathComponentBytes} a component",
            $"| {Limits.Members:N0} |",
            $"| {Limits.Packages:N0} |",
            $"| {Limits.JsonBytes >> 20} MiB |",
            $"{Limits.YamlDepth} levels, {Limits.YamlNodes:N0} nodes",
            $"{Limits.DecompressionRatio:N0} times the compressed bytes, after the first {Limits.DecompressionFloor >> 20} MiB",
            $"| {1 << (Limits.ZstdWindowLog - 20)} MiB |",
            $"| {Limits.TarExtensionBytes >> 20} MiB |",
            $"| {Limits.ImageBytes >> 30:N0} GiB |",
            $"| {Limits.ImageFileBlocks:N0} blocks |",
            $"| relocations of an image | {Limits.RelocationBytes >> 20} MiB |",
            $"| hot set of an image | {Limits.HotSetBytes >> 20} MiB |",
            $"| read ahead of a program | {Limits.ReadAheadBytes >> 30} GiB of files' contents |",
            $"| Python packages read ahead of a program | {Limits.PackagesAhead:N0} |",
            $"| a program read ahead before it begins, a library of a Python package | {Limits.ProgramAheadBytes >> 20} MiB |",
            $"| {Limits.ShebangBytes >> 10} KiB |",
            $"| {Limits.SignatureBytes >> 10} KiB; {Limits.AllowedSignersBytes >> 20} MiB |",
            $"up to {Limits.StreamedPackageBytes >> 20} MiB compressed, {Limits.StreamedTotalBytes >> 20} MiB in all",
        ];
        Assert.All(expected, line => Assert.Contains(line, limits, StringComparison.Ordinal));
    }

    private static IEnumerable<FieldInfo> Codes() => typeof(ErrorCodes).GetFields().Where(field => field.IsLiteral);

    // Those of another project are marked.
    [GeneratedRegex(@"`(\w+Tests)(?:\.(\w+))?`(?! \(EndToEnd\))")]
    private static partial Regex NamedTest();

    [GeneratedRegex(@"`(\w+Tests)(?:\.\w+)?` \(EndToEnd\)")]
    private static partial Regex EndToEndTest();

    [GeneratedRegex(@"^\| (PH\d{4}) \| (\w+)", RegexOptions.Multiline)]
    private static partial Regex Row();
}
