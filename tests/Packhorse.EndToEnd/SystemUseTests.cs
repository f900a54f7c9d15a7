using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;

namespace Packhorse.EndToEnd;

/// <summary>What a self-extracting file touches on a machine is what SECURITY.md tells admins that it does.</summary>
public sealed partial class SystemUseTests : IDisposable
{
    private const string Calls =
        "%file,%process,%network,%creds,mount,umount2,unshare,setns,pivot_root,ptrace,kill,tgkill,bpf,perf_event_open,capset";

    private static readonly string[] Tools = ["uname", "dd", "mkdir", "chmod", "rm", "busybox"];

    // System calls of networks, namespaces, users and other processes.
    private static readonly string[] Forbidden =
    [
        "socket",
        "connect",
        "bind",
        "listen",
        "accept",
        "sendto",
        "mount",
        "umount2",
        "unshare",
        "setns",
        "pivot_root",
        "ptrace",
        "kill",
        "bpf",
        "perf_event_open",
        "capset",
        "setuid",
        "setgid",
        "setresuid",
        "setresgid",
        "setreuid",
        "setregid",
        "setgroups",
    ];

    // What mounting needs of them: one's own namespaces, a socket of the file system for others of the same job, a thread without files.
    private static readonly string[] AllowedWithImages =
    [
        "mount",
        "unshare",
        "setns",
        "capset",
        "socket",
        "bind",
        "listen",
        "accept",
        "kill",
    ];

    private readonly DirectoryInfo _scratch = Directory.CreateTempSubdirectory("packhorse-use-");
    private Row[] _table = ReadTable(withImages: false);
    private readonly string _file;
    private readonly string _lockFile;

    public SystemUseTests(Environments environments)
    {
        Assert.SkipUnless(File.Exists("/usr/bin/strace"), "no strace on this machine");
        _lockFile = environments.Channel.LockFile;
        _file = this["environment.sh"];
        Published.Run("pack", environments.Channel.LockFile, "--create-executable", "-o", _file).Succeeded();
        Directory.CreateDirectory(this["tmp"]);
        Directory.CreateDirectory(this["out"]);
    }

    public void Dispose() => _scratch.Delete(recursive: true);

    [Theory]
    [InlineData("unpack")]
    [InlineData("unpack", "-o", "OUT/sub/directory", "-e", "other")]
    [InlineData("run", "--", "true")]
    [InlineData("verify")]
    [InlineData("inspect")]
    [InlineData("--version")]
    public void Nothing_is_touched_that_is_not_in_the_list(params string[] arguments)
    {
        SystemCall[] calls = Trace(arguments);

        string[] strangers = [.. FindStrangers(calls).Distinct(StringComparer.Ordinal)];

        Assert.Empty(strangers);
        // The trace has seen the whole run.
        Assert.Contains(
            calls,
            call => call.Name == "execve" && call.Arguments.Contains("/runtime\", [", StringComparison.Ordinal)
        );
        Assert.Empty(Directory.EnumerateFileSystemEntries(this["tmp"], ".packhorse-*"));
    }

    [Fact]
    public void With_an_image_a_run_uses_what_the_list_says_of_images()
    {
        Assert.SkipUnless(Environment.UserName == "root", "this test becomes other users and mounts: only as root");
        string[] options = ["--image", "--pyc", "off", "--create-executable", "-o", _file];
        Published.Run(["pack", _lockFile, .. options]).Succeeded();
        _table = ReadTable(withImages: true);
        SystemCall[] calls = Trace(["run", "--start", "namespace", "--", "true"]);
        SystemCall[] special = [.. calls.Where(call => AllowedWithImages.Contains(call.Name))];

        string[] strangers = [.. FindStrangers(calls.Except(special)).Distinct(StringComparer.Ordinal)];

        Assert.True(strangers.Length == 0, string.Join("\n", strangers));
        Assert.All(
            special.Where(call => call.Name == "socket"),
            call => Assert.StartsWith("AF_UNIX", call.Arguments, StringComparison.Ordinal)
        );
        Assert.All(
            special.Where(call => call.Name == "unshare"),
            call => Assert.StartsWith("CLONE_FILES) ", call.Arguments, StringComparison.Ordinal)
        );
        SystemCall[] mounts = [.. special.Where(call => call.Name == "mount")];
        Assert.All(
            mounts,
            call =>
                Assert.Matches(
                    "^\"none\", \"/\", NULL, MS_REC\\|MS_SLAVE|^\"packhorse\", \"/(media|mnt|srv)[\"/]",
                    call.Arguments
                )
        );
        Assert.Contains(mounts, call => call.Arguments.Contains("fuse.packhorse", StringComparison.Ordinal));
    }

    [Fact]
    public void A_stranger_would_be_noticed()
    {
        SystemCall[] calls =
        [
            SystemCall.Parse($"1 execve(\"{this["tmp"]}/.packhorse-1-1-1/runtime\", [\"x\"], 0x1 /* 1 var */) = 0")!,
            SystemCall.Parse("1 openat(AT_FDCWD</>, \"/etc/shadow\", O_RDONLY) = 3")!,
            SystemCall.Parse($"1 openat(AT_FDCWD<{this["out"]}>, \"../other\", O_WRONLY|O_CREAT) = 3")!,
            SystemCall.Parse("1 socket(AF_INET, SOCK_STREAM, 0) = 3")!,
            SystemCall.Parse($"1 unlink(\"{_file}\") = 0")!,
            SystemCall.Parse("1 execve(\"/opt/tool\", [\"tool\"], 0x1 /* 1 var */) = 0")!,
        ];

        Assert.Equal(
            ["openat", "openat", "socket", "unlink", "execve"],
            FindStrangers(calls).Select(stranger => stranger.Split(' ', '(')[1])
        );
    }

    [Fact]
    public void Every_variable_that_the_sources_read_is_in_the_list()
    {
        string security = File.ReadAllText(Path.Combine(Root(), "SECURITY.md"));
        string header = File.ReadAllText(Path.Combine(Root(), "src/Packhorse.Core/Packing/header.sh"));
        string home = File.ReadAllText(Path.Combine(Root(), "src/Packhorse.Core/Run/ScratchHome.cs"));
        string[] names =
        [
            .. HeaderVariable().Matches(header).Select(match => match.Groups[1].Value),
            .. HomeVariable().Matches(home).Select(match => match.Groups[1].Value),
        ];

        Assert.Contains("_CONDOR_SCRATCH_DIR", names);
        Assert.Contains("TRITON_CACHE_DIR", names);
        Assert.All(names, name => Assert.Contains($"`{name}`", security, StringComparison.Ordinal));
    }

    private string this[string relative] => Path.Combine(_scratch.FullName, relative);

    private SystemCall[] Trace(string[] arguments)
    {
        string trace = this["trace"];
        string[] given = [.. arguments.Select(argument => argument.Replace("OUT", this["out"]))];
        // The file's own default is to unpack.
        string[] command = given[0] == "unpack" ? given[1..] : given;
        Outcome outcome = Published.Start(
            "/bin/sh",
            [
                "-c",
                "cd \"$1\" && shift && exec \"$@\"",
                "sh",
                this["out"],
                "/usr/bin/strace",
                "-f",
                "-y",
                "-qq",
                "-s",
                "4096",
                "-o",
                trace,
                "-e",
                $"trace={Calls}",
                "/bin/sh",
                _file,
                .. command,
            ],
            new Dictionary<string, string> { ["PATH"] = "/usr/bin:/bin", ["TMPDIR"] = this["tmp"] }
        );
        Assert.SkipWhen(
            outcome.Error.Contains("PTRACE_TRACEME", StringComparison.Ordinal),
            "no strace on this machine: tracing is not permitted"
        );
        outcome.Succeeded();
        return [.. File.ReadLines(trace).Select(SystemCall.Parse).OfType<SystemCall>()];
    }

    private IEnumerable<string> FindStrangers(IEnumerable<SystemCall> calls)
    {
        // Which program a process or thread has become; it begins as the one that made it.
        var programs = new Dictionary<int, string>();
        string maker = "header";
        foreach (SystemCall call in calls)
        {
            if (!programs.TryGetValue(call.Process, out string? program))
            {
                programs[call.Process] = program = maker;
            }
            if (call.Name is "clone" or "clone3" or "fork" or "vfork")
            {
                maker = program;
            }
            if (program == "command")
            {
                continue;
            }
            foreach (TouchedPath touched in call.Paths(this["out"]))
            {
                if (!IsListed(touched, program))
                {
                    yield return $"{program}: {call.Name} {touched.Path}";
                }
            }
            if (Forbidden.Contains(call.Name))
            {
                yield return $"{program}: {call.Name}({call.Arguments}";
            }
            if (call is { Name: "execve", Failed: false })
            {
                programs[call.Process] = ProgramOf(call, program);
            }
        }
    }

    private string ProgramOf(SystemCall call, string before)
    {
        string path = call.Paths(this["out"]).First().Path;
        bool isItself = before == "runtime" && path == "/proc/self/exe";
        return isItself || path.StartsWith($"{this["tmp"]}/.packhorse-", StringComparison.Ordinal) ? "runtime"
            : before == "runtime" ? "command"
            : Tools.Contains(Path.GetFileName(path)) ? "tools"
            : "header";
    }

    private bool IsListed(TouchedPath touched, string program) =>
        _table.Any(row =>
        {
            string pattern = Resolve(row.Path);
            bool below = pattern.EndsWith('/') && $"{touched.Path}/".StartsWith(pattern, StringComparison.Ordinal);
            bool inside = touched.Path == pattern || below || IsCopy(row.Path, touched.Path);
            bool above = touched.Looks && pattern.StartsWith($"{touched.Path.TrimEnd('/')}/", StringComparison.Ordinal);
            // A directory above is also opened, to make or rename what is in it.
            bool parent = !touched.Writes && touched.Path == Path.GetDirectoryName(pattern.TrimEnd('/'));
            return above
                || parent
                || (
                    inside
                    && row.By.Contains(program)
                    && (!touched.Writes || row.Access.Contains("write"))
                    && (touched.Looks || row.Access[0] != "look")
                );
        });

    private bool IsCopy(string pattern, string path) =>
        (pattern == "/proc/PID/" && ProcessFile().IsMatch(path))
        || pattern == "COPY/" && path.StartsWith($"{this["tmp"]}/.packhorse-", StringComparison.Ordinal);

    private string Resolve(string pattern) =>
        pattern switch
        {
            "FILE" => _file,
            "OUT/" => $"{this["out"]}/",
            "STORE/" => $"{this["tmp"]}/packhorse-{UserId()}/",
            "COPY/" => $"{this["tmp"]}/.packhorse-",
            _ => pattern,
        };

    private static string UserId() =>
        Regex.Match(File.ReadAllText("/proc/self/status"), @"^Uid:\t(\d+)", RegexOptions.Multiline).Groups[1].Value;

    private static Row[] ReadTable(bool withImages) =>
        [
            .. File.ReadLines(Path.Combine(Root(), "SECURITY.md"))
                .TakeWhile(line => withImages || !line.StartsWith("**With an image", StringComparison.Ordinal))
                .Select(line => TableRow().Match(line))
                .Where(match => match.Success)
                .Select(match => new Row(
                    match.Groups[1].Value,
                    match.Groups[2].Value.Split(", "),
                    match.Groups[3].Value.Split(", ")
                )),
        ];

    private static string Root([CallerFilePath] string path = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(path)!, "..", ".."));

    private sealed record Row(string Path, string[] By, string[] Access);

    [GeneratedRegex(
        @"^\| `([^`]+)` \| ((?:header|runtime|tools)(?:, \w+)*) \| ((?:read|write|execute|look)(?:, \w+)*) \|"
    )]
    private static partial Regex TableRow();

    [GeneratedRegex(@"^/proc/\d+/(setgroups|uid_map|gid_map|ns/(user|mnt)|stat|cgroup|oom_score_adj)$")]
    private static partial Regex ProcessFile();

    [GeneratedRegex(@"\$\{([A-Z_]*[A-Z][A-Z_]*)[-}:]")]
    private static partial Regex HeaderVariable();

    [GeneratedRegex(@"""([A-Z][A-Z_]{3,})""")]
    private static partial Regex HomeVariable();
}
