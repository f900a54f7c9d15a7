namespace Packhorse.TestChannel;

/// <summary>A directory with packages of a Debian release, unpacked and not configured, kept beside the test channels.</summary>
/// <param name="Suite">As in <c>trixie</c>.</param>
/// <param name="Name">Of the directory; to be changed when <paramref name="Packages"/> or <paramref name="Finish"/> are.</param>
/// <param name="Packages">Come with all that they depend on.</param>
/// <param name="Finish">What the packages' own scripts, which are not run, would do of what is needed; gets the directory.</param>
public sealed record DebianTree(string Suite, string Name, IReadOnlyList<string> Packages, Action<string> Finish)
{
    private const string Keyring = "/usr/share/keyrings/debian-archive-keyring.gpg";

    // Some of these are made by the packages' scripts.
    private static readonly string[] Directories = ["dev", "media", "mnt", "opt", "proc", "run", "srv", "sys", "tmp"];

    /// <summary>The directory, made when it is not there.</summary>
    /// <exception cref="MissingToolException">It cannot be made here.</exception>
    public string Make(string cacheDirectory)
    {
        string path = Path.Combine(cacheDirectory, "roots", Name);
        if (Directory.Exists(path))
        {
            return path;
        }
        if (!Machine.IsRoot)
        {
            throw new MissingToolException($"Debian {Suite} in a directory is not there", "only root can make it");
        }
        // Several processes may make it at once; the first to be done has it.
        string own = $"{path}.{Environment.ProcessId}";
        try
        {
            Download(own + ".apt");
            Unpack(own + ".apt", own);
            Finish(own);
            TryMove(own, path);
        }
        finally
        {
            foreach (string left in ((string[])[own, own + ".apt"]).Where(Directory.Exists))
            {
                Directory.Delete(left, recursive: true);
            }
        }
        return path;
    }

    private static void TryMove(string from, string to)
    {
        try
        {
            Directory.Move(from, to);
        }
        catch (IOException) when (Directory.Exists(to))
        {
            // Another was faster.
        }
    }

    // Lists and cache of apt in a directory of their own.
    private void Download(string apt)
    {
        string mirror =
            FindMirror()
            ?? throw new MissingToolException(
                "no packages of Debian: apt has no archive of it on this machine",
                "add Debian's to apt's sources"
            );
        Directory.CreateDirectory($"{apt}/lists/partial");
        Directory.CreateDirectory($"{apt}/cache/archives/partial");
        File.WriteAllText($"{apt}/sources.list", $"deb [signed-by={Keyring}] {mirror} {Suite} main\n");
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
                        // Of a release that moves, a mirror may have an index that is older than its own limit.
                        $"Acquire::Check-Valid-Until={(Suite == "sid" ? "false" : "true")}",
                    ]
            ).SelectMany(setting => (string[])["-o", setting]),
        ];
        string[] download = ["-q", "-y", "-d", "--no-install-recommends", "install"];
        try
        {
            Tool.Run("apt-get", [.. settings, "-q", "update"]);
            Tool.Run("apt-get", [.. settings, .. download, .. Packages]);
        }
        catch (MissingToolException failure)
        {
            throw new MissingToolException($"no packages of Debian {Suite} could be fetched", failure.Hint);
        }
    }

    private static void Unpack(string apt, string root)
    {
        // Links like /bin to usr/bin, which the others rely on, come first.
        foreach (
            string package in Directory
                .GetFiles($"{apt}/cache/archives", "*.deb")
                .OrderBy(file => Path.GetFileName(file).StartsWith("base-files", StringComparison.Ordinal) ? 0 : 1)
        )
        {
            Tool.Run("dpkg-deb", ["-x", package, root]);
        }
        foreach (string directory in Directories)
        {
            Directory.CreateDirectory(Path.Combine(root, directory));
        }
    }

    // Where this machine's apt has its packages from: other releases are beside them.
    private static string? FindMirror() =>
        Tool.Run("apt-get", ["indextargets", "--format", "$(ORIGIN) $(LABEL) $(REPO_URI)", "Created-By: Packages"])
            .Output.Split('\n')
            .Where(line => line.StartsWith("Debian Debian ", StringComparison.Ordinal))
            .Select(line => line["Debian Debian ".Length..].Trim().TrimEnd('/'))
            .FirstOrDefault();
}
