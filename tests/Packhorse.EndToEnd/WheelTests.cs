using Packhorse.Tests.Support;

namespace Packhorse.EndToEnd;

/// <summary>Real wheels on a real Python, from every kind of pack that it can be started in.</summary>
public sealed class WheelTests(Environments environments) : IDisposable
{
    private const string Import =
        "import idna, typing_extensions, anyio, sys; print(idna.encode('straße.de'), anyio.__file__.startswith(sys.prefix))";

    private const string Expected = "b'xn--strae-oqa.de' True";

    private readonly DirectoryInfo _scratch = Directory.CreateTempSubdirectory("packhorse-wheels-");

    private static string[] Wheels =>
        [
            .. new[]
            {
                "idna-3.10-py3-none-any.whl",
                "typing_extensions-4.14.1-py3-none-any.whl",
                "anyio-4.9.0-py3-none-any.whl",
                "sniffio-1.3.1-py3-none-any.whl",
                "uv-test-links/basic_app-0.1.0-py3-none-any.whl",
            }.Select(name => Fixtures.Require($"wheels/{name}")),
        ];

    public void Dispose() => _scratch.Delete(recursive: true);

    [Fact]
    public void They_are_imported_and_their_commands_start_when_unpacked()
    {
        string pack = Pack("environment.tar");
        string output = Path.Combine(_scratch.FullName, "a job");
        Published.Run("unpack", pack, "-o", output, "-q").Succeeded();
        Assert.Equal(Expected, Run($"{output}/env/bin/python", "-c", Import));
        // The prefix has a blank, which no kernel takes in a first line.
        Assert.Equal("Hello from basic-app!", Run($"{output}/env/bin/basic-app"));
    }

    [Theory]
    [InlineData("environment.tar")]
    [InlineData("environment.sqfs")]
    public void They_are_imported_and_their_commands_start_by_run(string name)
    {
        string pack = Pack(name);
        string into = Path.Combine(_scratch.FullName, "into");
        Directory.CreateDirectory(into);
        Outcome python = Published.Run("run", "--into", into, pack, "--", "python", "-c", Import).Succeeded();
        Assert.Equal(Expected, python.Output.Trim());
        Outcome command = Published.Run("run", "--into", into, pack, "--", "basic-app").Succeeded();
        Assert.Equal("Hello from basic-app!", command.Output.Trim());
    }

    [Theory]
    [InlineData("--create-executable")]
    [InlineData("--create-executable", "--image")]
    public void They_are_imported_and_their_commands_start_from_a_self_extracting_file(params string[] options)
    {
        string file = Pack("environment.sh", options);
        string into = Path.Combine(_scratch.FullName, "into");
        Directory.CreateDirectory(into);
        string[] run = [file, "run", "--into", into, "--"];
        Outcome python = Published.Start("/bin/sh", [.. run, "python", "-c", Import]).Succeeded();
        Assert.Equal(Expected, python.Output.Trim());
        Assert.Equal(
            "Hello from basic-app!",
            Published.Start("/bin/sh", [.. run, "basic-app"]).Succeeded().Output.Trim()
        );
        Published.Start("/bin/sh", [file, "verify"]).Succeeded();
    }

    private string Pack(string name, params string[] options)
    {
        string pack = Path.Combine(_scratch.FullName, name);
        Published
            .Run(["pack", environments.Channel.LockFile, "-q", "-o", pack, .. options, "--inject", .. Wheels])
            .Succeeded();
        return pack;
    }

    private static string Run(string program, params string[] arguments) =>
        Published
            .Start(
                program,
                arguments,
                new Dictionary<string, string> { ["PATH"] = "/usr/bin:/bin", ["LC_ALL"] = "C.UTF-8" }
            )
            .Succeeded()
            .Output.Trim();
}
