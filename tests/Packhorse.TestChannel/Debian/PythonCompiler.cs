namespace Packhorse.TestChannel;

/// <summary>
/// Compiles modules with the channel's own Python, as conda-build does for packages that are not noarch, so that a prefix that
/// cannot be written starts as fast as any.
/// </summary>
internal sealed class PythonCompiler : IDisposable
{
    private readonly string _root;
    private readonly string _python;

    /// <param name="trees">Python and the libraries that it needs: they are installed in a directory of their own.</param>
    /// <param name="temporary">A directory on the disk with room for them.</param>
    public PythonCompiler(IEnumerable<PrefixTree> trees, PrefixLayout layout, string temporary)
    {
        _root = Path.Combine(temporary, "bootstrap-" + Path.GetRandomFileName());
        _python = Path.Combine(_root, "bin", Path.GetFileName(Path.GetDirectoryName(layout.SitePackages)!));
        foreach (PrefixFile file in trees.SelectMany(tree => tree.Files))
        {
            Write(file, _root);
        }
    }

    public void Dispose() => Directory.Delete(_root, recursive: true);

    /// <summary>Runs a program with an empty environment.</summary>
    /// <exception cref="MissingToolException">Python failed.</exception>
    public void Check(string program) => Run("-I", "-c", program);

    /// <summary>Adds <c>__pycache__/*.pyc</c> of all modules that compile; of the others Debian has a few on purpose.</summary>
    /// <param name="placeholder">Stands in the code objects in place of the prefix.</param>
    public void AddCompiled(PrefixTree tree, string placeholder)
    {
        PrefixFile[] modules =
        [
            .. tree.Files.Where(file =>
                file.LinkTarget is null
                // Of what changes when it is installed no compiled form would be right.
                && file.Prefix == PrefixMode.None
                && file.Path.StartsWith("lib/python3", StringComparison.Ordinal)
                && file.Path.EndsWith(".py", StringComparison.Ordinal)
            ),
        ];
        if (modules.Length == 0)
        {
            return;
        }
        string work = _root + "-" + Path.GetRandomFileName();
        Array.ForEach(modules, module => Write(module, work));
        // Hash-based and unchecked: a .pyc does not depend on the times that an installer gives to its source.
        string[] options = ["-q", "-s", work, "-p", placeholder, "--invalidation-mode", "unchecked-hash"];
        Run(["-I", "-W", "ignore", "-m", "compileall", .. options, work], mayFail: true);
        foreach (string path in Directory.EnumerateFiles(work, "*.pyc", SearchOption.AllDirectories))
        {
            tree.Set(Path.GetRelativePath(work, path), File.ReadAllBytes(path));
        }
        Directory.Delete(work, recursive: true);
    }

    private static void Write(PrefixFile file, string root)
    {
        string path = Path.Combine(root, file.Path);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        if (file.LinkTarget is not null)
        {
            File.CreateSymbolicLink(path, file.LinkTarget);
            return;
        }
        File.WriteAllBytes(path, file.Content);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, (UnixFileMode)file.Mode);
        }
    }

    private void Run(params string[] arguments) => Run(arguments, mayFail: false);

    private void Run(IEnumerable<string> arguments, bool mayFail)
    {
        // Sets of constants are written in the order of their hashes.
        Dictionary<string, string> environment = new() { ["PYTHONHASHSEED"] = "0" };
        Tool.Run(_python, arguments, mayFail, environment);
    }
}
