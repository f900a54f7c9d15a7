using Packhorse.Model;
using Packhorse.TestChannel;
using Packhorse.Tests.Support;
using YamlDotNet.RepresentationModel;

namespace Packhorse.Tests.TestChannel;

public sealed class LockBuilderTests
{
    [Fact]
    public void A_lock_is_yaml_with_every_package_under_its_environment()
    {
        BuiltPackage python = new PackageBuilder("python", "3.11.2", "h0_7")
            .SitePackages("lib/python3.11/site-packages")
            .Pack();
        BuiltPackage tool = new PackageBuilder("tool", "1!2", "py_0")
            .NoArchPython()
            .DependsOn("python >=3.11,<4", "*x")
            .Pack();

        YamlMappingNode root = Parse(
            new LockBuilder("https://channel.example/x")
                .Add(python)
                .In("other", "osx-arm64")
                .Add(tool)
                .AddWheel("./wheels/a-1.0-py3-none-any.whl", "a", "1.0", null)
                .ToYaml()
        );

        YamlNode environments = root["environments"];
        Assert.Equal(
            "https://channel.example/x/linux-64/python-3.11.2-h0_7.conda",
            (string?)environments["default"]["packages"]["linux-64"][0]["conda"]
        );
        YamlNode other = environments["other"]["packages"]["osx-arm64"];
        Assert.Equal("https://channel.example/x/noarch/tool-1%212-py_0.conda", (string?)other[0]["conda"]);
        Assert.Equal("./wheels/a-1.0-py3-none-any.whl", (string?)other[1]["pypi"]);
        YamlNode entry = Assert.Single(
            (YamlSequenceNode)root["packages"],
            package => package is YamlMappingNode map && map.Children.ContainsKey("depends")
        );
        Assert.Equal("*x", (string?)entry["depends"][1]);
        Assert.Equal(tool.Record.Sha256.ToString(), (string?)entry["sha256"]);
    }

    [Theory]
    [InlineData("1.0")]
    [InlineData("1e3")]
    [InlineData("0x1f")]
    [InlineData("null")]
    [InlineData("yes")]
    [InlineData("- a")]
    [InlineData("a: b")]
    [InlineData("a # b")]
    [InlineData(">=1,<2")]
    [InlineData("\"a\\b\"")]
    [InlineData("")]
    public void Text_comes_back_as_it_was(string license)
    {
        BuiltPackage package = new PackageBuilder("a").License(license).Pack();

        YamlNode entry = Parse(new LockBuilder("file:///c").Add(package).ToYaml())["packages"][0];

        Assert.Equal(license, (string?)entry["license"]);
        bool plain = ((YamlScalarNode)entry["license"]).Style == YamlDotNet.Core.ScalarStyle.Plain;
        Assert.False(plain, "these would be something else than a string when plain");
    }

    [Fact]
    public void A_channel_that_is_there_is_locked_as_when_it_was_made()
    {
        using ScratchDirectory scratch = new();
        ChannelDirectory made = new(scratch["channel"]);
        made.Add(new PackageBuilder("a").DependsOn("b").AddFile("share/a", "a"));
        made.Add(new PackageBuilder("b").NoArchGeneric().AddFile("share/b", "b"), PackageArchiveKind.TarBz2);
        made.WriteRepodata();

        string text = ChannelDirectory.Open(scratch["channel"]).Lock("./channel").ToYaml();

        Assert.Equal(made.Lock("./channel").ToYaml(), text);
        Assert.Contains("- conda: ./channel/noarch/b-1.0-h0_0.tar.bz2\n", text, StringComparison.Ordinal);
        Assert.Contains(
            "\"packages.conda\"",
            File.ReadAllText(scratch["channel/linux-64/repodata.json"]),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Real_packages_are_locked_too()
    {
        ChannelDirectory channel = ChannelDirectory.Open(Fixtures.Require("conda-forge"));

        Assert.Contains(channel.Packages, package => package.FileName == "openssl-3.3.1-h4ab18f5_1.conda");
        Assert.Contains(channel.Packages, package => package.FileName == "xz-5.2.6-h166bdaf_0.tar.bz2");
        Assert.All(channel.Packages, package => Assert.NotNull(package.Record.Sha256));
    }

    private static YamlMappingNode Parse(string text)
    {
        YamlStream yaml = new();
        yaml.Load(new StringReader(text));
        return (YamlMappingNode)yaml.Documents[0].RootNode;
    }
}
