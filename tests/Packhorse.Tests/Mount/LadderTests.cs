using System.Runtime.Versioning;
using Packhorse.Tests.SelfExtracting;
using Packhorse.Tests.Support;

namespace Packhorse.Tests.Mount;

/// <summary>Which way to start is taken on machines that allow little, and what the log says of the others.</summary>
[SupportedOSPlatform("linux")]
public sealed class LadderTests(MountSandbox sandbox) : IClassFixture<MountSandbox>
{
    // Answers an error to new user namespaces, as seccomp filters of container runtimes do, and another one to mount, as AppArmor does to
    // who has only the capabilities of such a namespace; 0 lets it pass.
    private const string Filter = """
        #define _GNU_SOURCE
        #include <stddef.h>
        #include <stdlib.h>
        #include <unistd.h>
        #include <sys/prctl.h>
        #include <sys/syscall.h>
        #include <linux/seccomp.h>
        #include <linux/filter.h>
        int main(int count, char **arguments)
        {
            int namespaces = atoi(arguments[1]), mounts = atoi(arguments[2]);
            struct sock_filter filter[] = {
                BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
                BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mount, 0, 1),
                BPF_STMT(BPF_RET | BPF_K, mounts ? SECCOMP_RET_ERRNO | mounts : SECCOMP_RET_ALLOW),
                BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_unshare, 1, 0),
                BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone, 0, 3),
                BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[0])),
                BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 0x10000000, 0, 1),
                BPF_STMT(BPF_RET | BPF_K, namespaces ? SECCOMP_RET_ERRNO | namespaces : SECCOMP_RET_ALLOW),
                BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
            };
            struct sock_fprog program = { 9, filter };
            if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program))
                return 99;
            execvp(arguments[3], arguments + 3);
            return 98;
        }
        """;

    // All but the device; what is below it may hold the sandbox.
    private const string NoDevice =
        "umount /dev/fuse; mount -t tmpfs none /root; mkdir /root/shm; mount --bind /dev/shm /root/shm; mknod -m 666 /root/null c 1 3; mount --rbind /root /dev";

    [Theory]
    [InlineData(NoDevice, "there is no /dev/fuse")]
    [InlineData("chmod 600 /dev/fuse", "this user may not use /dev/fuse")]
    public void Without_the_device_nothing_is_mounted_and_nothing_written(string before, string reason)
    {
        string scratch = Path.Combine(sandbox.Temporary, "untouched");
        StockTool.Run("mkdir", "-p", "-m", "1777", scratch);
        var confinement = new Confinement(sandbox) { Before = before, Variables = { ["TMPDIR"] = scratch } };

        Outcome outcome = confinement.Run("run", "--start", "namespace", sandbox.Image, "--", "hello").ExpectCode(116);

        Assert.Contains($"namespace: {reason}", outcome.Error, StringComparison.Ordinal);
        Assert.Contains("packhorse: not started: ", outcome.Error.TrimEnd().Split('\n')[^1], StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFiles(scratch, "*", SearchOption.AllDirectories));
    }

    [Theory]
    [InlineData(1, 0, "cannot start 'a process with a user namespace': operation not permitted")]
    [InlineData(13, 13, "cannot start 'a process with a user namespace': permission denied")]
    [InlineData(0, 13, "cannot mount anew at '/': permission denied")]
    public void Where_namespaces_or_mounts_are_refused_log_and_explanation_say_so(
        int namespaces,
        int mounts,
        string reason
    )
    {
        Confinement confinement = Filtered(namespaces, mounts);

        Outcome outcome = confinement.Run("run", "--start", "mount", sandbox.Image, "--", "hello").ExpectCode(116);
        Outcome explained = confinement.Run("run", "--explain", sandbox.Image).ExpectCode(0);

        Assert.Contains($"namespace: {reason}", outcome.Error, StringComparison.Ordinal);
        Assert.Contains("fusermount: ", outcome.Error, StringComparison.Ordinal);
        Assert.Contains($"   namespace   no   {reason}\n", explained.Output, StringComparison.Ordinal);
        Assert.Contains("-> unpack      yes  into ", explained.Output, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFiles(confinement.Variables["TMPDIR"], "*", SearchOption.AllDirectories));
    }

    [Fact]
    public void Where_it_is_known_that_AppArmor_refuses_it_is_named()
    {
        const string Setting = "/proc/sys/kernel/apparmor_restrict_unprivileged_userns";
        Confinement confinement = Filtered(0, 13) with
        {
            Before = $"mount -t tmpfs none /proc/sys/kernel; echo 1 > {Setting}",
        };

        Outcome outcome = confinement.Run("run", "--explain", sandbox.Image).ExpectCode(0);

        Assert.Contains(
            "permission denied (AppArmor restricts user namespaces: ",
            outcome.Output,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Where_user_namespaces_are_switched_off_the_log_says_so()
    {
        Outcome outcome = new Confinement(sandbox)
            .Script(
                "unshare -Ur sh -c 'echo 0 > /proc/sys/user/max_user_namespaces; exec $P run --start namespace $I -- hello'"
            )
            .ExpectCode(116);

        Assert.Contains("max_user_namespaces is 0", outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Without_new_privileges_and_three_namespaces_deep_it_mounts()
    {
        Outcome outcome = new Confinement(sandbox) { Wrapper = "--no-new-privs unshare -Uc unshare -Uc unshare -Uc" }
            .Run("run", sandbox.Image, "--", "hello")
            .ExpectCode(0);

        Assert.Contains("(user namespace)", outcome.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("mount -t tmpfs none /media; mkdir /media/disk", "/")]
    [InlineData("mount -t tmpfs none /media", "/")]
    [InlineData("", "/media")]
    public void A_base_that_is_used_is_left_alone_and_the_environment_relocated(string before, string directory)
    {
        // The next base must be one that is free on this machine.
        string free = "mount -t tmpfs none /root; mkdir /root/empty; mount --bind /root/empty /mnt; umount -l /mnt";
        Outcome outcome = new Confinement(sandbox) { Before = $"{before}\n{free}", Directory = directory }
            .Run("run", sandbox.Image, "--", "sh", "-c", "where; pwd; ls -A /media")
            .ExpectCode(0);

        Assert.Matches("^/(mnt|srv)/p/[0-9a-f]{12}\n", outcome.Output);
        Assert.Contains(" (user namespace, relocated to ", outcome.Error, StringComparison.Ordinal);
        Assert.Contains($"\n{directory}\n", outcome.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("\np\n", outcome.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void An_argument_that_leads_nowhere_keeps_no_base_from_being_used()
    {
        Outcome outcome = sandbox.Run("echo", "/media/p/not-there").ExpectCode(0);

        Assert.EndsWith("(user namespace)\n", outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Processes_of_one_job_share_a_mount_which_outlives_the_first()
    {
        Outcome outcome = new Confinement(sandbox)
            .Script(
                """
                export _CONDOR_SCRATCH_DIR=$TMPDIR
                $P run $I -- sh -c 'readlink /proc/self/ns/mnt; sleep 0.5' & sleep 0.3
                $P run $I -- sh -c 'readlink /proc/self/ns/mnt; sleep 1; cat $CONDA_PREFIX/share/noise | wc -c'
                wait
                """
            )
            .ExpectCode(0);

        string[] lines = outcome.Output.Split('\n');
        Assert.Equal(lines[0], lines[1]);
        Assert.Equal("5000000", lines[2]);
        Assert.Contains("(user namespace)", outcome.Error, StringComparison.Ordinal);
        Assert.Contains("(joined the mount of this job)", outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Another_job_does_not_join()
    {
        Outcome outcome = new Confinement(sandbox)
            .Script(
                """
                $P run $I -- sleep 1 & sleep 0.3
                _CONDOR_SCRATCH_DIR=$TMPDIR $P run $I -- true; wait
                """
            )
            .ExpectCode(0);

        Assert.DoesNotContain("joined", outcome.Error, StringComparison.Ordinal);
        Assert.Equal(2, outcome.Error.Split("(user namespace").Length - 1);
    }

    [Fact]
    public void Another_shell_enters_what_runs()
    {
        Outcome outcome = new Confinement(sandbox)
            .Script("$P run -q $I -- sleep 2 & sleep 0.7; $P enter -- hello you; wait; $P enter -- true")
            .ExpectCode(113);

        Assert.Matches("^hello you from /media/p/", outcome.Output);
        Assert.Contains("no running process", outcome.Error, StringComparison.Ordinal);
    }

    // Names that mean something in the options of an overlay; and one for which they would be longer than the page that the kernel takes.
    [Theory]
    [InlineData("plain", 1, "overlayfs")]
    [InlineData("a blank, a comma: a colon \\ and a = sign", 1, "overlayfs")]
    [InlineData("long/", 500, "fuseblk")]
    public void A_directory_of_any_name_shows_the_environment(string name, int times, string fileSystem)
    {
        Outcome outcome = new Confinement(sandbox)
        {
            Variables = { ["AT"] = string.Concat(Enumerable.Repeat(name, times)) },
        }
            .Script(
                """
                cd $(mktemp -d); mkdir -p "$AT"
                $P mount -v $I "$AT" -- sh -c '
                    stat -f -c %T "$CONDA_PREFIX"; find "$CONDA_PREFIX" -printf "%D\n" | sort -u | wc -l
                    cat "$CONDA_PREFIX/share/many/00042"; touch "$CONDA_PREFIX/x" 2> /dev/null || echo read-only
                '
                ls -A "$AT" | wc -l
                """
            )
            .ExpectCode(0);

        Assert.Equal([fileSystem, "1", "42", "read-only", "0"], outcome.Output.TrimEnd().Split('\n'));
        Assert.Equal(fileSystem != "overlayfs", outcome.Error.Contains("without an overlay, slower: cannot mount"));
    }

    [Fact]
    public void A_directory_of_the_users_is_where_the_environment_appears()
    {
        string at = Path.Combine(sandbox.Temporary, "at");
        Outcome outcome = new Confinement(sandbox)
            .Script($"mkdir {at}; $P mount $I {at} -- where; ls -A {at}; touch {at}/x; $P mount $I {at} -- where")
            .ExpectCode(112);

        Assert.Equal($"{at}\n", outcome.Output);
        Assert.Contains($"relocated to {at})", outcome.Error, StringComparison.Ordinal);
        Assert.Contains("is no empty directory", outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_record_is_of_its_own_command_and_of_what_that_has_read()
    {
        Outcome outcome = new Confinement(sandbox).Script(
            """
            export _CONDOR_SCRATCH_DIR=$(mktemp -d); R=$_CONDOR_SCRATCH_DIR/record.json
            $P record -q -o $R $I -- sh -c 'touch $_CONDOR_SCRATCH_DIR/there; sleep 1' & P0=$!
            while [ ! -e $_CONDOR_SCRATCH_DIR/there ]; do sleep 0.05; done
            $P run $I -- sh -c 'cat $CONDA_PREFIX/share/noise | wc -c; sleep 2' & wait $P0
            grep -c share/noise $R; wait
            $P record -q -o $R $I -- large
            tr -d ' \n' < $R
            """
        );

        Assert.StartsWith("5000000\n0\n", outcome.Output, StringComparison.Ordinal);
        Assert.Contains("[\"bin/large\",0,65536]", outcome.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("joined", outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void An_environment_can_be_changed_in_scratch_space()
    {
        Outcome outcome = new Confinement(sandbox)
            .Script(
                "$P run --writable $I -- sh -c 'echo more >> $CONDA_PREFIX/bin/hello; echo new > $CONDA_PREFIX/new; rm $CONDA_PREFIX/share/link; cat $CONDA_PREFIX/new; tail -n 1 $CONDA_PREFIX/bin/hello; ls $CONDA_PREFIX/share; find $CONDA_PREFIX -printf \"%D\\n\" | sort -u | wc -l'"
            )
            .ExpectCode(0);

        Assert.StartsWith("new\nmore\n", outcome.Output, StringComparison.Ordinal);
        // One device, as far as find and tar can tell.
        Assert.EndsWith("\n1\n", outcome.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("link", outcome.Output, StringComparison.Ordinal);
        Assert.Contains("(user namespace)", outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void What_a_command_reads_is_recorded()
    {
        string record = Path.Combine(sandbox.Temporary, "record.json");
        Outcome outcome = new Confinement(sandbox)
            .Run("record", "-o", record, sandbox.Image, "--", "sh", "-c", "tail -c 10 $CONDA_PREFIX/share/noise")
            .ExpectCode(0);

        string text = File.ReadAllText(record);
        Assert.Contains("\"schema\": \"packhorse/record/1\"", text, StringComparison.Ordinal);
        Assert.Contains("\"share/noise\"", text, StringComparison.Ordinal);
        Assert.DoesNotContain("share/zeros", text, StringComparison.Ordinal);
        Assert.Contains("(user namespace)", outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_way_is_explained()
    {
        Outcome outcome = new Confinement(sandbox).Run("run", "--explain", sandbox.Image).ExpectCode(0);

        string[] lines = outcome.Output.TrimEnd().Split('\n');
        Assert.Equal(["join", "namespace", "fusermount", "unpack"], lines.Select(line => line[3..].Split(' ')[0]));
        Assert.StartsWith("-> namespace   yes", lines[1], StringComparison.Ordinal);
        Assert.Equal("", outcome.Error);
    }

    [Fact]
    public void Where_only_the_stock_program_may_mount_it_does()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/fusermount3"), "no fusermount3 on this machine");
        Outcome outcome = new Confinement(sandbox)
            .Script(
                "$P run --start fusermount $I -- sh -c 'where; echo $CONDA_PREFIX'; grep -c fuse.packhorse /proc/self/mountinfo; ls $TMPDIR/packhorse-65534"
            )
            .ExpectCode(0);

        string[] lines = outcome.Output.Split('\n');
        Assert.Equal(lines[0], lines[1]);
        Assert.Equal("0", lines[2]);
        Assert.DoesNotContain(Path.GetFileName(lines[0]), lines[3..]);
        Assert.Contains("(fusermount3)", outcome.Error, StringComparison.Ordinal);
    }

    private Confinement Filtered(int namespaces, int mounts)
    {
        File.WriteAllText(sandbox["filter.c"], Filter);
        StockTool.Run("gcc", "-O1", "-o", sandbox["filter"], sandbox["filter.c"]);
        string scratch = Path.Combine(sandbox.Temporary, $"refused-{namespaces}-{mounts}");
        StockTool.Run("mkdir", "-p", "-m", "1777", scratch);
        return new Confinement(sandbox)
        {
            Wrapper = $"'{sandbox["filter"]}' {namespaces} {mounts}",
            Variables = { ["TMPDIR"] = scratch },
        };
    }
}
