using Packhorse.TestChannel;

namespace Packhorse.EndToEnd;

/// <summary>Images of a real Python, made by the published executable and read by a stock tool.</summary>
public sealed class ImageTests(Environments environments) : IDisposable
{
    private readonly DirectoryInfo _scratch = Directory.CreateTempSubdirectory("packhorse-image-");

    private string Prefix => Path.Combine(_scratch.FullName, "prefix");

    private string Image => Path.Combine(_scratch.FullName, "environment.sqfs");

    public void Dispose() => _scratch.Delete(recursive: true);

    [Fact]
    public void Python_uses_the_byte_code_that_the_image_brings_and_names_its_sources_by_the_prefix()
    {
        MakeImage("--pyc", "on");
        Extract();

        Outcome python = Python(
            "-v",
            "-c",
            "import json, argparse; print(argparse.ArgumentParser.parse_args.__code__.co_filename)"
        );

        Assert.Equal($"{Prefix}/lib/python3.11/argparse.py", python.Output.Trim());
        string[] imported =
        [
            .. python.Error.Split('\n').Where(line => line.Contains(".pyc matches ", StringComparison.Ordinal)),
        ];
        Assert.Contains(imported, line => line.Contains("/json/__pycache__/decoder.", StringComparison.Ordinal));
        Assert.DoesNotContain("wrote", python.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Byte_code_is_taken_unchecked_and_is_the_same_every_time()
    {
        MakeImage("--pyc", "on");
        byte[] first = File.ReadAllBytes(Image);
        MakeImage("--pyc", "on", "--workers", "1");
        Assert.Equal(first, File.ReadAllBytes(Image));
        Extract();

        // Touching and changing a source changes nothing: what is in an image cannot change.
        File.AppendAllText($"{Prefix}/lib/python3.11/json/__init__.py", "\nraise SystemExit('compiled anew')\n");

        Python("-c", "import json");
    }

    [Fact]
    public void Byte_code_of_modules_that_name_their_prefix_is_not_taken_at_another_one()
    {
        MakeImage("--pyc", "on");
        string job = Path.Combine(_scratch.FullName, "job");
        Published.Run("unpack", Image, "-o", job, "--keep-pyc", "-q").Succeeded();
        string prefix = Path.Combine(job, "env");
        const string Code = """
            import glob, importlib.machinery, importlib.util, marshal, os, sys
            old, new, found = sys.argv[1].encode(), sys.prefix.encode(), 0
            for path in glob.glob(sys.prefix + "/lib/python3*/**/*.py", recursive=True):
                with open(path, "rb") as file:
                    text = file.read()
                if new in text and os.path.exists(importlib.util.cache_from_source(path)):
                    code = importlib.machinery.SourceFileLoader("module", path).get_code("module")
                    assert old not in marshal.dumps(code), path
                    found += 1
            print(found)
            """;

        Outcome python = Published.Start($"{prefix}/bin/python3", ["-B", "-c", Code, Prefix]).Succeeded();

        Assert.NotEqual("0", python.Output.Trim());
    }

    [Fact]
    public void Without_byte_code_the_image_holds_what_unpacking_makes()
    {
        MakeImage("--pyc", "off");
        Extract();
        string unpacked = Path.Combine(_scratch.FullName, "unpacked");
        Directory.Move(Prefix, unpacked);
        Published.Run("unpack", environments.Pack, "-o", _scratch.FullName, "-e", "prefix", "-q").Succeeded();

        // What an update would look at is of no use in an image.
        string[] options = ["-r", "--no-dereference", "-x", "packhorse-records"];
        Outcome difference = Published.Start("diff", [.. options, Prefix, unpacked]);

        Assert.Equal("", difference.Succeeded().Output);
    }

    [Fact]
    public void Of_a_platform_that_does_not_run_here_no_byte_code_can_be_asked_for()
    {
        string text = File.ReadAllText(environments.Channel.LockFile)
            .Replace("linux-64", "linux-ppc64le", StringComparison.Ordinal);
        string lockFile = Path.Combine(_scratch.FullName, "pixi.lock");
        File.WriteAllText(lockFile, text);
        string channel = Path.Combine(environments.Channel.Directory, "linux-64");
        string other = Path.Combine(environments.Channel.Directory, "linux-ppc64le");
        Directory.CreateSymbolicLink(other, channel);

        Outcome run = Published.Run("pack", lockFile, "-p", "linux-ppc64le", "-o", Image, "--pyc", "on");

        Directory.Delete(other);
        Assert.Equal(7, run.ExitCode);
        Assert.Contains("--pyc", run.Error, StringComparison.Ordinal);
        Assert.False(File.Exists(Image));
    }

    [Fact]
    public void Link_scripts_have_the_environments_Python_and_their_modules_get_byte_code()
    {
        const string Script = """
            python3 -c 'import sys; open(sys.prefix + "/lib/python3.11/made.py", "w").write(f"where = {sys.prefix!r}\n")'
            """;
        var channel = new ChannelDirectory(Path.Combine(_scratch.FullName, "scripted"));
        BuiltPackage package = channel.Add(
            new PackageBuilder("scripted").DependsOn("python").AddFile("bin/.scripted-post-link.sh", Script)
        );

        MakeImage("--pyc", "on", "--run-link-scripts", "--inject", channel.PathOf(package));
        Extract();

        Outcome python = Python("-v", "-c", "import made; print(made.where)");
        Assert.Equal(Prefix, python.Output.Trim());
        Assert.Contains("/__pycache__/made.cpython-311.pyc matches ", python.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("wrote", python.Error, StringComparison.Ordinal);
    }

    private void MakeImage(params string[] options) =>
        Published
            .Run(["pack", environments.Channel.LockFile, "-o", Image, "--prefix", Prefix, "-q", .. options])
            .Succeeded();

    private void Extract() =>
        Published.Start("unsquashfs", ["-quiet", "-no-progress", "-dest", Prefix, Image]).Succeeded();

    private Outcome Python(params string[] arguments) =>
        Published
            .Start($"{Prefix}/bin/python3", arguments, new Dictionary<string, string> { ["LC_ALL"] = "C.UTF-8" })
            .Succeeded();
}
