using System.Runtime.Versioning;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Packhorse.TestChannel;
using Packhorse.Tests.Support;

namespace Packhorse.Tests.Signing;

/// <summary>Detached signatures, together with the real ssh-keygen.</summary>
[SupportedOSPlatform("linux")]
public sealed class SignatureTests : IDisposable
{
    private readonly ScratchDirectory _scratch = new();
    private readonly string _pack;

    public SignatureTests()
    {
        Assert.SkipUnless(
            Environment.GetEnvironmentVariable("PATH")!.Split(':').Any(path => File.Exists($"{path}/ssh-keygen")),
            "there is no ssh-keygen"
        );
        var channel = new ChannelDirectory(_scratch["channel"]);
        channel.Add(new PackageBuilder("tool").AddFile("share/tool", "tool"));
        channel.WriteLock(_scratch["project"]);
        _pack = _scratch["environment.tar"];
        CommandRun.Of("pack", "-q", "-o", _pack, _scratch["project"]).Successful();
    }

    public void Dispose() => _scratch.Dispose();

    [Theory]
    [InlineData("ed25519", "256")]
    [InlineData("ecdsa", "256")]
    [InlineData("ecdsa", "384")]
    [InlineData("ecdsa", "521")]
    [InlineData("rsa", "2048")]
    [InlineData("rsa", "3072")]
    public void What_either_program_signs_the_other_verifies(string type, string bits)
    {
        string key = Key("key", type, bits);
        string signers = Signers($"alice@example.org {PublicKey(key)}");

        CommandRun.Of("sign", "-q", "--key", key, _pack).Successful();
        Assert.Contains("Good \"packhorse\" signature for alice", KeygenVerifies(signers), StringComparison.Ordinal);
        CommandRun ours = Verify(signers).Successful();
        Assert.Contains($"signed by alice@example.org ({Kind(key)} SHA256:", ours.Text, StringComparison.Ordinal);

        File.Delete($"{_pack}.sig");
        StockTool.Run("ssh-keygen", "-q", "-Y", "sign", "-n", "packhorse", "-f", key, _pack);
        Verify(signers).Successful();
        Verify(key + ".pub").Successful();
    }

    [Theory]
    [InlineData("ed25519", "sha256")]
    [InlineData("rsa", "sha256")]
    [InlineData("rsa", "sha512")]
    public void Both_digests_that_signatures_have_are_known(string type, string hash)
    {
        string key = Key("key", type, type == "rsa" ? "2048" : "256");
        StockTool.Run("ssh-keygen", "-q", "-Y", "sign", "-O", $"hashalg={hash}", "-n", "packhorse", "-f", key, _pack);

        Verify(key + ".pub").Successful();
    }

    [Fact]
    public void An_agent_may_hold_the_key()
    {
        string key = Key("key");
        string script =
            "eval \"$(ssh-agent -s)\" >/dev/null && trap 'ssh-agent -k >/dev/null' EXIT && ssh-add -q \"$1\" && rm \"$1\" "
            + "&& ssh-keygen -q -Y sign -n packhorse -f \"$1.pub\" \"$2\"";
        StockTool.Run("sh", "-c", script, "sh", key, _pack);

        Verify(key + ".pub").Successful();
    }

    [Fact]
    public void Who_signed_is_told_to_scripts()
    {
        string key = Key("key");
        CommandRun signed = CommandRun.Of("sign", "--json", "--key", key, _pack).Successful();
        CommandRun verified = CommandRun.Of("verify", "--json", "--key", key + ".pub", _pack).Successful();

        JsonElement by = JsonDocument.Parse(verified.Text).RootElement.GetProperty("signed_by");
        Assert.Equal(
            JsonDocument.Parse(signed.Text).RootElement.GetProperty("key").GetString(),
            by.GetProperty("key").GetString()
        );
        Assert.Equal("test", by.GetProperty("names").GetString());
        Assert.Equal(
            Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(_pack))),
            by.GetProperty("sha256").GetString()
        );
        string fingerprint = StockTool.Run("ssh-keygen", "-l", "-f", key + ".pub").Split(' ')[1];
        Assert.EndsWith(fingerprint, by.GetProperty("key").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_key_that_is_not_allowed_is_told()
    {
        CommandRun.Of("sign", "-q", "--key", Key("key"), _pack).Successful();
        CommandRun run = Verify(Key("other") + ".pub").Failed(4);
        Assert.Contains("[PH0414]", run.Error, StringComparison.Ordinal);
        Assert.Contains("which is not in", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("valid-before=\"20200101\"", "it has expired: its line counted until 20")]
    [InlineData("valid-before=\"20200101120000Z\"", "until 2020-01-01 12:00:00Z")]
    [InlineData("valid-after=\"20990101Z\"", "its line counts from 2099-01-01 00:00:00Z on")]
    [InlineData("namespaces=\"file,git\"", "allows the namespaces file, git, and not packhorse")]
    [InlineData("namespaces=\"*,!pack*\"", "and not packhorse")]
    [InlineData("cert-authority", "certificates are not supported")]
    public void What_a_line_does_not_allow_is_told(string options, string says)
    {
        string key = Key("key");
        CommandRun.Of("sign", "-q", "--key", key, _pack).Successful();
        string signers = Signers($"alice {options} {PublicKey(key)}");

        CommandRun run = Verify(signers).Failed(4);

        Assert.Contains("[PH0414]", run.Error, StringComparison.Ordinal);
        Assert.Contains(says, run.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("Good", KeygenVerifies(signers), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("valid-before=\"20990101\",valid-after=\"202001010000\"")]
    [InlineData("namespaces=\"git,pack*\"")]
    [InlineData("Namespaces=\"packhorse\",valid-after=\"20200101000000Z\"")]
    public void What_a_line_allows_is_accepted_as_ssh_keygen_accepts_it(string options)
    {
        string key = Key("key");
        CommandRun.Of("sign", "-q", "--key", key, _pack).Successful();
        string other = PublicKey(Key("other"));
        string signers = Signers($"# comment\n\nbob {other}\nalice {options} {PublicKey(key)}\n");

        Verify(signers).Successful();
        Assert.Contains("Good", KeygenVerifies(signers), StringComparison.Ordinal);
    }

    [Fact]
    public void Another_namespace_is_refused()
    {
        string key = Key("key");
        StockTool.Run("ssh-keygen", "-q", "-Y", "sign", "-n", "file", "-f", key, _pack);
        CommandRun run = Verify(key + ".pub").Failed(4);
        Assert.Contains(
            "is a signature for 'file', and not for 'packhorse' [PH0413]",
            run.Error,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void A_changed_file_and_the_signature_of_another_one_are_refused()
    {
        string key = Key("key");
        CommandRun.Of("sign", "-q", "--key", key, _pack).Successful();
        string other = _scratch.Write("other.tar", [.. File.ReadAllBytes(_pack), 0]);
        Assert.Contains(
            "is not what was signed",
            CommandRun.Of("verify", "--key", key + ".pub", "--signature", _pack + ".sig", other).Failed(4).Error,
            StringComparison.Ordinal
        );
        byte[] content = File.ReadAllBytes(_pack);
        content[^1] ^= 1;
        File.WriteAllBytes(_pack, content);
        Assert.Contains("[PH0413]", Verify(key + ".pub").Failed(4).Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ed25519", "256")]
    [InlineData("ecdsa", "256")]
    [InlineData("rsa", "2048")]
    public void Every_beginning_of_a_signature_and_every_flipped_bit_is_refused(string type, string bits)
    {
        string key = Key("key", type, bits);
        CommandRun.Of("sign", "-q", "--key", key, _pack).Successful();
        byte[] armored = File.ReadAllBytes(_pack + ".sig");
        for (int length = 0; length < armored.Length - 1; length += 7)
        {
            File.WriteAllBytes(_pack + ".sig", armored[..length]);
            Assert.Contains("[PH0413]", Verify(key + ".pub").Failed(4).Error, StringComparison.Ordinal);
        }
        string text = Encoding.ASCII.GetString(armored);
        byte[] blob = Convert.FromBase64String(string.Concat(text.Split('\n').Where(line => !line.StartsWith('-'))));
        for (int at = 0; at < blob.Length; at++)
        {
            byte[] flipped = [.. blob];
            flipped[at] ^= (byte)(1 << (at % 8));
            File.WriteAllText(
                _pack + ".sig",
                $"-----BEGIN SSH SIGNATURE-----\n{Convert.ToBase64String(flipped)}\n-----END SSH SIGNATURE-----\n"
            );
            CommandRun run = Verify(key + ".pub");
            Assert.True(run.ExitCode is 4 or 7, $"byte {at}: exit code {run.ExitCode}: {run.Error}");
        }
    }

    [Fact]
    public void What_is_no_signature_no_key_or_no_file_is_told()
    {
        string key = Key("key");
        Assert.Contains(".sig", Verify(key + ".pub").Failed(3).Error, StringComparison.Ordinal);
        File.WriteAllText(_pack + ".sig", "hello\n");
        Assert.Contains("is no signature of SSH", Verify(key + ".pub").Failed(4).Error, StringComparison.Ordinal);
        File.WriteAllBytes(_pack + ".sig", new byte[100_000]);
        Assert.Contains("[PH0404]", Verify(key + ".pub").Failed(4).Error, StringComparison.Ordinal);

        CommandRun.Of("sign", "-q", "--key", key, _pack).Successful();
        Assert.Contains(
            "line 1: there is no public key",
            Verify(Signers("alice")).Failed(2).Error,
            StringComparison.Ordinal
        );
        Assert.Contains("has no keys", Verify(Signers("# nobody")).Failed(2).Error, StringComparison.Ordinal);
        string odd = Signers($"alice valid-before=\"soon\" {PublicKey(key)}");
        Assert.Contains("'soon' is no time", Verify(odd).Failed(2).Error, StringComparison.Ordinal);
        odd = Signers($"alice verify-required {PublicKey(key)}");
        Assert.Contains("is no option", Verify(odd).Failed(2).Error, StringComparison.Ordinal);
        CommandRun.Of("verify", "--signature", _pack + ".sig", _pack).Failed(2);
        CommandRun.Of("verify", "--key", key + ".pub", _scratch["channel"]).Failed(2);
        CommandRun.Of("sign", "--key", _scratch["nothing"], _pack).Failed(3);
        CommandRun.Of("sign", "--key", key, _scratch["nothing.tar"]).Failed(3);
        CommandRun.Of("sign", "--key", key, _scratch["channel"]).Failed(2);
    }

    [Fact]
    public void What_ssh_keygen_does_not_sign_leaves_no_signature()
    {
        string notKey = _scratch.Write("not-a-key", "hello\n"u8);
        File.SetUnixFileMode(notKey, UnixFileMode.UserRead);
        CommandRun run = CommandRun.Of("sign", "--key", notKey, _pack).Failed(1);
        Assert.Contains("[PH0106]", run.Error, StringComparison.Ordinal);
        Assert.False(File.Exists(_pack + ".sig"));
    }

    [Fact]
    public void An_older_signature_is_replaced_without_a_question()
    {
        string key = Key("key");
        CommandRun.Of("sign", "-q", "--key", Key("old"), _pack).Successful();
        CommandRun.Of("sign", "-q", "--key", key, _pack).Successful();
        Verify(key + ".pub").Successful();
    }

    private string Key(string name, string type = "ed25519", string bits = "256")
    {
        string path = _scratch[name];
        StockTool.Run("ssh-keygen", "-q", "-t", type, "-b", bits, "-N", "", "-C", "test", "-f", path);
        return path;
    }

    private static string PublicKey(string key) => File.ReadAllText(key + ".pub").Trim();

    private static string Kind(string key) => PublicKey(key).Split(' ')[0];

    private string Signers(string text) => _scratch.Write("allowed_signers", Encoding.UTF8.GetBytes(text + "\n"));

    private CommandRun Verify(string keys) => CommandRun.Of("verify", "--key", keys, _pack);

    // What it says, whether it accepts or not.
    private string KeygenVerifies(string signers) =>
        StockTool.Run(
            "sh",
            "-c",
            "ssh-keygen -Y verify -n packhorse -I alice\"$4\" -f \"$1\" -s \"$2\" < \"$3\" 2>&1 || true",
            "sh",
            signers,
            _pack + ".sig",
            _pack,
            File.ReadAllText(signers).Contains("alice@", StringComparison.Ordinal) ? "@example.org" : ""
        );
}
