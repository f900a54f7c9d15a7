using System.Security.Cryptography;
using System.Text.Json;
using Packhorse.Model;
using Packhorse.Publish;
using Packhorse.Tests.Fetch;
using Packhorse.Tests.Image;
using Packhorse.Tests.SelfExtracting;
using Packhorse.Tests.Support;

namespace Packhorse.Tests.Publish;

/// <summary><c>packhorse published</c> of a directory of a federation.</summary>
public sealed class PublishedFederationTests : IAsyncDisposable
{
    private const string Directory = "pelican://fed.example/ns/envs";

    private readonly ScratchDirectory _scratch = new();
    private readonly TestOrigin _origin = new();

    public async ValueTask DisposeAsync()
    {
        await _origin.DisposeAsync();
        _scratch.Dispose();
    }

    [Fact]
    public void Each_file_is_read_at_the_origin_and_compared_with_its_name()
    {
        byte[] body = FetchBench.RandomBytes(100_000);
        string stem = $"x-{NameHash.DigitsOf(new Digest(SHA256.HashData(body)), 8)}";
        _ = SmallPack.Pack(SmallPack.MakeLock(_scratch.Root), _scratch["i.sqfs"], "--image");
        byte[] image = File.ReadAllBytes(_scratch["i.sqfs"]);
        string byRoot = $"i-{NameHash.DigitsOf(ImageFiles.FooterOf(image).Root, 8)}.sqfs";
        Store($"{stem}.tar", body);
        Store($"{stem}.1.tar", body[..10]);
        Store("plain name.tar", body);
        Store(byRoot, image);

        CommandRun text = Published().Failed(8);
        JsonElement files = JsonDocument.Parse(Published("--json").Failed(8).Text).RootElement.GetProperty("files");

        Assert.Equal(
            [
                (byRoot, "its_root", image.Length),
                ("plain%20name.tar", "no_hash", body.Length),
                ($"{stem}.1.tar", "broken", 10),
                ($"{stem}.tar", "right", body.Length),
            ],
            files
                .EnumerateArray()
                .Select(file =>
                    (
                        Path.GetFileName(file.GetProperty("path").GetString()!),
                        file.GetProperty("state").GetString()!,
                        file.GetProperty("size").GetInt32()
                    )
                )
        );
        Assert.Contains($"pelican object delete {Directory}/{stem}.1.tar\n", text.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("below", text.Text, StringComparison.Ordinal);
        Assert.Equal("1", _origin.Requests.First(one => one.Method == "PROPFIND" && one.Path == "/ns/envs")["Depth"]);
    }

    [Fact]
    public void A_federation_that_lists_nothing_says_so()
    {
        _origin.Lists = false;

        CommandRun run = Published().Failed(1);

        Assert.Contains("does not list", run.Error, StringComparison.Ordinal);
        Assert.Contains("the directory that the origin exports", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("<a/>")]
    [InlineData("<D:multistatus xmlns:D='DAV:'>")]
    [InlineData("<!DOCTYPE x [<!ENTITY a 'b'>]><D:multistatus xmlns:D='DAV:'>&a;</D:multistatus>")]
    [InlineData(
        "<D:multistatus xmlns:D='DAV:'><D:response><D:href>/d/x</D:href><D:getcontentlength>-1</D:getcontentlength></D:response></D:multistatus>"
    )]
    [InlineData(
        "<D:multistatus xmlns:D='DAV:'><D:response><D:href>/d/x</D:href><D:getcontentlength>99999999999999999999</D:getcontentlength></D:response></D:multistatus>"
    )]
    public void What_makes_no_sense_is_refused_or_empty(string xml)
    {
        try
        {
            Assert.Empty(DavListing.Parse(xml, "/d", "a server"));
        }
        catch (CorruptDataException error)
        {
            Assert.Contains("a server", error.Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("/d/x.tar", "x.tar")]
    [InlineData("http://127.0.0.1:1/d/x.tar", "x.tar")]
    [InlineData("//d//with%20space", "with space")]
    [InlineData("/d", null)]
    [InlineData("/d/e/x.tar", null)]
    [InlineData("/e/x.tar", null)]
    [InlineData("/d/..", null)]
    public void Only_what_is_in_the_directory_is_listed(string href, string? name)
    {
        string xml = $"<m xmlns='DAV:'><response><href>{href}</href></response></m>";

        Assert.Equal(name is null ? [] : [name], DavListing.Parse(xml, "/d/", "a server").Select(one => one.Name));
    }

    private void Store(string name, byte[] body) => _origin.Objects[$"/ns/envs/{name}"] = body;

    private CommandRun Published(params string[] options) =>
        CommandRun.Of(["published", Directory, "--federation", _origin.Discovery.AbsoluteUri, .. options]);
}
