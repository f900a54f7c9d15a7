using System.Text.RegularExpressions;
using Packhorse.Tests.Support;

namespace Packhorse.Tests.Architecture;

/// <summary>Holds the sources against the table of rooms in docs/ARCHITECTURE.md.</summary>
public sealed partial class ArchitectureTests
{
    private static readonly string Core = Path.Combine(Repository.Root, "src", "Packhorse.Core");

    [Fact]
    public void Rooms_use_only_the_rooms_the_table_allows()
    {
        Dictionary<string, HashSet<string>> table = ReadTable();
        var forbidden = new List<string>();
        int files = 0;
        foreach ((string room, HashSet<string> allowed) in table)
        {
            foreach (string file in SourcesOf(room))
            {
                files++;
                foreach (string used in RoomsUsedBy(File.ReadAllText(file), table.Keys))
                {
                    if (used != room && !allowed.Contains(used))
                    {
                        forbidden.Add($"{Path.GetRelativePath(Core, file)} uses {used}");
                    }
                }
            }
        }
        Assert.Empty(forbidden);
        Assert.True(files > 50, $"only {files} files were looked at");
    }

    [Fact]
    public void Every_folder_is_a_room_of_the_table_and_the_other_way_round()
    {
        string[] folders =
        [
            .. Directory
                .EnumerateDirectories(Core)
                .Select(path => Path.GetFileName(path)!)
                .Where(name => name != "obj" && name != "bin"),
        ];
        Assert.Equal(ReadTable().Keys.Order(StringComparer.Ordinal), folders.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Namespaces_are_folders()
    {
        foreach (string room in ReadTable().Keys)
        {
            foreach (string file in SourcesOf(room))
            {
                string expected =
                    "Packhorse." + Path.GetRelativePath(Core, Path.GetDirectoryName(file)!).Replace('/', '.');
                Assert.Contains($"namespace {expected};", File.ReadAllText(file), StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public void Reader_rooms_use_no_other_rooms()
    {
        string[] readers = [.. Rows().Where(row => row[1] == "yes").Select(row => row[0])];
        Assert.Contains("Pack", readers);
        Dictionary<string, HashSet<string>> table = ReadTable();
        foreach (string reader in readers)
        {
            Assert.Subset(readers.ToHashSet(), table[reader]);
        }
    }

    [Fact]
    public void The_check_notices_a_forbidden_arrow()
    {
        string[] rooms = ["Model", "Os", "Fetch"];
        Assert.Equal(["Fetch"], RoomsUsedBy("using Packhorse.Fetch;\nnamespace Packhorse.Os;", rooms).Except(["Os"]));
        // The parent namespace is in scope, so that a room can be named without a using.
        Assert.Equal(
            ["Fetch"],
            RoomsUsedBy("namespace Packhorse.Os;\nclass A { Fetch.Fetcher f; }", rooms).Except(["Os"])
        );
        Assert.Empty(RoomsUsedBy("namespace Packhorse.Os;\n// Fetch.Fetcher is not used\n", rooms).Except(["Os"]));
    }

    private static IEnumerable<string> RoomsUsedBy(string source, IEnumerable<string> rooms)
    {
        string code = Comments().Replace(source, "");
        return rooms.Where(room =>
            Regex.IsMatch(code, $@"\bPackhorse\.{room}\b")
            || Regex.IsMatch(code, $@"(?<![\w.]){room}\.[A-Z]\w*(?!\s*=>)")
        );
    }

    private static IEnumerable<string> SourcesOf(string room) =>
        Directory.EnumerateFiles(Path.Combine(Core, room), "*.cs", SearchOption.AllDirectories);

    private static Dictionary<string, HashSet<string>> ReadTable() =>
        Rows()
            .ToDictionary(
                row => row[0],
                row => row[3].Split(", ").Where(name => name != "-").ToHashSet(StringComparer.Ordinal),
                StringComparer.Ordinal
            );

    private static IEnumerable<string[]> Rows() =>
        File.ReadLines(Path.Combine(Repository.Root, "docs", "ARCHITECTURE.md"))
            .Where(line =>
                line.StartsWith("| ", StringComparison.Ordinal) && !line.StartsWith("| room ", StringComparison.Ordinal)
            )
            .Select(line => line.Trim('|', ' ').Split(" | "));

    // Comments and string literals name rooms without using them.
    [GeneratedRegex(@"//[^\n]*|""(?:\\.|[^""\\\n])*""")]
    private static partial Regex Comments();
}
