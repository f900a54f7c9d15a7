using Packhorse.Model;

namespace Packhorse.Os;

/// <summary>A directory and those of its parents that had to be made: disposed before <see cref="Keep"/>, they go again as far as they
/// are empty.</summary>
public sealed class NewDirectories : IDisposable
{
    private readonly List<string> _made = [];
    private bool _keep;

    private NewDirectories() { }

    /// <param name="path">Absolute; may exist.</param>
    /// <exception cref="SystemRefusedException">It cannot be made, or something other than a directory is there.</exception>
    public static NewDirectories Create(string path)
    {
        var directories = new NewDirectories();
        string? existing = path;
        while (existing is not null && FileTree.KindOf(existing) == FileKind.None)
        {
            directories._made.Add(existing);
            existing = Path.GetDirectoryName(existing);
        }
        if (existing is not null && FileTree.KindOf(existing) != FileKind.Directory)
        {
            throw SystemErrors.FromErrno(SystemErrors.ENOTDIR, "use as a directory", existing);
        }
        try
        {
            FileTree.CreateDirectory(path);
        }
        catch
        {
            directories.Dispose();
            throw;
        }
        return directories;
    }

    public void Keep() => _keep = true;

    public void Dispose()
    {
        if (_keep)
        {
            return;
        }
        foreach (string path in _made)
        {
            try
            {
                Directory.Delete(path, recursive: false);
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                // Not empty: somebody else uses it by now.
                return;
            }
        }
    }
}
