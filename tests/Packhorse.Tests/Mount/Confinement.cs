using System.Runtime.Versioning;
using Packhorse.Tests.SelfExtracting;

namespace Packhorse.Tests.Mount;

/// <summary>A machine as a job finds it: what it may use, and what not.</summary>
[SupportedOSPlatform("linux")]
internal sealed record Confinement(MountSandbox Sandbox)
{
    /// <summary>Commands of a shell, as root in a mount namespace of its own, before the job begins.</summary>
    public string Before { get; init; } = "";

    /// <summary>What stands before the job's command: it becomes it.</summary>
    public string Wrapper { get; init; } = "";

    public string Directory { get; init; } = "/";

    public Dictionary<string, string> Variables { get; init; } = [];

    /// <summary>Runs the runtime with arguments.</summary>
    public Outcome Run(params string[] arguments) => Script($"exec {Quote([Sandbox.Runtime, .. arguments])}");

    /// <summary>Runs a shell script; <c>$P</c> is the runtime, <c>$I</c> the image.</summary>
    public Outcome Script(string script)
    {
        Assert.SkipUnless(Environment.UserName == "root", "this test becomes other users and mounts: only as root");
        string device = Path.Combine(Sandbox["dev"], "fuse");
        string prepare =
            $"set -e; mount -t tmpfs -o mode=755 none '{Sandbox["dev"]}'; mknod -m 666 '{device}' c 10 229; "
            + $"mount --bind '{device}' /dev/fuse; {Before}\n cd '{Directory}'; "
            + $"exec setpriv --reuid=65534 --regid=65534 --groups=65534,4242 {Wrapper} /bin/sh -c \"$1\"";
        Dictionary<string, string> variables = new()
        {
            ["PATH"] = "/usr/sbin:/usr/bin:/sbin:/bin",
            ["TMPDIR"] = Sandbox.Temporary,
            ["P"] = Sandbox.Runtime,
            ["I"] = Sandbox.Image,
        };
        foreach ((string name, string value) in Variables)
        {
            variables[name] = value;
        }
        return new Execution
        {
            Command = ["/usr/bin/unshare", "--mount", "/bin/sh", "-c", prepare, "sh", script],
            Environment = variables,
        }.Run();
    }

    private static string Quote(IEnumerable<string> arguments) =>
        string.Join(' ', arguments.Select(argument => $"'{argument.Replace("'", "'\\''", StringComparison.Ordinal)}'"));
}
