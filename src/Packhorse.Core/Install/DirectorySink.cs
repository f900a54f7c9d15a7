using System.Runtime.Versioning;
using Packhorse.Os;

namespace Packhorse.Install;

/// <summary>Installs into a directory.</summary>
/// <param name="root">The prefix, or the directory that is renamed to it in the end; not owned.</param>
[SupportedOSPlatform("linux")]
public sealed class DirectorySink(LinuxDirectory root) : IInstallSink
{
    public void CreateDirectories(IReadOnlyList<string> paths)
    {
        foreach (string path in paths)
        {
            _ = root.TryCreateDirectory(path);
        }
    }

    public IInstallFile CreateFile(InstallFile file) =>
        new DirectoryFile(root, file, root.CreateFile(file.Path, file.Mode));

    public void CreateSymbolicLink(string path, string target, long modified) =>
        root.CreateSymbolicLink(path, target, modified);

    public void CreateHardLink(string existing, string path) => root.CreateHardLink(existing, path);

    private sealed class DirectoryFile(LinuxDirectory root, InstallFile file, LinuxFile handle) : IInstallFile
    {
        private bool _completed;

        public void Write(ReadOnlySpan<byte> bytes) => handle.Write(bytes);

        public void Complete()
        {
            handle.SetModified(file.Modified);
            handle.Dispose();
            _completed = true;
        }

        public void Dispose()
        {
            if (!_completed)
            {
                handle.Dispose();
                root.Remove(file.Path);
            }
        }
    }
}
