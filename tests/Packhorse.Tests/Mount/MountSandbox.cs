using System.Runtime.Versioning;
using Packhorse.TestChannel;
using Packhorse.Tests.SelfExtracting;
using Packhorse.Tests.Support;

namespace Packhorse.Tests.Mount;

/// <summary>
/// An image of small packages, and a place to run it in as another user: a mount namespace in which /dev/fuse may be used by all,
/// whatever it is outside.
/// </summary>
[SupportedOSPlatform("linux")]
public sealed class MountSandbox : IDisposable
{
    public const int ManyFiles = 10_000;

    private readonly ScratchDirectory _scratch = new();

    public MountSandbox()
    {
        Directory.CreateDirectory(_scratch["tmp"]);
        Directory.CreateDirectory(_scratch["dev"]);
        SmallPack.Pack(MakeLock(), Image, "--image");
        // Compiled by another process: what this one has open for writing is not executed by Linux.
        StockTool.Run("cp", SmallPack.Runtime, Runtime);
        StockTool.Run("chmod", "-R", "a+rX", _scratch.Root);
        StockTool.Run("chmod", "1777", _scratch["tmp"]);
    }

    public string Image => _scratch["hello.sqfs"];

    public string Runtime => _scratch["runtime"];

    /// <summary>A directory that everybody may write to.</summary>
    public string Temporary => _scratch["tmp"];

    public string this[string relative] => _scratch[relative];

    public void Dispose() => _scratch.Dispose();

    /// <summary>Runs the image's <c>run</c> as another user.</summary>
    internal Outcome Run(params string[] command) => new Confinement(this).Run(["run", Image, "--", .. command]);

    /// <summary>A copy of the image that a test may spoil.</summary>
    public string CopyOfImage(string name)
    {
        string path = Path.Combine(Temporary, name);
        StockTool.Run("cp", Image, path);
        StockTool.Run("chmod", "666", path);
        return path;
    }

    private string MakeLock()
    {
        string prefix = Placeholder.Default;
        var channel = new ChannelDirectory(_scratch["channel"]);
        channel.Add(
            new PackageBuilder("hello")
                .AddExecutable("bin/hello", "#!/bin/sh\necho \"hello $1 from $CONDA_PREFIX with $HELLO\"\n")
                .AddExecutable("bin/where", $"#!/bin/sh\necho {prefix}\n", PrefixMode.Text)
                .AddExecutable("bin/program", File.ReadAllBytes("/bin/true"))
                .AddExecutable("bin/large", ProgramAheadTests.Program())
                .AddExecutable("bin/script", $"#! {prefix}/bin/large -x\n", PrefixMode.Text)
                .AddFile("share/zeros", new byte[3_000_000])
                .AddFile("share/noise", Noise(5_000_000))
                .AddFile("etc/conda/env_vars.d/settings.json", "{\"HELLO\": \"a variable\"}\n")
                .AddSymlink("share/link", "noise")
        );
        channel.Add(PackagesAheadTests.AddPackages(new PackageBuilder("modules")));
        var many = new PackageBuilder("many");
        for (int i = 0; i < ManyFiles; i++)
        {
            many = many.AddFile($"share/many/{i:d5}", $"{i}\n");
        }
        channel.Add(
            many.AddFile($"share/{string.Join('/', Enumerable.Repeat(new string('d', 60), 40))}/deep", "deep\n")
        );
        return channel.WriteLock(_scratch["project"]);
    }

    private static byte[] Noise(int length)
    {
        byte[] bytes = new byte[length];
        new Random(1).NextBytes(bytes);
        return bytes;
    }
}
