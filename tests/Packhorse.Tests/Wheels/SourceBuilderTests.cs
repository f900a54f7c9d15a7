using Packhorse.Fetch;
using Packhorse.Lock;
using Packhorse.Model;
using Packhorse.Packing;
using Packhorse.TestChannel;
using Packhorse.Tests.Support;

namespace Packhorse.Tests.Wheels;

/// <summary>Wheels built of what is none, with front ends made for the test and with a real pip.</summary>
public sealed class SourceBuilderTests : IDisposable
{
    private readonly WheelSite _site = new();

    [Theory]
    [InlineData("uv", "build --wheel --out-dir")]
    [InlineData("pip", "wheel --no-deps --wheel-dir")]
    [InlineData("pip3", "wheel --no-deps --wheel-dir")]
    public async Task The_front_end_that_is_there_is_asked_for_one_wheel(string program, string arguments)
    {
        WriteFrontEnd(program, "/bin/cp \"$WHEEL\" \"$OUT\"");
        IReadOnlyList<PlannedMember> built = await BuildAsync("./project dir");
        Assert.Equal("pypi/demo-1.0-py3-none-any.whl", Assert.Single(built).Path);
        Assert.True(built[0].IsKnown);
        string asked = await File.ReadAllTextAsync(_site["asked"], TestContext.Current.CancellationToken);
        Assert.StartsWith(arguments, asked, StringComparison.Ordinal);
        Assert.EndsWith($"{_site["lock"]}/project dir\n", asked, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_front_end_it_says_what_to_install()
    {
        Directory.CreateDirectory(_site["bin"]);
        NotFoundException error = await Assert.ThrowsAsync<NotFoundException>(() => BuildAsync("./project"));
        Assert.Equal(ErrorCodes.NoFrontEnd, error.Code);
        Assert.Contains("neither uv nor pip", error.Message, StringComparison.Ordinal);
        WriteFrontEnd("uv", "exit 1");
        error = await Assert.ThrowsAsync<NotFoundException>(() => BuildAsync("git+https://host/demo.git#0123"));
        Assert.Contains("only pip", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("echo 'no compiler here' >&2; exit 3", "ended with 3:\nno compiler here")]
    [InlineData("exit 0", "made 0 wheels")]
    [InlineData("/bin/cp \"$WHEEL\" \"$OUT\"; /bin/cp \"$WHEEL\" \"$OUT/x-1.0-py3-none-any.whl\"", "made 2 wheels")]
    public async Task A_build_that_makes_no_wheel_is_told_with_what_the_front_end_said(string script, string sentence)
    {
        WriteFrontEnd("uv", script);
        OperationFailedException error = await Assert.ThrowsAsync<OperationFailedException>(() => BuildAsync("./demo"));
        Assert.Equal(ErrorCodes.BuildFailed, error.Code);
        Assert.Contains(sentence, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Another_projects_wheel_is_refused()
    {
        WriteFrontEnd("uv", "/bin/cp \"$WHEEL\" \"$OUT\"");
        OperationFailedException error = await Assert.ThrowsAsync<OperationFailedException>(() =>
            BuildAsync("./a", "other")
        );
        Assert.Contains("made 'demo-1.0-py3-none-any.whl' of it", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_archive_is_compared_with_the_lock_before_its_code_runs()
    {
        WriteFrontEnd("uv", "/bin/cp \"$WHEEL\" \"$OUT\"");
        await using var server = new FlakyServer();
        server.Serve("demo-1.0.tar.gz", "other bytes"u8.ToArray());
        CorruptDataException error = await Assert.ThrowsAsync<CorruptDataException>(() =>
            BuildAsync(server.Url("demo-1.0.tar.gz"), sha256: Packhorse.Codecs.Sha256.Hash("the sdist"u8))
        );
        Assert.Equal(ErrorCodes.DigestMismatch, error.Code);
        Assert.False(File.Exists(_site["asked"]));
        server.Serve("demo-1.0.tar.gz", "the sdist"u8.ToArray());
        Assert.Single(
            await BuildAsync(server.Url("demo-1.0.tar.gz"), sha256: Packhorse.Codecs.Sha256.Hash("the sdist"u8))
        );
    }

    [Theory]
    [InlineData("git+https://host/p.git#0123", "git+https://host/p.git@0123")]
    [InlineData("git+https://host/p.git?rev=v1#0123", "git+https://host/p.git@0123")]
    [InlineData("git+ssh://host/p?tag=v1&subdirectory=a/b#01", "git+ssh://host/p@01#subdirectory=a/b")]
    [InlineData("git+https://host/p", "git+https://host/p")]
    public void Repositories_are_named_as_pip_names_them(string locked, string named) =>
        Assert.Equal(named, SourceBuilder.RepositoryOf(locked));

    // A backend within the project needs nothing from an index.
    [Fact]
    public async Task A_real_pip_builds_a_project()
    {
        _site.On(RealChannel.Make(_site["channel"], RealChannel.PythonEnvironment));
        string pack = await Task.Run(() => _site.Pack("environment.tar"), TestContext.Current.CancellationToken);
        await Task.Run(() => _site.Unpack(pack).Successful(), TestContext.Current.CancellationToken);
        string project = Path.Combine(_site["lock"], "project");
        Directory.CreateDirectory(project);
        new WheelBuilder("demo").AddFile("demo.py", "x = 1\n").WriteTo(project);
        await File.WriteAllTextAsync(
            Path.Combine(project, "pyproject.toml"),
            "[build-system]\nrequires = []\nbuild-backend = \"backend\"\nbackend-path = [\".\"]\n",
            TestContext.Current.CancellationToken
        );
        await File.WriteAllTextAsync(
            Path.Combine(project, "backend.py"),
            """
            import os, shutil

            NAME = "demo-1.0-py3-none-any.whl"

            def prepare_metadata_for_build_wheel(directory, config_settings=None):
                os.mkdir(os.path.join(directory, "demo-1.0.dist-info"))
                with open(os.path.join(directory, "demo-1.0.dist-info", "METADATA"), "w") as metadata:
                    metadata.write("Metadata-Version: 2.1\nName: demo\nVersion: 1.0\n")
                return "demo-1.0.dist-info"

            def build_wheel(directory, config_settings=None, metadata_directory=None):
                shutil.copy(os.path.join(os.path.dirname(os.path.abspath(__file__)), NAME), directory)
                return NAME
            """,
            TestContext.Current.CancellationToken
        );
        IReadOnlyList<PlannedMember> built = await BuildAsync("./project", path: $"{_site.Prefix}/bin:/usr/bin:/bin");
        Assert.Equal("demo", Assert.Single(built).Record.Name);
    }

    public void Dispose() => _site.Dispose();

    // WHEEL is what it can give out, OUT where it is asked to; what it was asked is written down.
    private void WriteFrontEnd(string name, string script)
    {
        string wheel = new WheelBuilder("demo").AddFile("demo.py", "").WriteTo(_site["ready"]);
        Directory.CreateDirectory(_site["bin"]);
        string file = _site[$"bin/{name}"];
        File.WriteAllText(
            file,
            $"#!/bin/sh\necho \"$@\" > '{_site["asked"]}'\nWHEEL='{wheel}'\nfor a; do\n  case $last in --out-dir | --wheel-dir) OUT=$a;; esac\n  last=$a\ndone\n{script}\n"
        );
        StockTool.Run("chmod", "755", file);
    }

    private async Task<IReadOnlyList<PlannedMember>> BuildAsync(
        string location,
        string name = "demo",
        Digest? sha256 = null,
        string? path = null
    )
    {
        Assert.True(PackageLocation.TryParse(location, out PackageLocation? parsed, out _));
        var options = new FetchOptions { Randomness = () => 0, UserAgent = "test" };
        await using var fetcher = new Fetcher(options, MirrorMap.Empty, SilentReporter.Instance);
        int run = Directory.Exists(_site["builds"]) ? Directory.GetDirectories(_site["builds"]).Length : 0;
        var request = new SourceBuildRequest
        {
            LockDirectory = _site["lock"],
            Place = file => _site[$"builds/{run}/{file}"],
            Variables = new Dictionary<string, string>
            {
                ["PATH"] = path ?? $"{_site["bin"]}",
                ["HOME"] = _site["home"],
                ["TMPDIR"] = Path.GetTempPath(),
            },
        };
        var builder = new SourceBuilder(request, fetcher, SilentReporter.Instance);
        var package = new LockedPypiPackage
        {
            Name = name,
            Version = "1.0",
            Location = parsed,
            Sha256 = sha256,
        };
        return await Task.Run(() => builder.BuildAsync([package], TestContext.Current.CancellationToken));
    }
}
