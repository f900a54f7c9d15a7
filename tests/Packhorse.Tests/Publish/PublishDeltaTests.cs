using System.Runtime.Versioning;
using System.Text.Json;
using Packhorse.Tests.Pack;
using Packhorse.Tests.Support;

namespace Packhorse.Tests.Publish;

/// <summary>What <c>publish</c> says of a delta: jobs need two files.</summary>
[SupportedOSPlatform("linux")]
public sealed class PublishDeltaTests : IDisposable
{
    private readonly DeltaSite _site = new();
    private readonly string _shelf;

    public PublishDeltaTests()
    {
        _shelf = _site["shelf"];
        Directory.CreateDirectory(_shelf);
    }

    public void Dispose() => _site.Dispose();

    [Fact]
    public void Both_inputs_and_the_line_of_the_job_are_printed()
    {
        string published = Publish(_site.Pack("1.0", "base.tar"));
        string delta = _site.Delta("2.0", published, "delta.tar");

        JsonElement told = Json(delta);
        JsonElement from = told.GetProperty("files")[0].GetProperty("base");
        Assert.Equal(published, from.GetProperty("location").GetString());
        Assert.True(from.GetProperty("is_there").GetBoolean());
        string name = told.GetProperty("files")[0].GetProperty("name").GetString()!;
        Assert.Equal($"{published}, {_shelf}/{name}", told.GetProperty("transfer_input_files").GetString());

        string text = CommandRun.Of("publish", delta, "--to", _shelf).Successful().Text;
        Assert.Contains(
            $"packhorse run --base {Path.GetFileName(published)} {name} -- CMD",
            text,
            StringComparison.Ordinal
        );
        Assert.DoesNotContain("which is not there", text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_base_that_was_published_under_its_hash_is_found_by_it()
    {
        string from = _site.Pack("1.0", "base.tar");
        string published = Publish(from);
        JsonElement told = Json(_site.Delta("2.0", from, "delta.tar"));
        Assert.Equal(published, told.GetProperty("files")[0].GetProperty("base").GetProperty("location").GetString());
    }

    [Fact]
    public void A_base_that_is_not_there_is_told()
    {
        string delta = _site.Delta("2.0", _site.Pack("1.0", "base.tar"), "delta.tar");
        string text = CommandRun.Of("publish", delta, "--to", _shelf).Successful().Text;
        Assert.Contains("which is not there: publish 'base.tar' (sha256 ", text, StringComparison.Ordinal);

        string ofDirectory = _site.Delta("2.0", _site.Pack("1.0", "base", "--directory-only"), "other.tar");
        text = CommandRun.Of("publish", ofDirectory, "--to", _shelf).Successful().Text;
        Assert.Contains("was a directory", text, StringComparison.Ordinal);
    }

    private string Publish(string file) => Json(file).GetProperty("files")[0].GetProperty("location").GetString()!;

    private JsonElement Json(string file) =>
        JsonDocument.Parse(CommandRun.Of("publish", "--json", file, "--to", _shelf).Successful().Text).RootElement;
}
