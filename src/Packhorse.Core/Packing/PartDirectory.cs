using Packhorse.Model;
using Packhorse.Os;

namespace Packhorse.Packing;

/// <summary>
/// <c>OUTPUT.part.d</c>: where a pack is made, by one process at a time. It goes when the pack is complete; after a failure it stays
/// when it holds packages that were brought and verified, and the same command goes on from there.
/// </summary>
internal sealed class PartDirectory : IDisposable
{
    public const string Suffix = ".part.d";

    private readonly NewDirectories _parents;
    private readonly OutputFile _lock;
    private bool _keep;

    /// <exception cref="TransientException">Another process makes the same output.</exception>
    public PartDirectory(string output)
    {
        Path = output + Suffix;
        // What an earlier run kept stays until the pack is complete, however this one fails.
        _keep = FileTree.DirectoryExists(Path);
        _parents = NewDirectories.Create(System.IO.Path.GetDirectoryName(Path)!);
        try
        {
            // What is in there belongs to whoever holds the lock: nothing is touched before, and nothing afterwards.
            _lock = TakeLock();
        }
        catch
        {
            _parents.Dispose();
            throw;
        }
    }

    public string Path { get; }

    public string this[string name] => System.IO.Path.Combine(Path, name);

    /// <summary>There is something in it that a next run can use.</summary>
    public void Keep() => _keep = true;

    /// <summary>The output is complete.</summary>
    public void Complete()
    {
        _keep = false;
        _parents.Keep();
        Remove();
    }

    public bool IsKept => _keep;

    public void Dispose()
    {
        try
        {
            if (_keep)
            {
                _parents.Keep();
            }
            else
            {
                Remove();
            }
        }
        finally
        {
            _lock.Dispose();
            _parents.Dispose();
        }
    }

    private void Remove()
    {
        // Windows removes no directory that holds an open file.
        if (OperatingSystem.IsWindows())
        {
            _lock.Dispose();
        }
        FileTree.DeleteDirectory(Path);
    }

    private OutputFile TakeLock()
    {
        while (true)
        {
            FileTree.CreateDirectory(Path);
            OutputFile? held = null;
            try
            {
                held = OutputFile.Resume(this["lock"], this["lock"], FilePermissions.OwnerReadWrite);
            }
            catch (NotFoundException)
            {
                // Whoever held it ended just now and took the directory along.
            }
            if (held is not null && FileTree.FileExists(this["lock"]))
            {
                return held;
            }
            held?.Dispose();
        }
    }
}
