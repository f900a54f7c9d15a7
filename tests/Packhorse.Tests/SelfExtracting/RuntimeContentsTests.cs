using System.Text.RegularExpressions;
using Packhorse.Tests.Support;

namespace Packhorse.Tests.SelfExtracting;

/// <summary>What is linked into the runtime, by the names in its link map.</summary>
public sealed partial class RuntimeContentsTests
{
    private static string[] Rooms { get; } =
    ["Model", "Os", "Codecs", "Conda", "Install", "Image", "Pack", "Mount", "Run", "Wheels"];

    [Fact]
    public void Only_rooms_that_read_are_in_the_runtime()
    {
        HashSet<string> all = Directory
            .EnumerateDirectories(Path.Combine(Repository.Root, "src/Packhorse.Core"))
            .Select(path => Path.GetFileName(path))
            .ToHashSet();

        string[] found = [.. NamesIn(RoomPattern()).Where(all.Contains)];

        Assert.Equal(Rooms.Order(StringComparer.Ordinal), found);
    }

    [Fact]
    public void Nothing_of_the_network_the_console_or_the_writers_libraries_is_in_the_runtime() =>
        Assert.Empty(NamesIn(ForbiddenPattern()));

    [Fact]
    public void The_runtime_is_no_larger_than_four_point_six_megabytes() =>
        Assert.InRange(new FileInfo(SmallPack.Runtime).Length, 1 << 20, 4_600_000);

    private static IEnumerable<string> NamesIn(Regex pattern)
    {
        string map = SmallPack.Runtime + ".map";
        Assert.SkipUnless(File.Exists(map), "no published runtime (dotnet build.cs publish)");
        return File.ReadLines(map)
            .SelectMany(line => pattern.Matches(line))
            .Select(match => match.Groups[1].Value)
            .Distinct()
            .Order(StringComparer.Ordinal);
    }

    [GeneratedRegex("Packhorse_([A-Z][A-Za-z]+)_")]
    private static partial Regex RoomPattern();

    [GeneratedRegex(
        "(YamlDotNet|Polly_|Tomlyn|Spectre_Console|System_CommandLine|ZstdSharp|SharpCompress|System_Net_Http|System_Net_Sockets|System_Console_System|System_Diagnostics_Process)"
    )]
    private static partial Regex ForbiddenPattern();
}
