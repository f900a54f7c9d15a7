using Packhorse.Os;

namespace Packhorse.Packing;

/// <summary>
/// <c>OUTPUT.part.d</c>: where a pack is made. It goes when the pack is complete; after a failure it stays when it holds packages that
/// were brought and verified, and the same command goes on from there.
/// </summary>
internal sealed class PartDirectory : IDisposable
{
    public const string Suffix = ".part.d";

    private bool _keep;
    private bool _owned;

    public PartDirectory(string output)
    {
        Path = output + Suffix;
        // What an earlier run kept stays until the pack is complete, however this one fails.
        _keep = FileTree.DirectoryExists(Path);
        FileTree.CreateDirectory(Path);
    }

    public string Path { get; }

    public string this[string name] => System.IO.Path.Combine(Path, name);

    /// <summary>The lock in it is held: before, it may be another process's and is left alone.</summary>
    public void Own() => _owned = true;

    /// <summary>There is something in it that a next run can use.</summary>
    public void Keep() => _keep = true;

    /// <summary>The output is complete.</summary>
    public void Complete()
    {
        _keep = false;
        FileTree.DeleteDirectory(Path);
    }

    public bool IsKept => _keep;

    public void Dispose()
    {
        if (_owned && !_keep)
        {
            FileTree.DeleteDirectory(Path);
        }
    }
}
