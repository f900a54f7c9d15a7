using Packhorse.TestChannel;

namespace Packhorse.EndToEnd;

/// <summary>
/// The essential parts of another Debian release. Programs run in it by pivot_root in a mount namespace of their own, since user
/// namespaces are refused inside a chroot.
/// </summary>
internal sealed class DebianRoot
{
    private static readonly string[] Packages =
    [
        "base-files",
        "bash",
        "coreutils",
        "dash",
        "grep",
        "mount",
        "sed",
        "util-linux",
    ];

    private readonly string _path;

    private DebianRoot(string path) => _path = path;

    /// <summary>Skips the running test where it cannot be had.</summary>
    public static DebianRoot Require(string suite)
    {
        Assert.SkipUnless(Environment.UserName == "root", "this test becomes other users and mounts: only as root");
        try
        {
            var tree = new DebianTree(suite, suite, Packages, _ => { });
            return new DebianRoot(tree.Make(ChannelOptions.DefaultCacheDirectory));
        }
        catch (MissingToolException missing)
        {
            Assert.Skip(missing.Message);
            throw;
        }
    }

    /// <summary>Runs a script in the root. <c>/tmp</c> is empty; <c>/mnt</c> is <paramref name="work"/>, read-only.</summary>
    public Outcome Run(string work, string script)
    {
        string enter =
            $"mount --bind '{_path}' '{_path}' && cd '{_path}' && mount -t tmpfs none tmp && mount -t proc none proc"
            + $" && mount --bind '{work}' mnt && mount -o remount,bind,ro mnt && mount --rbind /dev dev && mkdir tmp/old"
            + " && pivot_root . tmp/old && umount -l /tmp/old && rmdir /tmp/old && cd /tmp && exec /bin/sh -e -c \"$1\"";
        return Published.Start(
            "/usr/bin/unshare",
            ["--mount", "--propagation", "private", "/bin/sh", "-c", enter, "sh", script],
            new Dictionary<string, string> { ["PATH"] = "/usr/sbin:/usr/bin:/sbin:/bin" }
        );
    }
}
