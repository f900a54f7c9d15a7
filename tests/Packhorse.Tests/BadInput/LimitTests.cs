using System.Text;
using Packhorse.Codecs;
using Packhorse.Model;
using Packhorse.TestChannel;

namespace Packhorse.Tests.BadInput;

/// <summary>Input that asks for more than the limits (Model/Limits.cs): small to send, large to take in.</summary>
public sealed class LimitTests : IDisposable
{
    private readonly Sandbox _sandbox = new();

    public void Dispose() => _sandbox.Dispose();

    [Fact]
    public void Zstd_bombs_are_refused()
    {
        PackageBuilder bomb = Small.Tool().AddFile("zeros", LargeContent.Zeros(100 << 20));
        _sandbox.RefusesPack("PH0404", _sandbox.Pack(bomb), "compressed bytes grew to", "tool");
    }

    [Fact]
    public void Bzip2_bombs_are_refused()
    {
        _sandbox.Channel.Add(Small.Tool(), PackageArchiveKind.TarBz2);
        PackTar tar = PackTar.Read(_sandbox.Pack()).WithoutDigests();
        string name = tar.Find("tool-1.0-h0_0.tar.bz2");
        byte[] pack = tar.With(name, Bombs.TarBz2()).ToArray();
        _sandbox.RefusesPack("PH0404", pack, "compressed bytes grew to", "tool");
    }

    [Fact]
    public void Deflated_zstd_bombs_are_refused()
    {
        PackTar tar = PackTar.Read(_sandbox.Pack(Small.Tool())).WithoutDigests();
        byte[] pack = tar.With(tar.Find("tool-1.0-h0_0.conda"), Bombs.DeflatedConda()).ToArray();
        _sandbox.RefusesPack("PH0404", pack, "deflated bytes grew to", "tool");
    }

    [Fact]
    public void Windows_beyond_the_limit_are_refused()
    {
        PackTar tar = PackTar.Read(_sandbox.Pack(Small.Tool())).WithoutDigests();
        byte[] pack = tar.With(tar.Find("tool-1.0-h0_0.conda"), Bombs.LargeWindow()).ToArray();
        _sandbox.RefusesPack("PH0400", pack, "too much memory", "tool");
    }

    [Fact]
    public void More_than_a_million_members_are_refused()
    {
        using var many = new RepeatedStream(TarHeader.ForDirectory("d"), Limits.Members + 1);
        CliResult result = Cli.Run(many, new Interruption(), "unpack", "-", "-o", _sandbox.Work);
        Assert.Equal(4, result.ExitCode);
        Assert.Contains("[PH0404]", result.Error, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_sandbox.Work));
    }

    [Theory]
    [InlineData("pixi-pack.json")]
    [InlineData("channel/linux-64/repodata.json")]
    public void Documents_beyond_the_limit_are_refused_by_their_size(string name)
    {
        byte[] header = TarHeader.ForFile(name, Limits.JsonBytes + 1L);
        string path = _sandbox.Write("bad.tar", [.. name == "pixi-pack.json" ? [] : Manifest(), .. header]);
        using (FileStream file = File.OpenWrite(path))
        {
            // Sparse.
            file.SetLength(file.Length + TarHeader.PaddedLength(Limits.JsonBytes + 1L) + TarHeader.EndBytes);
        }
        _sandbox.Refuses("PH0404", "unpack", path, "-o", _sandbox.Work);
        using FileStream stream = File.OpenRead(path);
        CliResult fromPipe = Cli.Run(stream, new Interruption(), "unpack", "-", "-o", _sandbox.Work);
        Assert.Contains("[PH0404]", fromPipe.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Deep_documents_are_refused()
    {
        PackTar tar = PackTar.Read(_sandbox.Pack(Small.Tool()));
        string deep = string.Concat(Enumerable.Repeat("{\"a\":", 100_000));
        _sandbox.RefusesPack("PH0408", tar.With("pixi-pack.json", deep).ToArray(), "not JSON", "pixi-pack.json");
        PackTar plain = tar.WithoutDigests();
        _sandbox.RefusesPack("PH0408", plain.With("channel/linux-64/repodata.json", deep).ToArray(), "repodata.json");
    }

    public static TheoryData<string, string, FileContent> LongLists =>
        new()
        {
            {
                "paths.json",
                "PH0404",
                "{\"paths\": [" + string.Concat(Enumerable.Repeat("1,", Limits.Members + 1)) + "1]}"
            },
            { "paths.json", "PH0407", string.Concat(Enumerable.Repeat("[", 100_000)) },
            { "paths.json", "PH0404", DeepDirectories() },
            { "index.json", "PH0407", string.Concat(Enumerable.Repeat("{\"a\":", 100_000)) },
            { "files", "PH0404", string.Concat(Enumerable.Repeat("a\n", Limits.Members + 1)) },
            { "files", "PH0407", string.Concat(Enumerable.Repeat("a\n", 100)) },
            { "files", "PH0405", "../a\n" },
            { "has_prefix", "PH0405", "/p text ../../a\n" },
            { "has_prefix", "PH0404", string.Concat(Enumerable.Repeat("a\n", Limits.Members + 1)) },
        };

    [Theory]
    [MemberData(nameof(LongLists))]
    public void Lists_beyond_the_limits_are_refused(string name, string code, FileContent content)
    {
        PackageBuilder package = Small.Tool().AddInfo(name, content);
        if (name is "files" or "has_prefix")
        {
            package.Quirks(new ArchiveQuirks { OmitPathsJson = true });
        }
        _sandbox.RefusesPack(code, _sandbox.Pack(package), "tool");
    }

    // Each path alone is within the limits; all their directories together are gigabytes.
    private static string DeepDirectories()
    {
        var paths = new StringBuilder("{\"paths_version\": 1, \"paths\": [");
        string deep = string.Concat(Enumerable.Repeat("a/", 2000));
        for (int i = 0; i < 200; i++)
        {
            paths.Append(i == 0 ? "" : ", ").Append($"{{\"_path\": \"{i}/{deep}f\"}}");
        }
        return paths.Append("]}").ToString();
    }

    private static byte[] Manifest()
    {
        byte[] manifest = """{"version": "1", "platform": "linux-64"}"""u8.ToArray();
        byte[] member = [.. TarHeader.ForFile("pixi-pack.json", manifest.Length), .. manifest];
        return [.. member, .. new byte[TarHeader.PaddedLength(member.Length) - member.Length]];
    }
}
