namespace Packhorse.TestChannel;

/// <summary>The root that a pool runs in: Debian with HTCondor, and the few accounts that it needs.</summary>
internal static class PoolRoot
{
    /// <summary>Who submits jobs.</summary>
    public const string User = "alice";

    public const int UserId = 5001;

    /// <summary>To be raised with every change of packages or accounts.</summary>
    private const int Recipe = 1;

    private static readonly string[] Packages =
    [
        "base-files",
        "base-passwd",
        "bash",
        "ca-certificates",
        "coreutils",
        "dash",
        "findutils",
        "gawk",
        "grep",
        "gzip",
        "hostname",
        "libc-bin",
        "minicondor",
        "mount",
        "openssh-client",
        "openssh-server",
        "procps",
        "python3-minimal",
        "sed",
        "tar",
        "util-linux",
    ];

    /// <param name="further">Packages that not every pool needs.</param>
    /// <exception cref="MissingToolException">It cannot be made here.</exception>
    public static string Make(string suite, IReadOnlyList<string> further, string cacheDirectory) =>
        new DebianTree(
            suite,
            string.Join('-', further.Prepend($"{suite}-pool-{Recipe}")),
            [.. Packages, .. further],
            Finish
        ).Make(cacheDirectory);

    private static void Finish(string root)
    {
        string shared = $"{root}/usr/share/base-passwd";
        File.WriteAllText(
            $"{root}/etc/passwd",
            File.ReadAllText($"{shared}/passwd.master")
                + "condor:*:64:64::/var/lib/condor:/usr/sbin/nologin\n"
                + "sshd:*:100:65534::/run/sshd:/usr/sbin/nologin\n"
                + $"{User}:*:{UserId}:{UserId}::/home/{User}:/bin/bash\n"
        );
        File.WriteAllText(
            $"{root}/etc/group",
            File.ReadAllText($"{shared}/group.master") + $"condor:*:64:\n{User}:*:{UserId}:\n"
        );
        File.WriteAllText($"{root}/etc/nsswitch.conf", "passwd: files\ngroup: files\nhosts: files\n");
        File.WriteAllText($"{root}/etc/hosts", "127.0.0.1 localhost pool.test pool\n");
        File.WriteAllText($"{root}/etc/hostname", "pool.test\n");
        File.CreateSymbolicLink($"{root}/usr/bin/awk", "gawk");
        foreach ((string link, string target) in ((string, string)[])[("run", "/run"), ("lock", "/run/lock")])
        {
            if (Directory.Exists($"{root}/var/{link}"))
            {
                Directory.Delete($"{root}/var/{link}", recursive: true);
            }
            File.CreateSymbolicLink($"{root}/var/{link}", target);
        }
        foreach (
            string directory in (string[])
                ["home", "var/lib/condor", "var/log/condor", "var/spool/condor", "var/lib/osdf"]
        )
        {
            Directory.CreateDirectory($"{root}/{directory}");
        }
    }
}
