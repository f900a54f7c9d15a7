using Packhorse.Fetch;
using Packhorse.Model;
using Packhorse.Tests.Support;

namespace Packhorse.Tests.Fetch;

public sealed class FetchConfigTests
{
    [Theory]
    [InlineData("config/pixi/main_config.toml", 5)]
    [InlineData("config/rattler_config/config.toml", 5)]
    [InlineData("config/rattler_config/compat/kitchen-sink.toml", 12)]
    [InlineData("config/rattler_config/compat/override-layer.toml", null)]
    [InlineData("config/pixi/config_1.toml", null)]
    [InlineData("config/pixi/config_2.toml", null)]
    [InlineData("config/rattler_config/compat/snake-case-aliases.toml", null)]
    public void Real_files_hold_nothing_unknown(string fixture, int? downloads)
    {
        FetchConfig config = Read(fixture);
        Assert.Equal(downloads, config.Downloads);
        Assert.DoesNotContain(config.Warnings, warning => warning.Contains("unknown key", StringComparison.Ordinal));
    }

    [Fact]
    public void Mirrors_of_a_real_file_apply()
    {
        MirrorMap map = Read("config/pixi/main_config.toml").CreateMirrorMap();
        Assert.Equal(
            ["https://prefix.dev/conda-forge/noarch/x.conda"],
            map.UrlsFor("https://conda.anaconda.org/conda-forge/noarch/x.conda")
        );
        Assert.Equal(4, map.UrlsFor("https://conda.anaconda.org/bioconda/noarch/x.conda").Count);
    }

    [Fact]
    public void The_longest_prefix_of_a_real_file_decides()
    {
        MirrorMap map = Read("config/pixi/mirror_prefix_config.toml").CreateMirrorMap();
        string label = "https://conda.anaconda.org/conda-forge/label/dev/x.conda";
        Assert.Equal([label], map.UrlsFor(label));
        Assert.Equal(
            ["https://prefix.dev/bioconda/x.conda"],
            map.UrlsFor("https://conda.anaconda.org/bioconda/x.conda")
        );
    }

    [Fact]
    public void Unknown_keys_and_unreadable_mirrors_are_warned_about()
    {
        FetchConfig typo = Read("config/rattler_config/compat/deprecated-and-unknown.toml");
        Assert.Equal(["config.toml:6: unknown key 'definitely-a-typo'"], typo.Warnings);
        FetchConfig oci = Read("config/pixi/oci_config.toml");
        Assert.Contains("'oci://ghcr.io/channel-mirrors/conda-forge' is passed over", Assert.Single(oci.Warnings));
    }

    [Fact]
    public void Buckets_proxies_and_trust_of_a_real_file_are_read()
    {
        FetchConfig config = Read("config/rattler_config/compat/kitchen-sink.toml");
        S3Options bucket = config.Buckets["my-bucket"];
        Assert.Equal("https://s3.example.com/", bucket.Endpoint!.AbsoluteUri);
        Assert.Equal(("eu-central-1", true), (bucket.Region, bucket.ForcePathStyle));
        Assert.Equal("https://proxy.example.com:8080", config.Proxies.Https);
        Assert.Equal("http://proxy.example.com:8080", config.Proxies.Http);
        Assert.Equal(["localhost", "127.0.0.1"], config.Proxies.Without!);
        Assert.Equal("/path/to/auth.json", config.AuthenticationFile);
        Assert.False(config.TrustsEverybody);
        Assert.Contains("tls-root-certs: the machine's certificates are used", Assert.Single(config.Warnings));
    }

    [Fact]
    public void Settings_that_have_no_effect_are_told()
    {
        FetchConfig config = FetchConfig.Parse(
            "offline = true\n[s3-options.b]\nacl = 'x'\n[proxy-config]\nftp = 'http://me:hunter2@proxy'\n",
            "config.toml"
        );
        Assert.Equal(
            [
                "config.toml:1: offline has no effect here: packages are brought all the same",
                "config.toml:3: unknown key 's3-options.b.acl'",
                "config.toml:5: unknown key 'proxy-config.ftp'",
            ],
            config.Warnings
        );
        Assert.Empty(FetchConfig.Parse("tls-no-verify = false\noffline = false", "config.toml").Warnings);
        Assert.True(FetchConfig.Parse("tls_no_verify = true", "config.toml").TrustsEverybody);
    }

    [Theory]
    [InlineData("[concurrency]\ndownloads = 7")]
    [InlineData("concurrency.downloads = 7")]
    [InlineData("concurrency = { downloads = 7, solves = 1 }")]
    [InlineData("\"concurrency\".'downloads' = 7")]
    public void Tables_may_be_written_in_every_way(string toml) =>
        Assert.Equal(7, FetchConfig.Parse(toml, "config.toml").Downloads);

    [Theory]
    [InlineData(
        "\n[concurrency]\ndownloads = 0",
        "config.toml:3: 'concurrency.downloads' is not a number of at least 1"
    )]
    [InlineData("concurrency.downloads = -1", "config.toml:1: 'concurrency.downloads' is not")]
    [InlineData("concurrency.downloads = 'many'", "config.toml:1: 'concurrency.downloads' is not")]
    [InlineData("concurrency.downloads = 99999999999", "config.toml:1: 'concurrency.downloads' is not")]
    [InlineData("concurrency.solves = 0", "config.toml:1: 'concurrency.solves' is not")]
    [InlineData("concurrency = 5", "config.toml:1: 'concurrency' is not a table")]
    [InlineData("mirrors = 5", "config.toml:1: 'mirrors' is not")]
    [InlineData(
        "[mirrors]\n'https://a.example' = 'https://b.example'",
        "config.toml:2: 'mirrors.https://a.example' is not a list of URLs"
    )]
    [InlineData(
        "[mirrors]\n'https://a.example' = [5]",
        "config.toml:2: 'mirrors.https://a.example' has a mirror that is not a URL"
    )]
    [InlineData(
        "[mirrors]\n'https://a.example' = ['b']",
        "config.toml:2: 'mirrors.https://a.example' has a mirror that is not a URL"
    )]
    [InlineData("tls-no-verify = 'yes'", "config.toml:1: 'tls-no-verify' is not true or false")]
    [InlineData("tls-root-certs = 'mozilla'", "config.toml:1: 'tls-root-certs' is none of")]
    [InlineData("s3-options.b = 5", "config.toml:1: 's3-options.b' is not a bucket")]
    [InlineData(
        "s3-options.b.endpoint-url = 'hunter2'",
        "config.toml:1: 's3-options.b.endpoint-url' is not a URL of the web"
    )]
    [InlineData("proxy-config.https = 5", "config.toml:1: 'proxy-config.https' is not a text")]
    [InlineData("proxy-config.non-proxy-hosts = 'a'", "config.toml:1: 'proxy-config.non-proxy-hosts' is not a list")]
    [InlineData("[mirrors]\na = []", "config.toml:2: 'mirrors.a' is not a URL")]
    [InlineData("a = 1\nb = ", "config.toml:2:")]
    [InlineData("a = 1\na = 'hunter2'", "config.toml:2:")]
    [InlineData("[", "config.toml:1:")]
    public void What_makes_no_sense_is_refused_with_its_line(string toml, string message)
    {
        var error = Assert.Throws<UsageException>(() => FetchConfig.Parse(toml, "config.toml"));
        Assert.Equal(ErrorCodes.BadConfiguration, error.Code);
        Assert.StartsWith(message, error.Message);
        Assert.DoesNotContain("hunter2", error.ToString());
    }

    [Fact]
    public void Deep_nesting_is_refused() =>
        Assert.Throws<UsageException>(() => FetchConfig.Parse("a = " + new string('[', 100_000), "config.toml"));

    private static FetchConfig Read(string fixture) =>
        FetchConfig.Parse(File.ReadAllText(Fixtures.Require(fixture)), "config.toml");
}
