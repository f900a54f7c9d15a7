using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Packhorse.TestChannel;

/// <summary>What a program in the pool said.</summary>
public sealed record PoolOutcome(int ExitCode, string Output, string Error);

/// <summary>
/// A real HTCondor pool of one machine that is submitted to and runs jobs, in namespaces of its own; loopback only. Disposing ends it and all that
/// runs in it; so does the end of this process.
/// </summary>
public sealed class CondorPool : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    private readonly Process _holder;
    private readonly Task<string> _errors;
    private readonly string _directory;
    private readonly System.Threading.Lock _ending = new();
    private string _master = "";
    private bool _hasEnded;

    private CondorPool(Process holder, string directory)
    {
        _holder = holder;
        _directory = directory;
        _errors = holder.StandardError.ReadToEndAsync();
        AppDomain.CurrentDomain.ProcessExit += EndWithProcess;
    }

    /// <summary>The home directory of who submits, as this machine sees it; in the pool it is <see cref="HomeInside"/>.</summary>
    public string Home => $"{_directory}/home/{PoolRoot.User}";

    public static string HomeInside => $"/home/{PoolRoot.User}";

    /// <summary>Where the user has large files, as CHTC's variable STAGING says it.</summary>
    public static string StagingInside => $"/staging/{PoolRoot.User[0]}/{PoolRoot.User}";

    /// <summary>What osdf:// URLs name: a directory for the pool's own plugin, which is test code; that of the origin of a federation.</summary>
    public string Objects => $"{_directory}/var/lib/osdf/objects";

    /// <summary>What is /staging in the pool, as this machine sees it; <c>osdf:///chtc/staging</c> is the same.</summary>
    public string Staging => $"{Objects}/chtc/staging";

    public string Logs => $"{_directory}/var/log/condor";

    /// <summary>The pool's master, which is the first process of a namespace.</summary>
    public int MasterProcess => int.Parse(_master, CultureInfo.InvariantCulture);

    /// <summary>A line per transfer of an osdf:// URL: direction, bytes, URL.</summary>
    public string[] Transfers => File.ReadAllLines($"{_directory}/var/lib/osdf/transfers");

    /// <summary>Starts a pool; builds its root before when there is none.</summary>
    /// <exception cref="MissingToolException">No pool can run on this machine.</exception>
    public static CondorPool Start(PoolOptions options)
    {
        if (!Machine.IsRoot)
        {
            throw new MissingToolException("a pool mounts and changes users", "run as root");
        }
        string root = PoolRoot.Make(options.Suite, options.Packages, options.CacheDirectory);
        string own = Directory.CreateTempSubdirectory("packhorse-pool-").FullName;
        Prepare(own, root, options);
        string[] shown = [own + "/plugins", "/opt/pool", own + "/programs", "/opt/bin"];
        // In a session of its own: what interrupts this program's group is not for the pool, which this program ends.
        string[] network = options.Federation is { } federation
            ? ["nsenter", $"--net=/proc/{federation.Process}/ns/net"]
            : [];
        var start = new ProcessStartInfo(
            "setsid",
            [
                .. network,
                .. (string[])["unshare", "--mount", "--propagation", "private", "--pid", "--fork", "--uts", "--ipc"],
                .. (string[])["--kill-child=KILL", "/bin/sh", own + "/pool.sh", root, own, .. shown],
            ]
        )
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        var pool = new CondorPool(Process.Start(start)!, own);
        try
        {
            pool.WaitForSlots(1 + options.Nodes.Count);
            return pool;
        }
        catch
        {
            pool.Dispose();
            throw;
        }
    }

    /// <summary>Runs a program as the user of the pool, in a directory below <see cref="HomeInside"/>.</summary>
    /// <param name="directory">Relative to the home directory; made when it is not there.</param>
    /// <param name="input">What it reads from standard input.</param>
    public PoolOutcome Run(string directory, IEnumerable<string> command, string input = "")
    {
        string inside = Path.Combine(HomeInside, directory);
        if (!Directory.Exists(Path.Combine(Home, directory)))
        {
            Directory.CreateDirectory(Path.Combine(Home, directory));
            Tool.Run("chown", [$"{PoolRoot.UserId}:{PoolRoot.UserId}", Path.Combine(Home, directory)]);
        }
        using Process process = Process.Start(Entering(inside, command))!;
        Task<string> error = process.StandardError.ReadToEndAsync();
        process.StandardInput.Write(input);
        process.StandardInput.Close();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return new PoolOutcome(process.ExitCode, output, error.Result);
    }

    /// <summary>How a program is started in the pool, for who wants to do that by hand.</summary>
    public IReadOnlyList<string> Enter => [.. Entering(HomeInside, ["bash"]).ArgumentList.Prepend("nsenter")];

    private ProcessStartInfo Entering(string inside, IEnumerable<string> command)
    {
        string[] identity = [$"--reuid={PoolRoot.UserId}", $"--regid={PoolRoot.UserId}", "--init-groups"];
        string[] variables =
        [
            $"HOME={HomeInside}",
            $"USER={PoolRoot.User}",
            $"STAGING={StagingInside}",
            "LANG=C.UTF-8",
            "TERM=dumb",
        ];
        const string path = "PATH=/opt/bin:/usr/sbin:/usr/bin:/sbin:/bin";
        var start = new ProcessStartInfo(
            "nsenter",
            [
                .. (string[])["-t", _master, "-m", "-n", "-p", "-u", "-i", "--", "env", "-i", path, .. variables],
                .. (string[])["setpriv", .. identity, "--", "env", "-C", inside, .. command],
            ]
        )
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        return start;
    }

    public void Dispose()
    {
        lock (_ending)
        {
            if (!_hasEnded)
            {
                _hasEnded = true;
                End();
            }
        }
    }

    private void EndWithProcess(object? sender, EventArgs arguments) => Dispose();

    private void End()
    {
        AppDomain.CurrentDomain.ProcessExit -= EndWithProcess;
        _holder.StandardInput.Close();
        if (!_holder.WaitForExit(TimeSpan.FromSeconds(25)))
        {
            // The master has forgotten whose child it is, as it changes users: unshare's own death would not end it.
            using (Process? master = _master.Length > 0 ? Process.GetProcessById(MasterProcess) : null)
            {
                master?.Kill();
            }
            _holder.Kill();
            _holder.WaitForExit();
        }
        _holder.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    private static void Prepare(string own, string root, PoolOptions options)
    {
        foreach (
            string directory in (string[])
                [
                    "etc/condor/config.d",
                    $"home/{PoolRoot.User}",
                    "var/lib/condor/execute",
                    "var/lib/condor/spool",
                    "var/log/condor",
                    "var/spool/condor",
                    "var/lib/osdf/objects",
                    "plugins",
                    "programs",
                ]
        )
        {
            Directory.CreateDirectory(Path.Combine(own, directory));
        }
        if (options.Federation is { } federation)
        {
            File.CreateSymbolicLink(own + "/var/lib/osdf/objects/chtc", federation.Objects);
            File.WriteAllText(own + "/plugins/director", federation.Director);
        }
        Directory.CreateDirectory($"{own}/var/lib/osdf/objects/chtc{StagingInside}");
        foreach (string file in Directory.GetFiles(root + "/etc/condor/config.d"))
        {
            File.Copy(file, $"{own}/etc/condor/config.d/{Path.GetFileName(file)}");
        }
        File.WriteAllText(own + "/pool.sh", Text("pool.sh"));
        string port = FreePort().ToString(CultureInfo.InvariantCulture);
        string configuration = Text("pool.conf").Replace("@PORT@", port, StringComparison.Ordinal);
        File.WriteAllText(
            own + "/etc/condor/config.d/50-pool",
            configuration
                + string.Concat(options.Nodes.Select(node => node.Configuration))
                + options.Configuration
                + "\n"
        );
        File.WriteAllLines(
            own + "/disks",
            options.Nodes.Select(node => $"{node.ExecuteDirectory} {node.DiskMegabytes ?? 0}")
        );
        File.WriteAllText(own + "/plugins/gpus", Text("gpus.sh"));
        File.WriteAllText(own + "/plugins/osdf-plugin", Text("osdf-plugin.py"));
        File.WriteAllText(own + "/var/lib/osdf/transfers", "");
        foreach ((string name, string path) in options.Programs)
        {
            File.Copy(path, Path.Combine(own, "programs", name));
        }
        Tool.Run("chmod", ["-R", "go+rX", own]);
        Tool.Run("chmod", ["-R", "a+rx", own + "/plugins", own + "/programs"]);
        Tool.Run("chmod", ["-R", "a+rwX", own + "/var/lib/osdf", $"{own}/var/lib/osdf/objects/chtc/staging"]);
        Tool.Run("chown", [$"{PoolRoot.UserId}:{PoolRoot.UserId}", $"{own}/home/{PoolRoot.User}"]);
        Tool.Run("chown", ["-R", "64:64", own + "/var/lib/condor", own + "/var/log/condor", own + "/var/spool/condor"]);
    }

    private void WaitForSlots(int nodes)
    {
        long begin = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(begin) < Patience)
        {
            if (_holder.HasExited)
            {
                throw new MissingToolException(
                    "a pool cannot be started here",
                    (_errors.Result + _holder.StandardOutput.ReadToEnd()).Trim()
                );
            }
            string file = _directory + "/master";
            _master = File.Exists(file) ? File.ReadAllText(file).Trim() : "";
            if (_master.Length > 0 && CountSlots() >= nodes)
            {
                return;
            }
            Thread.Sleep(300);
        }
        throw new MissingToolException($"no {nodes} slots in {Patience.TotalSeconds} s", EndOfLogs());
    }

    private int CountSlots() =>
        Run("", ["condor_status", "-af", "State"]).Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length;

    private string EndOfLogs() =>
        string.Join(
            '\n',
            Directory
                .GetFiles(Logs, "*Log")
                .SelectMany(file => File.ReadLines(file).TakeLast(12).Prepend(Path.GetFileName(file)))
        );

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static string Text(string name)
    {
        using var reader = new StreamReader(typeof(CondorPool).Assembly.GetManifestResourceStream(name)!);
        return reader.ReadToEnd();
    }
}
