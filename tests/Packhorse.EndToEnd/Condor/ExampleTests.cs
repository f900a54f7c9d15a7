using System.Text.RegularExpressions;
using Packhorse.TestChannel;

namespace Packhorse.EndToEnd.Condor;

/// <summary>The commands of examples/hello_pytorch/README.md, one after the other, on a machine and in a pool.</summary>
public sealed partial class ExampleTests(Pool pool, Environments environments) : IDisposable
{
    // For the commands of the guide any program will do that keeps to the same files and exit codes.
    private const string Program = """
        import os, sys
        print(sys.argv[1:], os.path.exists("checkpoint.pt"), sys.prefix, flush=True)
        if not os.path.exists("checkpoint.pt"):
            open("checkpoint.pt", "w").write("1")
            sys.exit(85)
        open("model.pt", "w").write(open("checkpoint.pt").read())
        """;

    private readonly DirectoryInfo _scratch = Directory.CreateTempSubdirectory("packhorse-e2e-");

    [Fact]
    public void The_guides_commands_work_as_they_are_written()
    {
        string project = MakeProject(environments.Channel);
        File.WriteAllText(Path.Combine(project, "train.py"), Program);
        Guide guide = Guide.Read(Example("README.md"));

        Job job = Follow(guide, project, "");
        Job withGpu = Follow(guide, project, "With a GPU: ");

        foreach (Job done in (Job[])[job, withGpu])
        {
            Assert.True(
                File.Exists(done["model.pt"]),
                $"no model.pt\n{done.Text("hello*.log")}\n{done.Text("hello*.out")}\n{done.Text("hello*.err")}"
            );
            Assert.Equal("1", done.Text("model.pt"));
            Assert.Equal(1, done.Text("hello*.log").Split("\n005 (").Length - 1);
            string[] lines = done.Text("hello*.out").TrimEnd().Split('\n');
            Assert.StartsWith(
                "['--epochs', '10', '--minutes', '30'] False /media/p/",
                lines[0],
                StringComparison.Ordinal
            );
            Assert.StartsWith(
                "['--epochs', '10', '--minutes', '30'] True /media/p/",
                lines[1],
                StringComparison.Ordinal
            );
        }
        Assert.Contains("/execute-newgpu/", withGpu.Text("hello-gpu.log"), StringComparison.Ordinal);
        Assert.Contains("\nrequest_gpus = 1\n", withGpu.Text("hello-gpu.sub"), StringComparison.Ordinal);
        Outcome session = job.Run(
            ["sh", "-c", guide.Commands("An interactive session").Single()],
            "python train.py --epochs 2; mv checkpoint.pt mine.pt; exit\n"
        );
        job.Run("condor_wait", "-wait", "120", "hello.log").Succeeded();
        Assert.True(File.Exists(job["mine.pt"]), session.Output + session.Error);
    }

    [Fact]
    public void PyTorch_is_trained_and_goes_on_from_its_checkpoint()
    {
        Assert.SkipUnless(
            System.Environment.GetEnvironmentVariable("PACKHORSE_FULL") == "1",
            "only by test --full: an environment of 3 GB"
        );
        string project = MakeProject(
            LargeChannel.Make(new ChannelOptions { Directory = Path.Combine(_scratch.FullName, "large") })
        );
        Guide guide = Guide.Read(Example("README.md"));
        // After each epoch, so that it does not take hours.
        Job job = Follow(
            guide,
            project,
            "",
            line => line.Replace("--minutes 30", "--minutes 0", StringComparison.Ordinal)
        );

        string output = job.Text("hello.*.out");
        Assert.Contains("PyTorch 1.13", output, StringComparison.Ordinal);
        Assert.Contains("going on after epoch 9\n", output, StringComparison.Ordinal);
        Match last = Accuracy().Match(output);
        Assert.True(last.Success, output);
        Assert.InRange(double.Parse(last.Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture), 90, 100);
        Assert.True(new FileInfo(job["model.pt"]).Length > 10_000);
    }

    public void Dispose() => _scratch.Delete(recursive: true);

    // A section for the machine where environments are made, and one for the access point.
    private Job Follow(Guide guide, string project, string title, Func<string, string>? change = null)
    {
        foreach (string line in guide.Commands($"{title}on your machine"))
        {
            // Nothing can be solved without the channel: the lock file is of the test's own packages.
            if (line != "pixi lock")
            {
                string path = Path.GetDirectoryName(Published.Packhorse)!;
                Published.Start("/bin/sh", ["-c", $"cd '{project}' && PATH='{path}':$PATH && {line}"]).Succeeded();
            }
        }
        string name = pool.MakeDirectory($"{_scratch.Name}-{title.Length}");
        var job = new Job(pool.Require(), name);
        foreach (string file in Directory.GetFiles(project).Where(file => Path.GetFileName(file) != "pixi.lock"))
        {
            File.Copy(file, job[Path.GetFileName(file)]);
        }
        foreach (string line in guide.Commands($"{title}on the access point"))
        {
            string command = (change is null ? line : change(line)).Replace(
                "condor_wait ",
                "condor_wait -wait 300 ",
                StringComparison.Ordinal
            );
            Outcome outcome = job.Run("sh", "-c", command);
            Assert.True(outcome.ExitCode == 0, $"{command}\n{outcome.Output}\n{outcome.Error}");
        }
        return job;
    }

    // Both environments; in that for GPUs also what says that it has CUDA.
    private string MakeProject(Channel channel)
    {
        string project = Path.Combine(_scratch.FullName, "project");
        Directory.CreateDirectory(project);
        foreach (string file in (string[])["pixi.toml", "train.py"])
        {
            File.Copy(Example(file), Path.Combine(project, file));
        }
        var cuda = new ChannelDirectory(Path.Combine(_scratch.FullName, "cuda"));
        BuiltPackage[] packages =
        [
            cuda.Add(new PackageBuilder("cuda-version", "12.9").DependsOn("__cuda >=12")),
            cuda.Add(new PackageBuilder("cudnn", "9.11.0").AddFile("share/cudnn", "not there\n")),
        ];
        LockBuilder both = new LockBuilder(new Uri(channel.Directory + "/").AbsoluteUri)
            .In("cpu")
            .Add(channel.Packages)
            .In("gpu")
            .Add(channel.Packages);
        foreach (BuiltPackage package in packages)
        {
            both.Add(package.Record, package.FileName, new Uri(cuda.PathOf(package)).AbsoluteUri);
        }
        File.WriteAllText(Path.Combine(project, "pixi.lock"), both.ToYaml());
        return project;
    }

    private static string Example(string file) => Path.Combine(Published.Repository, "examples", "hello_pytorch", file);

    [GeneratedRegex(@"epoch 10: loss [\d.]+, ([\d.]+) % of unseen")]
    private static partial Regex Accuracy();
}
