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

    public PartDirectory(string output)
    {
        Path = output + Suffix;
        FileTree.CreateDirectory(Path);
    }

    public string Path { get; }

    public string this[string name] => System.IO.Path.Combine(Path, name);

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
        if (!_keep)
        {
            FileTree.DeleteDirectory(Path);
        }
    }
}
