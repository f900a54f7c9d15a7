using System.Runtime.Versioning;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Packhorse.TestChannel;
using Packhorse.Tests.Pack;
using Packhorse.Tests.Support;

namespace Packhorse.Tests.Packing;

/// <summary>What packages' scripts write is in an image that was made with --run-link-scripts, wherever it is unpacked.</summary>
[SupportedOSPlatform("linux")]
public sealed class ImageLinkScriptTests : IDisposable
{
    private const string Option = "--run-link-scripts";

    private readonly Worksite _site = new();

    // Everything that a script can do to an environment.
    private const string Script = """
        echo "$PKG_NAME $PKG_VERSION in $PREFIX" > "$PREFIX/share/made"
        mkdir -p "$PREFIX/var/empty" "$PREFIX/etc/made"
        printf '#!%s/bin/sh\nexec %s/bin/tool\n' "$PREFIX" "$PREFIX" > "$PREFIX/bin/made" && chmod 700 "$PREFIX/bin/made"
        printf 'a\0%s/lib\0z' "$PREFIX" > "$PREFIX/share/binary"
        ln -s "$PREFIX/share/made" "$PREFIX/etc/made/link"
        ln -s nowhere "$PREFIX/etc/dangling"
        echo "added in $PREFIX" >> "$PREFIX/share/changed"
        rm "$PREFIX/share/removed" "$PREFIX/share/dependency"
        echo second > "$PREFIX/share/new" && mv "$PREFIX/share/new" "$PREFIX/share/first-name"
        rm -r "$PREFIX/lib64" && ln -s lib "$PREFIX/lib64"
        mkdir -p "$PREFIX/lib/__pycache__" && echo code > "$PREFIX/lib/__pycache__/x.cpython-311.pyc"
        echo "told" > "$PREFIX/.messages.txt"
        """;

    public void Dispose() => _site.Dispose();

    [Fact]
    public void An_image_unpacked_anywhere_has_what_scripts_do_there()
    {
        string image = _site.PackImage([Option], Packages(Script));
        string pack = _site.Pack(Packages(Script));

        CommandRun unpacked = _site.Unpack(image, Option).Successful();
        IReadOnlyList<string> fromImage = Listing();
        // Of its old length, as a C string: what a package's binary gets too.
        Assert.StartsWith($"a\0{_site.Prefix}/lib\0\0", _site.Read("share/binary"), StringComparison.Ordinal);
        Assert.EndsWith("\0z", _site.Read("share/binary"), StringComparison.Ordinal);
        Directory.Delete(_site.Prefix, recursive: true);
        _site.Unpack(pack, Option).Successful();

        // Made by the dependency's script, and removed by the one that comes after it.
        Assert.False(File.Exists(_site["share/dependency"]));
        Assert.DoesNotContain("told", unpacked.Error, StringComparison.Ordinal);
        Assert.True(fromImage.Count > 15, "there is too little to compare");
        TreeListing.AssertSame(Listing(), fromImage);
        Assert.Contains("were run when the image was made", CommandRun.Of("inspect", image).Successful().Text);
    }

    [Fact]
    public void Nothing_runs_without_the_option_and_the_packages_are_named()
    {
        string image = _site.PackImage(Packages(Script));

        CommandRun unpacked = _site.Unpack(image).Successful();

        Assert.False(File.Exists(_site["share/made"]));
        Assert.Contains(
            "only with --run-link-scripts: bin/.a-tool-post-link.sh",
            unpacked.Error,
            StringComparison.Ordinal
        );
        _site.Unpack(image, Option).Successful();
        Assert.Equal($"a-tool 2.0 in {_site.Prefix}\n", _site.Read("share/made"));
    }

    [Fact]
    public void Modules_that_scripts_change_or_remove_are_those_of_the_scripts()
    {
        string[] lines =
        [
            "echo \"changed = 1\" > \"$PREFIX/lib/python3.11/os.py\"",
            "rm \"$PREFIX/lib/python3.11/gone.py\"",
        ];
        string image = _site.PackImage(
            [Option],
            [
                SamplePackages.Python().AddFile("lib/python3.11/gone.py", "a = 1\n"),
                new PackageBuilder("tool")
                    .DependsOn("python")
                    .AddFile("bin/.tool-post-link.sh", string.Join('\n', lines)),
            ]
        );

        _site.Unpack(image).Successful();

        Assert.Equal("changed = 1\n", _site.Read("lib/python3.11/os.py"));
        Assert.False(File.Exists(_site["lib/python3.11/gone.py"]));
    }

    [Fact]
    public void What_no_image_can_hold_is_refused_and_nothing_is_left()
    {
        CommandRun run = _site.TryPackImage([Option], Packages("mkfifo \"$PREFIX/share/pipe\"")).Failed(1);

        Assert.Contains("share/pipe", run.Error, StringComparison.Ordinal);
        Assert.Contains("hint: leave --run-link-scripts out here", run.Error, StringComparison.Ordinal);
        Assert.Empty(_site.LeftBehind);
    }

    [Fact]
    public void Scripts_for_another_platform_are_refused()
    {
        CommandRun run = _site
            .TryPackImage(
                [Option],
                Packages("true").Select(package => package.Subdir("linux-aarch64")),
                "linux-aarch64"
            )
            .Failed(7);

        Assert.Contains("link scripts such as those of a-tool=2.0", run.Error, StringComparison.Ordinal);
    }

    private static IEnumerable<PackageBuilder> Packages(string script) =>
        [
            // Its dependency comes behind it by name, and its script before.
            new PackageBuilder("a-tool", "2.0")
                .DependsOn("b-dependency")
                .AddFile("share/changed", "as packaged\n")
                .AddFile("share/removed", "x")
                .AddFile("share/kept", "x")
                .AddFile("share/first-name", "first")
                .AddMember(new TarMember("share/other-name", TarMember.HardLink) { LinkName = "share/first-name" })
                .EditPaths(paths => AddPath(paths, "share/other-name"))
                .AddFile("lib64/gone", "x")
                .AddFile("bin/.a-tool-post-link.sh", script),
            new PackageBuilder("b-dependency")
                .AddFile("share/of-dependency", "x")
                .AddFile("bin/.b-dependency-post-link.sh", "echo x > \"$PREFIX/share/dependency\""),
        ];

    private static void AddPath(JsonObject paths, string path) =>
        ((JsonArray)paths["paths"]!).Add((JsonNode)new JsonObject { ["_path"] = path, ["path_type"] = "hardlink" });

    // Without times and permissions, which scripts leave to chance, and with links resolved: an image has relative ones.
    private IReadOnlyList<string> Listing() =>
        [
            .. Directory
                .EnumerateFileSystemEntries(_site.Prefix, "*", SearchOption.AllDirectories)
                .Where(path =>
                    !path.EndsWith("__pycache__", StringComparison.Ordinal)
                    && !path.EndsWith(".pyc", StringComparison.Ordinal)
                )
                .Where(path => Path.GetFileName(path) != "binary")
                .Select(path => $"{Path.GetRelativePath(_site.Prefix, path)} {Describe(path)}")
                .Order(StringComparer.Ordinal),
        ];

    private static string Describe(string path) =>
        new FileInfo(path).ResolveLinkTarget(returnFinalTarget: false) is { } target ? $"-> {target.FullName}"
        : Directory.Exists(path) ? "directory"
        : $"{File.GetUnixFileMode(path).HasFlag(UnixFileMode.UserExecute)} {Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(path)))}";
}
