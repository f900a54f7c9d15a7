using System.Text;
using Packhorse.Tests.Support;

namespace Packhorse.Tests.Pack;

/// <summary>Deltas and bases that do not go together, or are not what they were.</summary>
public sealed class DeltaRefusalTests : IDisposable
{
    private readonly DeltaSite _site = new();
    private readonly string _base;
    private readonly string _delta;

    public DeltaRefusalTests()
    {
        _base = _site.Pack("1.0", "base.tar");
        _delta = _site.Delta("2.0", _base, "delta.tar");
    }

    public void Dispose() => _site.Dispose();

    [Fact]
    public void Without_its_base_it_names_the_base()
    {
        string error = _site.Refused("PH0211", _delta, from: null);
        Assert.Contains(
            "is a delta: the rest of its packages is in 'base.tar' (sha256 ",
            error,
            StringComparison.Ordinal
        );
        Assert.Contains("hint: name that file with --base base.tar", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Another_pack_is_no_base_even_when_it_has_all_packages()
    {
        string other = _site.Pack("2.0", "other.tar");
        string error = _site.Refused("PH0401", _delta, other);
        Assert.Contains("other.tar is not the pack that", error, StringComparison.Ordinal);
        Assert.Contains("hint: name 'base.tar' (sha256 ", error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_base_that_is_a_delta_or_an_image_or_not_there_is_refused()
    {
        string image = _site.Pack("1.0", "image.sqfs", "--pyc", "off");
        Assert.Contains("is itself a delta", _site.Refused("PH0211", _delta, _delta), StringComparison.Ordinal);
        Assert.Contains("is an image", _site.Refused("PH0211", _delta, image), StringComparison.Ordinal);
        Assert.Contains("/dev/null", _site.Refused("PH0211", _delta, "/dev/null"), StringComparison.Ordinal);
        _site.Refused("PH0300", _delta, _site["nothing.tar"]);
        File.WriteAllText(_site["text"], "no pack\n");
        _site.Refused("PH0408", _delta, _site["text"]);
        _site.Refused("PH0408", _delta, _site["channel"]);
    }

    [Fact]
    public void A_base_for_what_is_no_delta_is_refused()
    {
        string image = _site.Pack("1.0", "image.sqfs", "--pyc", "off");
        Assert.Contains("leave --base out", _site.Refused("PH0211", _base, _base), StringComparison.Ordinal);
        _site.Refused("PH0211", image, _base);
        using FileStream pipe = File.OpenRead(_base);
        CommandRun.WithInput(pipe, "unpack", "-o", _site.Work, "--base", _base, "-").Failed(2);
    }

    [Fact]
    public void From_a_pipe_it_is_refused_before_anything_is_read()
    {
        using FileStream pipe = File.OpenRead(_delta);
        CommandRun run = CommandRun.WithInput(pipe, "unpack", "-o", _site.Work, "-").Failed(4);
        Assert.Contains("is a delta, which cannot be unpacked from a pipe", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_base_that_is_cut_off_or_altered_is_named()
    {
        byte[] content = File.ReadAllBytes(_base);
        File.WriteAllBytes(_site["cut.tar"], content[..^2000]);
        Assert.Contains("cut.tar", _site.Refused("PH0403", _delta, _site["cut.tar"]), StringComparison.Ordinal);

        // Behind the header of the tar, which begins with the name and NULs.
        int header = content.AsSpan().IndexOf("channel/linux-64/stable-1.0-h0_0.conda\0"u8);
        Assert.True(header > 0);
        content[header + 512 + 200] ^= 1;
        File.WriteAllBytes(_site["altered.tar"], content);
        string error = _site.Refused("PH0401", _delta, _site["altered.tar"]);
        Assert.Contains("altered.tar: channel/", error, StringComparison.Ordinal);
        CommandRun.Of("verify", "--base", _site["altered.tar"], _delta).Failed(4);
        // The delta itself is what it should be.
        CommandRun.Of("verify", _delta).Successful();
    }

    [Fact]
    public void Every_beginning_of_a_delta_is_refused_and_no_changed_bit_gives_another_environment()
    {
        byte[] content = File.ReadAllBytes(_delta);
        IReadOnlyList<string> right = _site.Unpacked(_delta, _base);
        string changed = _site["changed.tar"];
        for (int length = 0; length < content.Length; length += 509)
        {
            File.WriteAllBytes(changed, content[..length]);
            _site.Unpack(changed, _base).Failed(4);
        }
        int refused = 0;
        for (int at = 0; at < content.Length; at += 61)
        {
            byte[] flipped = [.. content];
            flipped[at] ^= (byte)(1 << (at % 8));
            File.WriteAllBytes(changed, flipped);
            CommandRun run = _site.Unpack(changed, _base);
            Assert.True(run.ExitCode is 0 or 2 or 4 or 7, $"byte {at}: exit code {run.ExitCode}: {run.Error}");
            if (run.ExitCode == 0)
            {
                TreeListing.AssertSame(right, TreeListing.Of($"{_site.Work}/env"));
                Directory.Delete(_site.Work, recursive: true);
            }
            refused += run.ExitCode == 0 ? 0 : 1;
        }
        Assert.True(refused > 50, $"only {refused} changes were noticed");
    }

    [Theory]
    [InlineData("\"base\": {", "\"basis\": {", "does not say what it belongs to")]
    [InlineData("\"manifest\": \"", "\"manifesto\": \"", "does not say what it belongs to")]
    [InlineData("\"digest\": \"", "\"digits\": \"", "does not say what it belongs to")]
    [InlineData("\"name\": \"base.tar\"", "\"name\": \"../b.tar\"", "is impossible")]
    [InlineData("\"name\": \"base.tar\"", "\"name\": \"a/bc.tar\"", "is impossible")]
    [InlineData("\"size\": ", "\"size\":-", "is impossible")]
    [InlineData(
        "\"version\": \"packhorse-delta-1\"",
        "\"version\": \"packhorse-delta-2\"",
        "Unsupported pixi-pack version"
    )]
    [InlineData("\"manifest\": \"", "\"manifest\": \"0", "")]
    public void What_its_manifest_says_of_the_base_is_checked(string text, string other, string says)
    {
        CommandRun run = UnpackEdited(1, content => content.Replace(text, other, StringComparison.Ordinal));
        Assert.True(run.ExitCode is 4 or 7, $"exit code {run.ExitCode}: {run.Error}");
        Assert.Contains(says, run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void The_whole_packs_manifest_must_be_there_and_be_the_one_that_it_names()
    {
        Assert.Contains(
            "is not what pixi-pack.json says",
            UnpackEdited(2, content => content.Replace("\"default\"", "\"defaulT\"", StringComparison.Ordinal))
                .Failed(4)
                .Error,
            StringComparison.Ordinal
        );
        byte[] bytes = File.ReadAllBytes(_delta);
        int name = bytes.AsSpan().IndexOf("whole-pack.json"u8);
        "halve-pack.json"u8.CopyTo(bytes.AsSpan(name));
        FixChecksum(bytes, name);
        File.WriteAllBytes(_site["edited.tar"], bytes);
        Assert.Contains(
            "lists 'whole-pack.json' but does not hold it",
            _site.Refused("PH0408", _site["edited.tar"], _base),
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData("PH0211", "of images there are no deltas", "--image")]
    [InlineData("PH0211", "exclude each other", "--directory-only")]
    [InlineData("PH0211", "exclude each other", "--layout", "upstream")]
    public void There_are_no_deltas_of_everything(string code, string says, params string[] options)
    {
        CommandRun run = _site.TryPack("2.0", "x", ["--since", _base, .. options]).Failed(2);
        Assert.Contains($"[{code}]", run.Error, StringComparison.Ordinal);
        Assert.Contains(says, run.Error, StringComparison.Ordinal);
        Assert.Contains("hint: leave ", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(
        "osdf:///chtc/staging/a/base-1a2b3c4d.tar",
        "(packhorse fetch osdf:///chtc/staging/a/base-1a2b3c4d.tar)"
    )]
    [InlineData("https://example.org/base.tar", "(packhorse fetch https://example.org/base.tar)")]
    [InlineData("alice@access.example.org:/staging/base.tar", "as by scp")]
    [InlineData("ssh://access.example.org:2222/staging/base.tar", "as by scp")]
    public void A_base_on_another_machine_has_to_be_brought_first(string since, string hint)
    {
        CommandRun run = _site.TryPack("2.0", "x.tar", "--since", since).Failed(2);

        Assert.Contains("[PH0211]", run.Error, StringComparison.Ordinal);
        Assert.Contains("is not on this machine", run.Error, StringComparison.Ordinal);
        Assert.Contains(hint, run.Error, StringComparison.Ordinal);
        Assert.False(File.Exists(_site["x.tar"]));
    }

    [Fact]
    public void A_file_of_this_machine_may_have_a_colon_in_its_name()
    {
        File.Copy(_base, _site["a:b.tar"]);
        string here = Directory.GetCurrentDirectory();
        string relative = Path.GetRelativePath(here, _site["a:b.tar"]);

        _site.TryPack("2.0", "x.tar", "--since", relative).Successful();
    }

    [Fact]
    public void What_can_be_no_base_is_refused_when_a_delta_is_made()
    {
        string image = _site.Pack("1.0", "image.sqfs", "--pyc", "off");
        Assert.Contains("is an image", Since(image).Failed(2).Error, StringComparison.Ordinal);
        Assert.Contains("is itself a delta, of 'base.tar'", Since(_delta).Failed(2).Error, StringComparison.Ordinal);
        Assert.Contains("neither a file nor a directory", Since("-").Failed(2).Error, StringComparison.Ordinal);
        Assert.Contains("neither a file nor a directory", Since("/dev/null").Failed(2).Error, StringComparison.Ordinal);
        Since(_site["nothing.tar"]).Failed(3);
        string named = _site["base-0123abcd.tar"];
        File.Copy(_base, named);
        Assert.Contains("is not what its name says", Since(named).Failed(4).Error, StringComparison.Ordinal);
        File.WriteAllBytes(_site["cut.tar"], File.ReadAllBytes(_base)[..^1000]);
        Since(_site["cut.tar"]).Failed(4);
        Assert.False(File.Exists(_site["x.tar"]));

        CommandRun Since(string path) => _site.TryPack("2.0", "x.tar", "--since", path);
    }

    // Members are blocks of 512 bytes: a header, then the content.
    private CommandRun UnpackEdited(int member, Func<string, string> edit)
    {
        byte[] bytes = File.ReadAllBytes(_delta);
        int header = 0;
        for (int i = 1; i < member; i++)
        {
            header += 512 + ((SizeAt(bytes, header) + 511) / 512 * 512);
        }
        int size = SizeAt(bytes, header);
        string content = Encoding.UTF8.GetString(bytes, header + 512, size);
        string changed = edit(content);
        Assert.NotEqual(content, changed);
        byte[] edited = Encoding.UTF8.GetBytes(changed);
        int padded = (size + 511) / 512 * 512;
        Assert.True(edited.Length <= padded, "the edited member needs another block");
        bytes.AsSpan(header + 512, padded).Clear();
        edited.CopyTo(bytes, header + 512);
        Encoding.ASCII.GetBytes(Convert.ToString(edited.Length, 8).PadLeft(11, '0')).CopyTo(bytes, header + 124);
        FixChecksum(bytes, header);
        File.WriteAllBytes(_site["edited.tar"], bytes);
        return _site.Unpack(_site["edited.tar"], _base);
    }

    private static int SizeAt(byte[] tar, int header) =>
        Convert.ToInt32(Encoding.ASCII.GetString(tar, header + 124, 11), 8);

    private static void FixChecksum(byte[] tar, int header)
    {
        tar.AsSpan(header + 148, 8).Fill((byte)' ');
        int sum = tar.AsSpan(header, 512).ToArray().Sum(value => value);
        Encoding.ASCII.GetBytes(Convert.ToString(sum, 8).PadLeft(7, '0') + "\0").CopyTo(tar, header + 148);
    }
}
