using Packhorse.TestChannel;

namespace Packhorse.EndToEnd;

/// <summary>
/// The essential parts of another Debian release in a directory, unpacked from its packages and kept beside the test channels. Programs
/// run in it by pivot_root in a mount namespace of their own, since user namespaces are refused inside a chroot.
/// </summary>
internal sealed class DebianRoot
{
    private const string Keyring = "/usr/share/keyrings/debian-archive-keyring.gpg";

    // With all that they depend on.
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
        string path = Path.Combine(ChannelOptions.DefaultCacheDirectory, "roots", suite);
        if (!Directory.Exists(path))
        {
            Make(suite, path);
        }
        return new DebianRoot(path);
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

    // Lists and cache of apt in a directory of their own.
    private static void Make(string suite, string path)
    {
        string? mirror = FindMirror();
        Assert.SkipWhen(mirror is null, "no packages of Debian: apt has no archive of it on this machine");
        string apt = path + ".apt";
        Directory.CreateDirectory($"{apt}/lists/partial");
        Directory.CreateDirectory($"{apt}/cache/archives/partial");
        File.WriteAllText($"{apt}/sources.list", $"deb [signed-by={Keyring}] {mirror} {suite} main\n");
        string[] settings =
        [
            .. (
                (string[])
                    [
                        $"Dir::Etc::sourcelist={apt}/sources.list",
                        "Dir::Etc::sourceparts=-",
                        $"Dir::State::lists={apt}/lists",
                        $"Dir::Cache={apt}/cache",
                        "Dir::State::status=/dev/null",
                    ]
            ).SelectMany(setting => (string[])["-o", setting]),
        ];
        string[] download = ["-q", "-y", "-d", "--no-install-recommends", "install"];
        bool there =
            Published.Start("apt-get", [.. settings, "-q", "update"]).ExitCode == 0
            && Published.Start("apt-get", [.. settings, .. download, .. Packages]).ExitCode == 0;
        Assert.SkipUnless(there, $"no packages of Debian {suite} could be fetched");
        string made = path + ".new";
        // Links like /bin to usr/bin, which the others rely on, come first.
        foreach (
            string package in Directory
                .GetFiles($"{apt}/cache/archives", "*.deb")
                .OrderBy(file => Path.GetFileName(file).StartsWith("base-files", StringComparison.Ordinal) ? 0 : 1)
        )
        {
            Published.Start("dpkg-deb", ["-x", package, made]).Succeeded();
        }
        // Some of these are made by the packages' scripts, which are not run.
        foreach (string directory in (string[])["dev", "mnt", "proc", "tmp"])
        {
            Directory.CreateDirectory(Path.Combine(made, directory));
        }
        Directory.Delete(apt, recursive: true);
        Directory.Move(made, path);
    }

    // Where this machine's apt has its packages from: other releases are beside them.
    private static string? FindMirror()
    {
        Outcome targets = Published.Start(
            "apt-get",
            ["indextargets", "--format", "$(ORIGIN) $(LABEL) $(REPO_URI)", "Created-By: Packages"]
        );
        return targets
            .Output.Split('\n')
            .Where(line => line.StartsWith("Debian Debian ", StringComparison.Ordinal))
            .Select(line => line["Debian Debian ".Length..].Trim().TrimEnd('/'))
            .FirstOrDefault();
    }
}
