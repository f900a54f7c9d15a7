using Packhorse.Model;
using Packhorse.Os;

namespace Packhorse.Packing;

/// <summary>Finds the lock file that belongs to what a user names.</summary>
public static class ManifestLocation
{
    public const string LockName = "pixi.lock";

    /// <param name="manifest">A pixi.toml, pyproject.toml, mojoproject.toml or pixi.lock, or a directory with a pixi.lock.</param>
    /// <returns>The absolute path of the lock file, which exists.</returns>
    /// <exception cref="NotFoundException">The manifest or its lock file does not exist.</exception>
    public static string FindLock(string manifest)
    {
        string path = FileTree.Absolute(manifest);
        if (!FileTree.Exists(path))
        {
            throw new NotFoundException(ErrorCodes.FileNotFound, $"manifest path does not exist at {path}");
        }
        string lockPath =
            FileTree.DirectoryExists(path) ? Path.Combine(path, LockName)
            : Path.GetFileName(path).EndsWith(".lock", StringComparison.Ordinal) ? path
            : Path.Combine(Path.GetDirectoryName(path)!, LockName);
        if (!FileTree.FileExists(lockPath))
        {
            throw new NotFoundException(
                ErrorCodes.FileNotFound,
                $"could not read lockfile at {lockPath}: there is no such file"
            )
            {
                Hint = "pixi lock makes it from the manifest",
            };
        }
        return lockPath;
    }
}
