using Packhorse.Install;

namespace Packhorse.Tests.Support;

/// <summary>Keeps what was installed in memory, and refuses what no sink would be given.</summary>
public sealed class MemorySink : IInstallSink
{
    private readonly HashSet<string> _directories = new(StringComparer.Ordinal) { "" };

    public SortedDictionary<string, (InstallFile File, byte[] Content)> Files { get; } = new(StringComparer.Ordinal);

    public SortedDictionary<string, string> Links { get; } = new(StringComparer.Ordinal);

    public void CreateDirectories(IReadOnlyList<string> paths)
    {
        foreach (string path in paths)
        {
            Assert.Contains(Parent(path), _directories);
            _directories.Add(path);
        }
    }

    public IInstallFile CreateFile(InstallFile file) => new MemoryFile(this, file);

    public void CreateSymbolicLink(string path, string target, long modified)
    {
        Assert.Contains(Parent(path), _directories);
        Links.Add(path, target);
    }

    public void CreateHardLink(string existing, string path) => Files.Add(path, Files[existing]);

    private static string Parent(string path) => path[..Math.Max(0, path.LastIndexOf('/'))];

    private sealed class MemoryFile(MemorySink sink, InstallFile file) : IInstallFile
    {
        private readonly MemoryStream _content = new();

        public void Write(ReadOnlySpan<byte> bytes) => _content.Write(bytes);

        public void Complete()
        {
            Assert.Contains(Parent(file.Path), sink._directories);
            if (file.Size is { } size)
            {
                Assert.Equal(size, _content.Length);
            }
            lock (sink.Files)
            {
                sink.Files.Add(file.Path, (file, _content.ToArray()));
            }
        }

        public void Dispose() => _content.Dispose();
    }
}
