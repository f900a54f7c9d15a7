namespace Packhorse.EndToEnd;

/// <summary>The published executable has cryptography of its own: what it verifies is what ssh-keygen signs.</summary>
public sealed class SignatureTests(Environments environments)
{
    [Theory]
    [InlineData("ed25519", "256")]
    [InlineData("ecdsa", "256")]
    [InlineData("ecdsa", "384")]
    [InlineData("ecdsa", "521")]
    [InlineData("rsa", "3072")]
    public void It_signs_and_verifies_with_every_kind_of_key(string type, string bits)
    {
        string key = environments[$"{type}-{bits}"];
        Published.Start("ssh-keygen", ["-q", "-t", type, "-b", bits, "-N", "", "-f", key]).Succeeded();
        string file = environments[$"signed-{type}-{bits}.tar"];
        File.Copy(environments.Pack, file);

        Published.Run("sign", "-q", "--key", key, file).Succeeded();
        Outcome verified = Published.Run("verify", "--key", key + ".pub", file).Succeeded();
        Assert.Contains("signed by ", verified.Output, StringComparison.Ordinal);

        using (FileStream end = File.OpenWrite(file))
        {
            end.Seek(-1, SeekOrigin.End);
            end.WriteByte(1);
        }
        Assert.Equal(4, Published.Run("verify", "--key", key + ".pub", file).ExitCode);
    }
}
