using System.Runtime.Versioning;
using System.Security.Cryptography;
using System.Text.Json;
using Packhorse.Model;
using Packhorse.Tests.Support;

namespace Packhorse.Tests.Publish;

/// <summary>Signatures go where their files go, and are asked for where those come from.</summary>
[SupportedOSPlatform("linux")]
public sealed class SignedPublishTests : IClassFixture<SshServer>, IDisposable
{
    private static readonly byte[] Content = "a pack"u8.ToArray();

    private readonly ScratchDirectory _scratch = new();
    private readonly SshServer _server;
    private readonly string _file;
    private readonly string _name;
    private readonly string _signers;

    public SignedPublishTests(SshServer server)
    {
        Assert.SkipUnless(StockTool.IsInstalled("ssh-keygen"), "there is no ssh-keygen");
        _server = server;
        _name = NameOf(Content);
        _file = _scratch.Write("environment.sh", Content);
        Directory.CreateDirectory(There);
        _signers = MakeKey("key", "alice@example.org");
        CommandRun.Of("sign", "-q", "--key", _scratch["key"], _file).Successful();
    }

    private string There => _scratch["there"];

    private string Fetched => _scratch["fetched.sh"];

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void A_signature_comes_along_under_the_files_new_name_and_fetch_asks_for_it()
    {
        CommandRun made = CommandRun.Of("publish", _file, "--to", There).Successful();
        string json = CommandRun.Of("publish", _file, "--to", There, "--json").Successful().Text;
        CommandRun fetched = Fetch("--key", _signers).Successful();

        Assert.Equal([_name, _name + ".sig"], Names());
        Assert.Contains($"signature      {There}/{_name}.sig\n", made.Text, StringComparison.Ordinal);
        Assert.DoesNotContain(".sig", made.Text.Split("transfer_input_files")[1], StringComparison.Ordinal);
        JsonElement signature = JsonDocument.Parse(json).RootElement.GetProperty("files")[0].GetProperty("signature");
        Assert.Equal("already_there", signature.GetProperty("status").GetString());
        Assert.Equal(Content, File.ReadAllBytes(Fetched));
        Assert.Equal(File.ReadAllBytes(_file + ".sig"), File.ReadAllBytes(Fetched + ".sig"));
        Assert.Contains("signed by alice@example.org (ssh-ed25519 SHA256:", fetched.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_was_made_anew_is_not_published_with_its_old_signature()
    {
        File.WriteAllBytes(_file, "another pack"u8);

        CommandRun run = CommandRun.Of("publish", _file, "--to", There).Failed(4);

        Assert.Contains("is not what was signed", run.Error, StringComparison.Ordinal);
        Assert.Contains("hint: sign the file again", run.Error, StringComparison.Ordinal);
        Assert.Empty(Names());
    }

    [Fact]
    public void Another_signature_of_the_same_file_is_refused_and_the_first_stays()
    {
        CommandRun.Of("publish", _file, "--to", There).Successful();
        byte[] first = File.ReadAllBytes(Path.Combine(There, _name + ".sig"));
        _ = MakeKey("other", "bob@example.org");
        CommandRun.Of("sign", "-q", "--key", _scratch["other"], _file).Successful();

        CommandRun run = CommandRun.Of("publish", _file, "--to", There).Failed(2);

        Assert.Contains("PH0203", run.Error, StringComparison.Ordinal);
        Assert.Contains("another signature there", run.Error, StringComparison.Ordinal);
        Assert.Equal(first, File.ReadAllBytes(Path.Combine(There, _name + ".sig")));
    }

    [Fact]
    public void The_list_of_what_is_there_says_what_became_of_signatures()
    {
        byte[] newer = "a newer pack"u8.ToArray();
        byte[] lonely = "a pack that is gone"u8.ToArray();
        byte[] forged = "a pack that was signed as another"u8.ToArray();
        foreach (byte[] content in (byte[][])[Content, lonely, newer, forged])
        {
            File.WriteAllBytes(_file, content);
            CommandRun.Of("sign", "-q", "--key", _scratch["key"], _file).Successful();
            string family = content == forged ? "other-{sha256:8}.sh" : "environment-{sha256:8}.sh";
            CommandRun.Of("publish", _file, "--to", There, "--name", family).Successful();
        }
        File.SetLastWriteTimeUtc(Path.Combine(There, _name), DateTime.UtcNow.AddDays(-1));
        File.Delete(Path.Combine(There, NameOf(lonely)));
        string spoiled = Path.Combine(There, NameOf(forged, "other") + ".sig");
        File.Delete(spoiled);
        File.Copy(Path.Combine(There, _name + ".sig"), spoiled);

        CommandRun listed = CommandRun.Of("published", There).Failed(8);

        Assert.Matches($"older .* {_name}\n", listed.Text);
        Assert.Matches($"older .* {_name}.sig\n", listed.Text);
        Assert.Matches($"signature .* {NameOf(newer)}.sig\n", listed.Text);
        Assert.Matches($"left over .* {NameOf(lonely)}.sig\n", listed.Text);
        Assert.Matches($"broken .* {Path.GetFileName(spoiled)}\n", listed.Text);
        Assert.Contains($"rm -f {There}/{NameOf(lonely)}.sig", listed.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Over_ssh_both_go_over_one_connection()
    {
        string ssh = _server.MakeClient(_scratch);
        int before = _server.Logins;

        CommandRun.Of("publish", _file, "--to", $"there:{There}", "--ssh", ssh).Successful();
        Assert.Equal(before + 1, _server.Logins);
        CommandRun listed = CommandRun.Of("published", $"there:{There}", "--ssh", ssh).Successful();

        Assert.Equal([_name, _name + ".sig"], Names());
        Assert.Matches($"right .* {_name}\n", listed.Text);
        Assert.Matches($"signature .* {_name}.sig\n", listed.Text);
    }

    [Fact]
    public void Who_may_not_sign_is_refused_before_the_file_is_brought()
    {
        CommandRun.Of("publish", _file, "--to", There).Successful();
        string strangers = MakeKey("stranger", "mallory@example.org");

        CommandRun run = Fetch("--key", strangers).Failed(4);
        File.Copy(_file, Fetched);
        CommandRun there = Fetch("--key", strangers).Failed(4);

        Assert.Contains("PH0414", run.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("Fetched", run.Error, StringComparison.Ordinal);
        Assert.Contains("PH0414", there.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("none", 3, "there is no signature")]
    [InlineData("of another file", 4, "fetched.sh is not what was signed")]
    [InlineData("no signature", 4, "[PH0413]")]
    [InlineData("gigabytes", 4, "[PH0404]")]
    public void Without_a_right_signature_nothing_is_at_the_files_name(string kind, int exitCode, string says)
    {
        CommandRun.Of("publish", _file, "--to", There).Successful();
        string signature = Path.Combine(There, _name + ".sig");
        File.Delete(signature);
        if (kind == "of another file")
        {
            File.WriteAllBytes(_file, "another pack"u8);
            CommandRun.Of("sign", "-q", "--key", _scratch["key"], _file).Successful();
            File.Copy(_file + ".sig", signature);
        }
        else if (kind != "none")
        {
            using FileStream file = File.Create(signature);
            file.SetLength(kind == "gigabytes" ? 3L << 30 : 100);
        }

        CommandRun run = Fetch("--key", _signers).Failed(exitCode);

        Assert.Contains(says, run.Error, StringComparison.Ordinal);
        Assert.False(File.Exists(Fetched));
        Assert.False(File.Exists(Fetched + ".part"));
        Assert.False(File.Exists(Fetched + ".sig.part"));
    }

    [Fact]
    public void A_signature_may_lie_elsewhere_and_says_nothing_without_keys()
    {
        string plain = _scratch.Write("plain.tar", Content);

        CommandRun refused = CommandRun.Of("fetch", plain, "-o", Fetched, "--signature", _file + ".sig").Failed(2);
        string json = CommandRun
            .Of("fetch", plain, "-o", Fetched, "--key", _signers, "--signature", _file + ".sig", "--json")
            .Successful()
            .Text;

        Assert.Contains("--signature needs --key", refused.Error, StringComparison.Ordinal);
        JsonElement result = JsonDocument.Parse(json).RootElement;
        Assert.True(result.GetProperty("verified").GetBoolean());
        Assert.Equal("alice@example.org", result.GetProperty("signed_by").GetProperty("names").GetString());
    }

    private CommandRun Fetch(params string[] options) =>
        CommandRun.Of(["fetch", Path.Combine(There, _name), "-o", Fetched, .. options]);

    private string[] Names() => [.. Directory.GetFiles(There).Select(path => Path.GetFileName(path)).Order()];

    private static string NameOf(byte[] content, string stem = "environment") =>
        $"{stem}-{NameHash.DigitsOf(new Digest(SHA256.HashData(content)), 8)}.sh";

    /// <returns>A file of allowed signers with it alone.</returns>
    private string MakeKey(string name, string owner)
    {
        StockTool.Run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", _scratch[name]);
        return _scratch.Write(
            $"{name}.signers",
            System.Text.Encoding.UTF8.GetBytes($"{owner} {File.ReadAllText(_scratch[$"{name}.pub"])}")
        );
    }
}
