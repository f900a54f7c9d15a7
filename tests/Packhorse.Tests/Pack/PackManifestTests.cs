using System.Security.Cryptography;
using System.Text;
using Packhorse.Model;
using Packhorse.Pack;
using Packhorse.TestChannel;
using Packhorse.Tests.Support;

namespace Packhorse.Tests.Pack;

/// <summary><c>pixi-pack.json</c>, in which our own manifest rides along.</summary>
public sealed class PackManifestTests : IDisposable
{
    private readonly ScratchDirectory _scratch = new();

    [Fact]
    public void The_manifest_is_the_first_member_and_names_every_other_one_with_size_and_digest()
    {
        ChannelDirectory channel = SamplePackages.Channel(_scratch["channel"]);
        channel.WriteLock(_scratch["project"]);
        CommandRun.Of("pack", "-q", "-o", _scratch["p.tar"], _scratch["project"]).Successful();
        List<(string Name, byte[] Content)> members = Members(_scratch["p.tar"]);

        Assert.Equal("pixi-pack.json", members[0].Name);
        PackManifest manifest = PackManifest.Parse(members[0].Content, "test");
        Assert.Equal(Platform.Linux64, manifest.Platform);
        Assert.Equal("default", manifest.Environment);
        Assert.Equal(
            members.Skip(1).Select(member => (member.Name, (long)member.Content.Length, Hex(member.Content))).Order(),
            manifest.Members!.Select(member => (member.Path, member.Size, member.Sha256.ToString())).Order()
        );
        foreach (BuiltPackage package in channel.Packages)
        {
            PackMember member = manifest.Members!.Single(one => one.Path == $"channel/{package.RelativePath}");
            Assert.Equal($"{channel.Url}{package.RelativePath}", Uri.UnescapeDataString(member.Url!));
        }
    }

    [Fact]
    public void Lists_come_before_packages_so_that_a_pack_can_be_checked_while_it_arrives()
    {
        SamplePackages.Channel(_scratch["channel"]).WriteLock(_scratch["project"]);
        CommandRun.Of("pack", "-q", "-o", _scratch["p.tar"], _scratch["project"]).Successful();
        string[] names = [.. Members(_scratch["p.tar"]).Select(member => member.Name)];
        int lastList = Array.FindLastIndex(names, name => !PackageFileName.TryGetKind(name, out _));
        int firstPackage = Array.FindIndex(names, name => PackageFileName.TryGetKind(name, out _));
        Assert.True(lastList < firstPackage, string.Join('\n', names));
    }

    [Theory]
    [InlineData("""{"version":"1","pixi-pack-version":"0.7.10","platform":"linux-64"}""")]
    [InlineData("""{"version":"1","platform":"linux-64"}""")]
    [InlineData("""{"version":"1","pixi-pack-version":null,"platform":"linux-64","other":{"a":[1]}}""")]
    public void Upstreams_manifests_are_read(string json)
    {
        PackManifest manifest = PackManifest.Parse(Encoding.UTF8.GetBytes(json), "test");
        Assert.Equal(Platform.Linux64, manifest.Platform);
        Assert.Null(manifest.Members);
    }

    [Theory]
    [InlineData("""{"version":"v0","platform":"linux-64"}""", "Unsupported pixi-pack version: v0")]
    [InlineData("""{"version":"1","platform":"linux64"}""", "unknown platform 'linux64'")]
    public void Manifests_of_other_versions_and_platforms_are_refused(string json, string message)
    {
        var error = Assert.Throws<IncompatibleException>(() =>
            PackManifest.Parse(Encoding.UTF8.GetBytes(json), "test")
        );
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("""{"version":1,"platform":"linux-64"}""")]
    [InlineData("""{"version":1.0,"platform":"linux-64"}""")]
    [InlineData("""{"platform":"linux-64"}""")]
    [InlineData("""{"version":"1"}""")]
    public void What_is_no_manifest_is_refused(string json) =>
        Assert.Throws<CorruptDataException>(() => PackManifest.Parse(Encoding.UTF8.GetBytes(json), "test"));

    [Fact]
    public void A_pack_for_another_platform_is_refused_with_upstreams_words()
    {
        SamplePackages.Channel(_scratch["channel"]).WriteLock(_scratch["project"], platform: "osx-arm64");
        CommandRun.Of("pack", "-q", "-p", "osx-arm64", "-o", _scratch["p.tar"], _scratch["project"]).Successful();
        CommandRun run = CommandRun.Of("unpack", "-o", _scratch["node"], _scratch["p.tar"]);
        run.Failed((int)ExitClass.Incompatible);
        Assert.Contains("The pack was created for a different platform", run.Error, StringComparison.Ordinal);
        using FileStream pipe = File.OpenRead(_scratch["p.tar"]);
        CommandRun.WithInput(pipe, "unpack", "-o", _scratch["node"], "-").Failed((int)ExitClass.Incompatible);
        Assert.False(Path.Exists(_scratch["node/env"]));
    }

    public void Dispose() => _scratch.Dispose();

    private static List<(string Name, byte[] Content)> Members(string path)
    {
        var members = new List<(string, byte[])>();
        using FileStream file = File.OpenRead(path);
        using var tar = new System.Formats.Tar.TarReader(file);
        while (tar.GetNextEntry() is { } entry)
        {
            if (entry.EntryType == System.Formats.Tar.TarEntryType.RegularFile)
            {
                using var content = new MemoryStream();
                entry.DataStream?.CopyTo(content);
                members.Add((entry.Name, content.ToArray()));
            }
        }
        return members;
    }

    private static string Hex(byte[] content) => Convert.ToHexStringLower(SHA256.HashData(content));
}
