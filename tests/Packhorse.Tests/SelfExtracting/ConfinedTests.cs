using System.Runtime.Versioning;
using Packhorse.TestChannel;
using Packhorse.Tests.Support;

namespace Packhorse.Tests.SelfExtracting;

/// <summary>The real file on machines that give it little: another user, no directories, no new system calls, little memory.</summary>
[SupportedOSPlatform("linux")]
public sealed class ConfinedTests : IDisposable
{
    // Answers ENOSYS to every system call that x86-64 Linux 3.10 does not have (the last one there is 313, finit_module).
    private const string OldKernel = """
        #define _GNU_SOURCE
        #include <stddef.h>
        #include <errno.h>
        #include <unistd.h>
        #include <sys/prctl.h>
        #include <linux/seccomp.h>
        #include <linux/filter.h>
        int main(int count, char **arguments)
        {
            struct sock_filter filter[] = {
                BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
                BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, 313, 0, 1),
                BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
                BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
            };
            struct sock_fprog program = { 4, filter };
            if (count < 2 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program))
                return 99;
            execv(arguments[1], arguments + 1);
            return 98;
        }
        """;

    private readonly ScratchDirectory _scratch = new();
    private readonly string _file;

    public ConfinedTests()
    {
        _file = SmallPack.MakeExecutable(_scratch.Root);
        Directory.CreateDirectory(_scratch["tmp"]);
        Directory.CreateDirectory(_scratch["out"]);
    }

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void Another_user_with_an_empty_environment_unpacks_and_runs()
    {
        RequireRoot();
        OpenToAll();
        string[] nobody = ["/usr/bin/setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];

        Run([.. nobody, "/bin/sh", _file, "-q"], new()).ExpectCode(0);
        Outcome outcome = Run([.. nobody, _file, "run", "--into", _scratch["tmp"], "hello", "nobody"], new())
            .ExpectCode(0);

        Assert.True(File.Exists(_scratch["out/env/bin/hello"]));
        Assert.StartsWith("hello nobody from ", outcome.Output, StringComparison.Ordinal);
        Assert.True(Directory.Exists(_scratch["tmp/packhorse-65534/home"]));
    }

    [Fact]
    public void A_store_of_another_user_is_refused()
    {
        RequireRoot();
        OpenToAll();
        Directory.CreateDirectory(_scratch["tmp/packhorse-0"]);
        StockTool.Run("chown", "65534", _scratch["tmp/packhorse-0"]);

        Outcome outcome = Run([_file, "run", "--into", _scratch["tmp"], "true"], Variables()).ExpectCode(116);

        Assert.Contains("belongs to another user", outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void In_a_root_with_nothing_but_busybox_it_unpacks_and_runs()
    {
        string root = MakeEmptyRoot();
        File.Copy(_file, Path.Combine(root, "environment.sh"));
        const string Commands =
            "/bin/busybox sh /environment.sh && /bin/busybox sh /environment.sh run --into /tmp hello root";

        Outcome outcome = Run(InRoot(root, Commands), new()).ExpectCode(0);

        Assert.Contains("Finished unpacking to /env", outcome.Error, StringComparison.Ordinal);
        Assert.Contains("with a variable and a script", outcome.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Pythons_modules_run_in_a_root_with_nothing_but_the_C_library()
    {
        string root = MakeEmptyRoot();
        ChannelDirectory channel = RealChannel.Make(_scratch["channel-of-python"], RealChannel.PythonEnvironment);
        string file = Path.Combine(root, "python.sh");
        _ = SmallPack.Pack(
            channel.WriteLock(_scratch["python"]),
            file,
            "--create-executable",
            "--pixi-unpack-source",
            SmallPack.Runtime
        );
        CopyLibraries(root, "libc.so.6", "libm.so.6", "libdl.so.2", "libpthread.so.0", "libutil.so.1", "librt.so.1");

        Outcome outcome = Run(
                InRoot(root, "/bin/busybox sh /python.sh run --into /tmp -- python -m tqdm --version"),
                new()
            )
            .ExpectCode(0);

        Assert.Equal("4.64.0\n", outcome.Output);
    }

    [Fact]
    public void Directories_that_forbid_execution_are_passed_over()
    {
        RequireRoot();
        string everywhere = string.Concat(
            ((string[])["/tmp", "/var/tmp", "/dev/shm"]).Select(path => $"mount -t tmpfs -o noexec none {path} && ")
        );
        // The file itself is below /tmp, which is about to be covered.
        string script =
            $"cp '{_file}' /run/packhorse-test.$$ && f=/run/packhorse-test.$$ && {everywhere}"
            + "{ sh $f -q -o /tmp/none; echo $?; TMPDIR=/run sh $f -q -o /tmp/some; echo $?; ls /tmp/some; rm $f; }";

        Outcome outcome = Run(["/usr/bin/unshare", "-m", "/bin/sh", "-c", script], Variables("/tmp")).ExpectCode(0);

        Assert.Equal("6\n0\nactivate.sh\nenv\n", outcome.Output);
        Assert.Contains("Permission denied", outcome.Error, StringComparison.Ordinal);
        Assert.Contains("set TMPDIR", outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_kernel_as_old_as_3_10_is_enough()
    {
        string source = _scratch.Write("old.c", System.Text.Encoding.UTF8.GetBytes(OldKernel));
        StockTool.Run("gcc", "-O1", "-o", _scratch["old"], source);

        Run([_scratch["old"], "/bin/sh", _file, "-q"], Variables()).ExpectCode(0);
        Outcome outcome = Run(
                [_scratch["old"], "/bin/sh", _file, "run", "--into", _scratch["tmp"], "where"],
                Variables()
            )
            .ExpectCode(0);

        Assert.StartsWith(_scratch["tmp"], outcome.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_gigabyte_of_address_space_is_enough() =>
        Run(["/bin/sh", "-c", $"ulimit -v 1000000; sh '{_file}' -q"], Variables()).ExpectCode(0);

    [Fact]
    public void A_full_disk_is_said_to_be_full_and_leaves_nothing()
    {
        RequireRoot();
        string script =
            $"mount -t tmpfs -o size=100k none '{_scratch["out"]}' && '{_file}' -q -o '{_scratch["out"]}'; echo $?; ls -A '{_scratch["out"]}'";
        FillPack();

        Outcome outcome = Run(["/usr/bin/unshare", "-m", "/bin/sh", "-c", script], Variables()).ExpectCode(0);

        Assert.Equal("6\n", outcome.Output);
        Assert.Contains("[PH0601]", outcome.Error, StringComparison.Ordinal);
    }

    // A pack that unpacks to more than its scratch directory holds.
    private void FillPack()
    {
        File.Delete(_file);
        var channel = new ChannelDirectory(_scratch["big"]);
        channel.Add(new PackageBuilder("big").AddFile("share/zeros", new byte[400_000]));
        _ = SmallPack.Pack(
            channel.WriteLock(_scratch["big-project"]),
            _file,
            "--create-executable",
            "--pixi-unpack-source",
            SmallPack.Runtime
        );
    }

    private string MakeEmptyRoot()
    {
        RequireRoot();
        Assert.SkipUnless(
            File.Exists("/bin/busybox")
                && StockTool.Run("file", "-L", "/bin/busybox").Contains("static", StringComparison.Ordinal),
            "no busybox-static on this machine"
        );
        string root = _scratch["root"];
        foreach (string directory in (string[])["bin", "dev", "proc", "tmp", "old"])
        {
            Directory.CreateDirectory(Path.Combine(root, directory));
        }
        File.WriteAllText(Path.Combine(root, "dev/urandom"), "");
        File.Copy("/bin/busybox", Path.Combine(root, "bin/busybox"));
        // For "#!/bin/sh" of scripts in the environment.
        File.CreateSymbolicLink(Path.Combine(root, "bin/sh"), "busybox");
        return root;
    }

    // Parts of the machine's C library, and the loader that programs name.
    private static void CopyLibraries(string root, params string[] names)
    {
        const string Machine = "/lib/x86_64-linux-gnu";
        Assert.SkipUnless(Directory.Exists(Machine), "no C library where Debian has it");
        Directory.CreateDirectory(root + Machine);
        Directory.CreateDirectory(root + "/lib64");
        foreach (string name in names)
        {
            File.Copy(Path.Combine(Machine, name), Path.Combine(root + Machine, name));
        }
        const string Loader = "/lib64/ld-linux-x86-64.so.2";
        File.Copy(Loader, root + Loader);
    }

    // pivot_root, since a chroot would forbid what some commands need.
    private static string[] InRoot(string root, string commands) =>
        [
            "/usr/bin/unshare",
            "--mount",
            "/bin/sh",
            "-c",
            $"mount --bind '{root}' '{root}' && mount -t proc none '{root}/proc'"
                // Python 3.7 has no other source of random numbers.
                + $" && mount --bind /dev/urandom '{root}/dev/urandom' && cd '{root}' && /sbin/pivot_root . old"
                + $" && exec /bin/busybox sh -c '/bin/busybox umount -l /old && {commands}'",
        ];

    private static void RequireRoot() =>
        Assert.SkipUnless(Environment.UserName == "root", "this test becomes other users and mounts: only as root");

    private void OpenToAll()
    {
        const UnixFileMode All = (UnixFileMode)0x1FF;
        File.SetUnixFileMode(_scratch.Root, All);
        File.SetUnixFileMode(_scratch["tmp"], All);
        File.SetUnixFileMode(_scratch["out"], All);
    }

    private Dictionary<string, string> Variables(string? temporary = null) =>
        new() { ["PATH"] = "/usr/sbin:/usr/bin:/sbin:/bin", ["TMPDIR"] = temporary ?? _scratch["tmp"] };

    private Outcome Run(string[] command, Dictionary<string, string> variables) =>
        new Execution
        {
            Command = command,
            Environment = variables,
            Directory = _scratch["out"],
        }.Run();
}
