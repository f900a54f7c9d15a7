using System.Formats.Tar;
using System.Text.Json;
using Packhorse.Tests.Support;

namespace Packhorse.Tests.Pack;

/// <summary>Deltas: what <c>pack --since</c> leaves out, and that with their base they are the whole pack.</summary>
public sealed class DeltaTests : IDisposable
{
    private readonly DeltaSite _site = new();

    public void Dispose() => _site.Dispose();

    [Theory]
    [InlineData("base.tar")]
    [InlineData("base.tar", "--layout", "upstream")]
    [InlineData("base", "--directory-only")]
    public void A_delta_and_its_base_give_what_the_whole_pack_gives(string name, params string[] options)
    {
        string from = _site.Pack("1.0", name, options);
        IReadOnlyList<string> whole = _site.Unpacked(_site.Pack("2.0", "whole.tar"));

        string delta = _site.Delta("2.0", from, "delta.tar");

        Assert.Equal(
            ["channel/linux-64/changing-2.0-h0_0.conda"],
            Members(delta).Where(member => member.EndsWith(".conda") || member.EndsWith(".whl"))
        );
        TreeListing.AssertSame(whole, _site.Unpacked(delta, from));
    }

    [Fact]
    public void The_base_may_be_in_any_form_that_has_the_same_manifest()
    {
        string from = _site.Pack("1.0", "base.tar");
        string directory = _site.Pack("1.0", "directory", "--directory-only");
        string delta = _site.Delta("2.0", from, "delta.tar");

        TreeListing.AssertSame(_site.Unpacked(delta, from), _site.Unpacked(delta, directory));
    }

    [Fact]
    public void What_the_base_has_is_not_brought()
    {
        string from = _site.Pack("1.0", "base.tar");
        string expected = _site.Delta("2.0", from, "expected.tar");
        _site.TryPack("2.0", "lock-only.tar", "--dry-run").Successful();
        string[] arguments = ["pack", "-q", "-o", _site["delta.tar"], "--since", from, _site["project"]];
        _site.RemoveWhatStays();

        CommandRun.Of(arguments).Successful();

        Assert.Equal(File.ReadAllBytes(expected), File.ReadAllBytes(_site["delta.tar"]));
        CommandRun.Of("pack", "-q", "-o", _site["whole.tar"], _site["project"]).Failed(3);
    }

    [Fact]
    public void Its_name_may_have_its_hash_and_a_pipe_gets_the_same_bytes()
    {
        string from = _site.Pack("1.0", "base.tar");
        string delta = _site.Delta("2.0", from, "delta.tar");
        _site.Delta("2.0", from, "delta-{sha256:8}.tar");
        byte[] piped = CommandRun.Of("pack", "-q", "-o", "-", "--since", from, _site["project"]).Successful().Output;

        Assert.Equal(File.ReadAllBytes(delta), piped);
        string named = Assert.Single(Directory.GetFiles(Path.GetDirectoryName(delta)!, "delta-*.tar"));
        Assert.Equal(piped, File.ReadAllBytes(named));
    }

    [Fact]
    public void An_environment_is_updated_by_a_delta_and_one_that_changes_nothing_is_fine()
    {
        string from = _site.Pack("1.0", "base.tar");
        string delta = _site.Delta("2.0", from, "delta.tar");
        IReadOnlyList<string> fresh = _site.Unpacked(delta, from);
        _site.Unpack(from, null).Successful();

        _site.Unpack(delta, from).Successful();
        TreeListing.AssertSame(fresh, TreeListing.Of($"{_site.Work}/env"));

        string nothing = _site.Delta("1.0", from, "nothing.tar");
        _site.Unpack(nothing, from).Successful();
        Assert.Equal("1.0", File.ReadAllText($"{_site.Work}/env/share/changing"));
    }

    [Fact]
    public void A_dry_run_says_what_would_be_in_it_and_what_is_in_the_base()
    {
        string from = _site.Pack("1.0", "base.tar");
        CommandRun run = _site.TryPack("2.0", "delta.tar", "--since", from, "--dry-run", "--json").Successful();

        bool[] inBase =
        [
            .. JsonDocument
                .Parse(run.Text)
                .RootElement.GetProperty("packages")
                .EnumerateArray()
                .Select(package => package.GetProperty("in_base").GetBoolean()),
        ];
        Assert.Equal(DeltaSite.Staying, inBase.Count(held => held));
        Assert.Single(inBase, held => !held);
        Assert.Contains(
            "1 packages, and 3 in 'base.tar',",
            _site.TryPack("2.0", "delta.tar", "--since", from, "--dry-run").Text,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Inspect_and_verify_say_that_it_is_one_of_what_and_what_it_lacks()
    {
        string from = _site.Pack("1.0", "base.tar");
        string whole = _site.Pack("2.0", "whole.tar");
        string delta = _site.Delta("2.0", from, "delta.tar");

        string inspected = CommandRun.Of("inspect", delta).Successful().Text;
        Assert.Contains("delta of          'base.tar' (sha256 ", inspected, StringComparison.Ordinal);
        Assert.Contains("in the base       3 of 4 packages", inspected, StringComparison.Ordinal);
        JsonElement alone = Json("inspect", "--json", delta);
        Assert.Equal(1, alone.GetProperty("packages").GetArrayLength());
        Assert.Equal(3, alone.GetProperty("delta").GetProperty("packages_in_base").GetInt32());
        // The digest is that of the whole pack: what --root compares, and what names the environment of run.
        Assert.Equal(Digest(whole), Digest(delta));
        Assert.Equal(Digest(from), alone.GetProperty("delta").GetProperty("base_digest").GetString());
        Assert.Equal(4, Json("inspect", "--json", "--base", from, delta).GetProperty("packages").GetArrayLength());

        string verified = CommandRun.Of("verify", delta).Successful().Text;
        Assert.Contains("in the base       3 of 4 packages", verified, StringComparison.Ordinal);
        Assert.True(
            Json("verify", "--json", delta).GetProperty("members").GetInt32()
                < Json("verify", "--json", "--base", from, delta).GetProperty("members").GetInt32()
        );
    }

    [Fact]
    public void What_is_known_of_it_by_another_way_is_compared()
    {
        string from = _site.Pack("1.0", "base.tar");
        string delta = _site.Delta("2.0", from, "delta.tar");
        string root = Digest(_site.Pack("2.0", "whole.tar"));

        Unpack("--root", root).Successful();
        Unpack("--root", Digest(from)).Failed(4);

        CommandRun Unpack(params string[] options) =>
            CommandRun.Of(["unpack", "-q", "-o", _site.Work, "--base", from, .. options, delta]);
    }

    private static string[] Members(string tar)
    {
        using FileStream file = File.OpenRead(tar);
        using var reader = new TarReader(file);
        var names = new List<string>();
        while (reader.GetNextEntry() is { } entry)
        {
            names.Add(entry.Name);
        }
        return [.. names];
    }

    private static string Digest(string pack) => Json("inspect", "--json", pack).GetProperty("digest").GetString()!;

    private static JsonElement Json(params string[] arguments) =>
        JsonDocument.Parse(CommandRun.Of(arguments).Successful().Text).RootElement;
}
