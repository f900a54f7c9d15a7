namespace Packhorse.Os;

/// <summary>A directory that nobody else can look into, made when the first name in it is asked for and removed with all in it.</summary>
/// <param name="parent">Where it is made.</param>
public sealed class TemporaryDirectory(string parent) : IDisposable
{
    private readonly System.Threading.Lock _gate = new();
    private string? _path;

    public string this[string name]
    {
        get
        {
            lock (_gate)
            {
                _path ??= Make();
                return Path.Combine(_path, name);
            }
        }
    }

    public void Dispose()
    {
        if (_path is not null)
        {
            FileTree.DeleteDirectory(_path);
        }
    }

    // The name is not to be guessed, and nothing that is there already is taken.
    private string Make()
    {
        const UnixFileMode OwnerOnly = FilePermissions.OwnerReadWrite | UnixFileMode.UserExecute;
        string path = Path.Combine(parent, $"packhorse-{Guid.NewGuid():N}");
        return SystemErrors.Translating(
            "create the directory",
            path,
            () =>
                OperatingSystem.IsWindows()
                    ? Directory.CreateDirectory(path).FullName
                    : Directory.CreateDirectory(path, OwnerOnly).FullName
        );
    }
}
