using System.Buffers.Text;
using System.Text;
using Packhorse.Publish;

namespace Packhorse.Tests.Publish;

/// <summary>Tokens that say something of themselves, signed by nobody.</summary>
internal static class TestTokens
{
    public static AccessToken Make(string claims) =>
        AccessToken.Parse($"e30.{Base64Url.EncodeToString(Encoding.UTF8.GetBytes(claims))}.x", "a test");
}
