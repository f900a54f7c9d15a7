using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Packhorse.TestChannel;

namespace Packhorse.EndToEnd.Federation;

/// <summary>
/// A real XRootD origin and a real XCache before it, from Debian's packages, in namespaces of their own: their loopback is nobody
/// else's, and programs that are to speak to them run in it. They end with this process.
/// </summary>
internal sealed partial class StorageServers : IDisposable
{
    public const int OriginPort = 18080;
    public const int CachePort = 18081;

    /// <summary>To be raised with every change of packages or accounts.</summary>
    private const int Recipe = 1;

    // What nobody owns: XRootD does not run as root.
    private const string Identity = "--reuid=65534 --regid=65534 --clear-groups";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    private static readonly string[] Packages =
    [
        "base-files",
        "base-passwd",
        "coreutils",
        "dash",
        "iproute2",
        "mount",
        "util-linux",
        "xrootd-client-plugins",
        "xrootd-plugins",
        "xrootd-server",
        "xrootd-server-plugins",
    ];

    private static readonly Dictionary<string, string> Files = new()
    {
        ["origin.conf"] = $"""
            xrd.port 11094
            xrd.protocol XrdHttp:{OriginPort} libXrdHttp.so
            all.export /chtc
            oss.localroot /srv/origin
            all.adminpath /tmp/origin
            all.pidpath /tmp/origin
            http.listingdeny no

            """,
        // Nothing is asked for before it is wanted: what is cached is what was read.
        ["cache.conf"] = $"""
            xrd.port 12094
            xrd.protocol XrdHttp:{CachePort} libXrdHttp.so
            all.export /chtc
            oss.localroot /srv/cache
            all.adminpath /tmp/cache
            all.pidpath /tmp/cache
            ofs.osslib libXrdPss.so
            pss.cachelib libXrdPfc.so
            pss.origin localhost:11094
            pfc.ram 1g
            pfc.blocksize 1M
            pfc.prefetch 0
            pfc.diskusage 0.98 0.99

            """,
        // Process 1 of a namespace; standard input is held open by who wants the servers.
        ["start.sh"] = $"""
            set -e
            mount --bind "$1" "$1"
            mount -o remount,bind,ro "$1"
            cd "$1"
            mount -t proc proc proc
            mount -t tmpfs -o mode=755,nosuid tmpfs dev
            for name in null zero random urandom; do
                : >dev/$name
                mount --bind /dev/$name dev/$name
            done
            mount -t tmpfs -o mode=1777 tmpfs tmp
            mount --bind "$2" srv
            mkdir tmp/old
            pivot_root . tmp/old
            cd /
            umount -l /tmp/old
            ip link set lo up
            for name in origin cache; do
                setpriv {Identity} mkdir /tmp/$name
                setpriv {Identity} xrootd -c /srv/$name.conf -n $name -l /srv/logs/$name.log </dev/null &
            done
            echo ready
            cat >/dev/null

            """,
    };

    private readonly Process _holder;
    private readonly string _directory;

    private StorageServers(Process holder, string directory) => (_holder, _directory) = (holder, directory);

    /// <summary>Files of the origin below <c>/chtc</c>, as this machine sees them.</summary>
    public string Objects => Path.Combine(_directory, "origin", "chtc");

    /// <summary>Where the cache keeps what it has read.</summary>
    public string CacheStore => Path.Combine(_directory, "cache");

    /// <summary>A process in their network.</summary>
    public int Process => _holder.Id;

    /// <exception cref="MissingToolException">They cannot run on this machine.</exception>
    public static StorageServers Start()
    {
        if (Environment.UserName != "root")
        {
            throw new MissingToolException("this test becomes other users and mounts", "only as root");
        }
        string root = new DebianTree("trixie", $"trixie-xrootd-{Recipe}", Packages, Finish).Make(
            ChannelOptions.DefaultCacheDirectory
        );
        string own = Directory.CreateTempSubdirectory("packhorse-xrootd-").FullName;
        foreach (string name in (string[])["", "origin", "origin/chtc", "cache", "logs"])
        {
            Directory.CreateDirectory(Path.Combine(own, name));
        }
        foreach ((string name, string text) in Files)
        {
            File.WriteAllText(Path.Combine(own, name), text);
        }
        Published.Start("chmod", ["-R", "a+rwX", own]).Succeeded();
        string[] namespaces = ["--mount", "--propagation", "private", "--pid", "--fork", "--net", "--ipc", "--uts"];
        var start = new ProcessStartInfo(
            "unshare",
            [.. namespaces, "--kill-child=KILL", "/bin/sh", Path.Combine(own, "start.sh"), root, own]
        )
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        var servers = new StorageServers(System.Diagnostics.Process.Start(start)!, own);
        try
        {
            servers.WaitUntilTheyAnswer();
            return servers;
        }
        catch
        {
            servers.Dispose();
            throw;
        }
    }

    /// <summary>Runs a program where the servers are, and no other network is.</summary>
    /// <param name="directory">Its current directory.</param>
    public Outcome Run(string directory, params string[] command) =>
        Published.Start("nsenter", [$"--net=/proc/{_holder.Id}/ns/net", "env", "-C", directory, .. command]);

    /// <summary>A socket in the servers' network. It stays there, whichever thread uses it.</summary>
    public Socket MakeSocket()
    {
        Socket? socket = null;
        Exception? failure = null;
        // A thread of its own: it does not come back from there.
        var thread = new Thread(() =>
        {
            try
            {
                using SafeFileHandle network = File.OpenHandle($"/proc/{_holder.Id}/ns/net");
                const int NetworkNamespace = 0x40000000;
                if (EnterNamespace((int)network.DangerousGetHandle(), NetworkNamespace) != 0)
                {
                    throw new IOException($"setns: {Marshal.GetLastPInvokeErrorMessage()}");
                }
                socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            }
            catch (Exception error)
            {
                failure = error;
            }
        });
        thread.Start();
        thread.Join();
        return socket ?? throw new IOException("no socket in the servers' network", failure);
    }

    public void Dispose()
    {
        _holder.StandardInput.Close();
        if (!_holder.WaitForExit(TimeSpan.FromSeconds(25)))
        {
            _holder.Kill();
            _holder.WaitForExit();
        }
        _holder.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    private void WaitUntilTheyAnswer()
    {
        if (_holder.StandardOutput.ReadLine() != "ready")
        {
            throw new MissingToolException("XRootD cannot be started here", _holder.StandardError.ReadToEnd().Trim());
        }
        long begin = Stopwatch.GetTimestamp();
        foreach (int port in (int[])[OriginPort, CachePort])
        {
            while (!Answers(port))
            {
                if (Stopwatch.GetElapsedTime(begin) > Patience)
                {
                    throw new MissingToolException($"nobody answers at port {port}", EndOfLogs());
                }
                Thread.Sleep(100);
            }
        }
    }

    private bool Answers(int port)
    {
        using Socket socket = MakeSocket();
        try
        {
            socket.Connect(IPAddress.Loopback, port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private string EndOfLogs() =>
        string.Join(
            '\n',
            Directory
                .GetFiles(Path.Combine(_directory, "logs"), "*.log", SearchOption.AllDirectories)
                .SelectMany(file => File.ReadLines(file).TakeLast(12).Prepend(Path.GetFileName(file)))
        );

    private static void Finish(string root)
    {
        string shared = $"{root}/usr/share/base-passwd";
        File.Copy($"{shared}/passwd.master", $"{root}/etc/passwd", overwrite: true);
        File.Copy($"{shared}/group.master", $"{root}/etc/group", overwrite: true);
        File.WriteAllText($"{root}/etc/nsswitch.conf", "passwd: files\ngroup: files\nhosts: files\n");
        File.WriteAllText($"{root}/etc/hosts", "127.0.0.1 localhost\n");
    }

    [LibraryImport("libc", EntryPoint = "setns", SetLastError = true)]
    private static partial int EnterNamespace(int descriptor, int kind);
}
