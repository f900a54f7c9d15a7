using System.Security.Cryptography;
using System.Text.Json;
using Packhorse.Model;
using Packhorse.Tests.Support;

namespace Packhorse.Tests.Publish;

/// <summary><c>packhorse published</c>.</summary>
public sealed class PublishedCommandTests : IDisposable
{
    private readonly ScratchDirectory _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void What_is_there_is_compared_with_its_names_and_nothing_is_removed()
    {
        string old = Put("x", "old", 2);
        string current = Put("x", "new", 1);
        string broken = "y-deadbeef.tar";
        _ = _scratch.Write($"there/{broken}", "what broke off"u8);
        _ = _scratch.Write("there/notes.txt", "x"u8);
        string left = ".packhorse-publish-0123.part";
        _ = _scratch.Write($"there/{left}", "half"u8);

        CommandRun run = CommandRun.Of("published", _scratch["there"], "--json").Failed(8);
        string text = CommandRun.Of("published", _scratch["there"]).Failed(8).Text;

        Assert.Equal(
            new Dictionary<string, string>
            {
                [old] = "older",
                [current] = "right",
                [broken] = "broken",
                ["notes.txt"] = "no_hash",
                [left] = "left_over",
            }.OrderBy(pair => pair.Key, StringComparer.Ordinal),
            JsonDocument
                .Parse(run.Text)
                .RootElement.GetProperty("files")
                .EnumerateArray()
                .Select(file =>
                    KeyValuePair.Create(
                        Path.GetFileName(file.GetProperty("path").GetString()!),
                        file.GetProperty("state").GetString()!
                    )
                )
                .OrderBy(pair => pair.Key, StringComparer.Ordinal)
        );
        foreach (string name in new[] { old, broken, left })
        {
            Assert.Contains($"  rm -f {_scratch[$"there/{name}"]}\n", text, StringComparison.Ordinal);
        }
        Assert.DoesNotContain($"rm -f {_scratch[$"there/{current}"]}", text, StringComparison.Ordinal);
        Assert.Equal(5, Directory.EnumerateFiles(_scratch["there"]).Count());
    }

    [Fact]
    public void What_is_being_published_is_no_left_over()
    {
        _ = _scratch.Write("there/.packhorse-publish-0123.part", "half"u8);
        using FileStream writer = new(
            _scratch["there/.packhorse-publish-0123.part"],
            FileMode.Open,
            FileAccess.ReadWrite,
            FileShare.None
        );

        Assert.Contains(
            "on its way",
            CommandRun.Of("published", _scratch["there"]).Successful().Text,
            StringComparison.Ordinal
        );
    }

    private string Put(string stem, string content, int daysAgo)
    {
        byte[] bytes = System.Text.Encoding.UTF8.GetBytes(content);
        string name = $"{stem}-{NameHash.DigitsOf(new Digest(SHA256.HashData(bytes)), 8)}.tar";
        string path = _scratch.Write($"there/{name}", bytes);
        File.SetLastWriteTimeUtc(path, new DateTime(2026, 1, 10, 0, 0, 0, DateTimeKind.Utc).AddDays(-daysAgo));
        return name;
    }
}
