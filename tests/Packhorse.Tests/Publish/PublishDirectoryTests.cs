using System.Runtime.Versioning;
using System.Security.Cryptography;
using System.Text.Json;
using Packhorse.Model;
using Packhorse.Publish;
using Packhorse.Tests.Image;
using Packhorse.Tests.SelfExtracting;
using Packhorse.Tests.Support;

namespace Packhorse.Tests.Publish;

/// <summary><c>packhorse publish</c> to a directory.</summary>
[SupportedOSPlatform("linux")]
public sealed class PublishDirectoryTests : IDisposable
{
    private static readonly byte[] Content = "a pack"u8.ToArray();

    private readonly ScratchDirectory _scratch = new();

    public PublishDirectoryTests() => Directory.CreateDirectory(_scratch["there"]);

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void A_file_gets_a_name_with_its_hash_and_is_told_how_to_be_used()
    {
        string file = _scratch.Write("environment.sh", Content);

        JsonElement made = Publish(file);

        string name = $"environment-{Hash(Content)[..8]}.sh";
        Assert.Equal([name], Names());
        Assert.Equal(Content, File.ReadAllBytes(_scratch[$"there/{name}"]));
        Assert.Equal("published", made.GetProperty("status").GetString());
        Assert.Equal(Hash(Content), made.GetProperty("sha256").GetString());
        Assert.Equal(_scratch[$"there/{name}"], made.GetProperty("transfer_input_file").GetString());
        Assert.False(File.GetUnixFileMode(_scratch[$"there/{name}"]).HasFlag(UnixFileMode.UserWrite));
    }

    [Fact]
    public void The_same_content_is_there_already_and_that_is_fine()
    {
        string file = _scratch.Write("environment.sh", Content);
        _ = Publish(file);
        DateTime before = File.GetLastWriteTimeUtc(_scratch[$"there/{Names()[0]}"]);

        JsonElement again = Publish(file);

        Assert.Equal("already_there", again.GetProperty("status").GetString());
        Assert.Single(Names());
        Assert.Equal(before, File.GetLastWriteTimeUtc(_scratch[$"there/{Names()[0]}"]));
    }

    [Fact]
    public void A_broken_upload_is_left_alone_and_the_next_number_is_taken()
    {
        string file = _scratch.Write("environment.sh", Content);
        string name = $"environment-{Hash(Content)[..8]}";
        _ = _scratch.Write($"there/{name}.sh", Content.AsSpan(0, 3));
        _ = _scratch.Write($"there/{name}.1.sh", []);

        JsonElement made = Publish(file);

        Assert.Equal($"{name}.2.sh", made.GetProperty("name").GetString());
        Assert.Equal(
            [_scratch[$"there/{name}.sh"], _scratch[$"there/{name}.1.sh"]],
            made.GetProperty("broken").EnumerateArray().Select(path => path.GetString())
        );
        Assert.Equal(Content[..3], File.ReadAllBytes(_scratch[$"there/{name}.sh"]));
        // Published once more it is found, behind the broken ones.
        Assert.Equal("already_there", Publish(file).GetProperty("status").GetString());
    }

    [Fact]
    public async Task Eight_digits_that_two_contents_share_become_more()
    {
        Assert.True(Digest.TryParse("abcdef0123" + new string('0', 54), out Digest ours));
        Assert.True(Digest.TryParse("abcdef0123" + new string('1', 54), out Digest theirs));
        await using var shelf = new Shelf { ["x-abcdef01.sh"] = theirs };
        var file = new LocalFile("/x.sh", 1, ours, null);

        Publication made = await Publisher.PublishAsync(
            file,
            file.PublishedName(),
            shelf,
            dryRun: false,
            SilentReporter.Instance,
            TestContext.Current.CancellationToken
        );

        Assert.Equal("x-abcdef012300.sh", made.Name);
        Assert.Empty(made.Broken);
    }

    [Fact]
    public void Without_a_hash_a_name_with_other_content_is_refused_and_kept()
    {
        string file = _scratch.Write("environment.sh", Content);
        _ = _scratch.Write("there/plain.sh", "other"u8);

        CommandRun run = Run(file, "--name", "plain.sh").Failed(2);

        Assert.Contains("PH0203", run.Error, StringComparison.Ordinal);
        Assert.Contains("{sha256:8}", run.Error, StringComparison.Ordinal);
        Assert.Equal("other"u8.ToArray(), File.ReadAllBytes(_scratch["there/plain.sh"]));
        Assert.Equal(["plain.sh"], Names());
    }

    [Fact]
    public void Something_that_is_no_file_is_in_the_way_like_any_other_content()
    {
        string file = _scratch.Write("environment.sh", Content);
        string name = $"environment-{Hash(Content)[..8]}";
        Directory.CreateDirectory(_scratch[$"there/{name}.sh"]);
        File.CreateSymbolicLink(_scratch[$"there/{name}.1.sh"], "nowhere");

        Assert.Equal($"{name}.2.sh", Publish(file).GetProperty("name").GetString());
    }

    [Fact]
    public void A_file_whose_own_name_lies_is_not_published()
    {
        string file = _scratch.Write("environment-deadbeef.sh", Content);

        CommandRun run = Run(file).Failed(4);

        Assert.Contains(Hash(Content), run.Error, StringComparison.Ordinal);
        Assert.Empty(Names());
    }

    [Fact]
    public void A_name_with_a_right_hash_is_kept_and_a_date_is_none()
    {
        string named = _scratch.Write($"gpu-{Hash(Content)[..12]}.tar", Content);
        string dated = _scratch.Write("gpu-20261122.tar", Content);

        Assert.Equal(Path.GetFileName(named), Publish(named).GetProperty("name").GetString());
        Assert.Equal($"gpu-20261122-{Hash(Content)[..8]}.tar", Publish(dated).GetProperty("name").GetString());
    }

    [Fact]
    public void An_image_may_be_named_by_its_root()
    {
        string file = _scratch["gpu.sqfs"];
        _ = SmallPack.Pack(SmallPack.MakeLock(_scratch.Root), file, "--image");
        string root = ImageFiles.FooterOf(File.ReadAllBytes(file)).Root.ToString();

        JsonElement made = Publish(file, "--name", "gpu-{root:12}.sqfs");

        Assert.Equal(root, made.GetProperty("root").GetString());
        Assert.Equal($"gpu-{root[..12]}.sqfs", Assert.Single(Names()));
        // Its name is as good as one of the SHA-256.
        Assert.Equal(
            "already_there",
            Publish(_scratch[$"there/gpu-{root[..12]}.sqfs"]).GetProperty("status").GetString()
        );
    }

    [Theory]
    [InlineData("data.zip", 2, "PH0200")]
    [InlineData("missing.sh", 3, "PH0300")]
    public void What_cannot_be_published_is_told(string name, int exitCode, string code)
    {
        _ = _scratch.Write("data.zip", Content);

        Assert.Contains(code, Run(_scratch[name]).Failed(exitCode).Error, StringComparison.Ordinal);
        Assert.Empty(Names());
    }

    [Fact]
    public void Anything_can_be_published_by_a_name_that_was_chosen()
    {
        string file = _scratch.Write("data.zip", Content);

        Assert.Equal(
            $"data-{Hash(Content)[..8]}.zip",
            Publish(file, "--name", "data-{sha256:8}.zip").GetProperty("name").GetString()
        );
    }

    [Fact]
    public void A_dry_run_says_the_name_and_writes_nothing()
    {
        string file = _scratch.Write("environment.sh", Content);

        Assert.Equal("would_be_published", Publish(file, "--dry-run").GetProperty("status").GetString());
        Assert.Empty(Names());
    }

    [Fact]
    public void A_directory_that_is_not_there_is_made_below_one_that_is_and_no_deeper()
    {
        string file = _scratch.Write("environment.sh", Content);

        CommandRun.Of("publish", file, "--to", _scratch["there/new"]).Successful();
        CommandRun deep = CommandRun.Of("publish", file, "--to", _scratch["no/such"]).Failed(3);

        Assert.Single(Directory.EnumerateFiles(_scratch["there/new"]));
        Assert.Contains("mkdir -p", deep.Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_scratch["no"]));
    }

    [Fact]
    public void Several_files_make_one_line_for_the_submit_file()
    {
        string a = _scratch.Write("a.sh", "a"u8);
        string b = _scratch.Write("b.sh", "b"u8);
        string profile = _scratch.Write(
            "mine.toml",
            System.Text.Encoding.UTF8.GetBytes(
                $"[places.\"{_scratch["there"]}\"]\nurl = \"osdf:///mine/x\"\n[sizes.osdf]\nup-to = \"1 GB\"\nsubmit = \"want = True\"\n"
            )
        );

        string text = CommandRun.Of("publish", a, b, "--to", _scratch["there"], "--site", profile).Successful().Text;

        Assert.Contains(
            $"transfer_input_files = osdf:///mine/x/a-{NameHash.DigitsOf(DigestOf("a"), 8)}.sh, osdf:///mine/x/b-{NameHash.DigitsOf(DigestOf("b"), 8)}.sh\n  want = True\n",
            text,
            StringComparison.Ordinal
        );
    }

    private JsonElement Publish(string file, params string[] options) =>
        JsonDocument.Parse(Run(file, ["--json", .. options]).Successful().Text).RootElement.GetProperty("files")[0];

    private CommandRun Run(string file, params string[] options) =>
        CommandRun.Of(["publish", file, "--to", _scratch["there"], .. options]);

    private string[] Names() =>
        [
            .. Directory
                .EnumerateFileSystemEntries(_scratch["there"])
                .Select(path => Path.GetFileName(path))
                .Order(StringComparer.Ordinal),
        ];

    private static string Hash(ReadOnlySpan<byte> content) => Convert.ToHexStringLower(SHA256.HashData(content));

    private static Digest DigestOf(string content) => new(SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(content)));

    /// <summary>A destination in memory, where any content can have any digest.</summary>
    private sealed class Shelf : Dictionary<string, Digest>, IDestination
    {
        public string Location(string name) => name;

        public string? SitePath(string name) => null;

        public string? Url(string name) => null;

        public Task<long?> SizeOfAsync(string name, CancellationToken cancellation) =>
            Task.FromResult<long?>(ContainsKey(name) ? 1 : null);

        public string RemovalOf(string name) => $"rm {name}";

        public Task<Occupant> LookAsync(
            string name,
            LocalFile file,
            IReporter reporter,
            CancellationToken cancellation
        ) =>
            Task.FromResult(
                !TryGetValue(name, out Digest digest) ? new Occupant(OccupantKind.Nothing)
                : digest == file.Sha256 ? new Occupant(OccupantKind.SameContent)
                : new Occupant(OccupantKind.OtherContent, 1, digest)
            );

        public Task<bool> TryPlaceAsync(
            string name,
            LocalFile file,
            IReporter reporter,
            CancellationToken cancellation
        ) => Task.FromResult(TryAdd(name, file.Sha256));

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
