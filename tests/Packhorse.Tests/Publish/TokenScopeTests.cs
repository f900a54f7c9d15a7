using Packhorse.Publish;

namespace Packhorse.Tests.Publish;

/// <summary>What a token allows, by what it says of itself.</summary>
public sealed class TokenScopeTests
{
    [Theory]
    // WLCG: the path is below the issuer's base, and whole names are compared.
    [InlineData("storage.read:/", "read", "/ns/x", "/ns", true)]
    [InlineData("storage.read:/alice", "read", "/ns/alice/x.sh", "/ns", true)]
    [InlineData("storage.read:/alice/", "read", "/ns/alice/x.sh", "/ns", true)]
    [InlineData("storage.read:/alice", "read", "/ns/alice", "/ns", true)]
    [InlineData("storage.read:/alice", "read", "/ns/alice2/x.sh", "/ns", false)]
    [InlineData("storage.read:/alice", "read", "/ns/bob/alice/x.sh", "/ns", false)]
    [InlineData("storage.read:/ns/alice", "read", "/ns/alice/x.sh", "/ns", false)]
    [InlineData("storage.read:/ns/alice", "read", "/ns/alice/x.sh", "/", true)]
    [InlineData("storage.read:/alice", "read", "/ns/with%20space/x", "/ns", false)]
    [InlineData("storage.read:/with%20space", "read", "/ns/with%20space/x", "/ns", true)]
    // An issuer's base may be above the namespace, and another than where the object is.
    [InlineData("storage.read:/PROTECTED", "read", "/chtc/PROTECTED/x", "/chtc", true)]
    [InlineData("storage.read:/", "read", "/ns/x", "/other", false)]
    [InlineData("storage.read:/", "read", "/ns2/x", "/ns", false)]
    // Of operations modify includes create, and neither is the other's read.
    [InlineData("storage.create:/", "create", "/ns/x", "/ns", true)]
    [InlineData("storage.modify:/", "create", "/ns/x", "/ns", true)]
    [InlineData("storage.read:/", "create", "/ns/x", "/ns", false)]
    [InlineData("storage.create:/", "read", "/ns/x", "/ns", false)]
    [InlineData("storage.stage:/", "read", "/ns/x", "/ns", false)]
    // SciTokens.
    [InlineData("read:/alice", "read", "/ns/alice/x", "/ns", true)]
    [InlineData("write:/alice", "create", "/ns/alice/x", "/ns", true)]
    [InlineData("write:/alice", "read", "/ns/alice/x", "/ns", false)]
    [InlineData("read", "read", "/ns/alice/x", "/ns", true)]
    // Where nobody says what the paths are relative to, it may be any directory above.
    [InlineData("storage.read:/alice", "read", "/ns/sub/alice/x", "", true)]
    [InlineData("storage.read:/lice", "read", "/ns/sub/alice/x", "", false)]
    [InlineData("storage.read:/bob", "read", "/ns/sub/alice/x", "", false)]
    [InlineData("openid", "read", "/ns/x", "", false)]
    public void A_scope_is_for_an_operation_below_a_path(
        string scope,
        string operation,
        string path,
        string origin,
        bool isAllowed
    )
    {
        AccessToken token = TestTokens.Make($"{{\"scope\": \"offline_access {scope}\"}}");

        string? objection = token.Objection(
            operation == "read" ? StorageOperation.Read : StorageOperation.Create,
            path,
            origin.Length == 0 ? [] : [origin],
            DateTimeOffset.UnixEpoch
        );

        Assert.Equal(isAllowed, objection is null);
    }

    [Fact]
    public void A_token_that_says_nothing_is_not_objected_to()
    {
        Assert.Null(
            AccessToken.Parse("hunter2", "a test").Objection(StorageOperation.Create, "/x", [], DateTimeOffset.MaxValue)
        );
        Assert.Null(TestTokens.Make("[1]").Objection(StorageOperation.Create, "/x", [], DateTimeOffset.MaxValue));
        Assert.Null(TestTokens.Make("no json").Objection(StorageOperation.Create, "/x", [], DateTimeOffset.MaxValue));
    }

    [Fact]
    public void A_token_is_not_sent_where_it_could_be_read_on_the_way()
    {
        AccessToken token = AccessToken.Parse("hunter2", "a test");

        Assert.Null(token.HeaderFor(new Uri("http://origin.example/x")));
        Assert.Equal("Bearer hunter2", token.HeaderFor(new Uri("https://origin.example/x"))!.ToString());
        Assert.Equal("Bearer hunter2", token.HeaderFor(new Uri("http://127.0.0.1:1/x"))!.ToString());
    }
}
