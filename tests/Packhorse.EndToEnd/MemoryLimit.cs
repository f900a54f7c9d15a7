using System.Globalization;

namespace Packhorse.EndToEnd;

/// <summary>A control group that holds all memory of what runs in it, page cache included, below a limit.</summary>
internal sealed class MemoryLimit : IDisposable
{
    private const string FirstVersion = "/sys/fs/cgroup/memory";

    private readonly string _directory;

    /// <summary>Skips the test where groups cannot be made.</summary>
    public MemoryLimit(long bytes)
    {
        bool isFirst = Directory.Exists(FirstVersion);
        _directory = Path.Combine(isFirst ? FirstVersion : "/sys/fs/cgroup", $"packhorse-test-{Guid.NewGuid():N}");
        string text = bytes.ToString(CultureInfo.InvariantCulture);
        try
        {
            Directory.CreateDirectory(_directory);
            File.WriteAllText(Path.Combine(_directory, isFirst ? "memory.limit_in_bytes" : "memory.max"), text);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            Assert.Skip($"this test becomes other users and limits memory: {error.Message}");
        }
    }

    /// <summary>A line for a shell that puts the shell itself into the group.</summary>
    public string Enter => Put("$$");

    /// <summary>A line for a shell that puts another process into the group; what that has already stays where it is.</summary>
    public string Put(string process) => $"echo {process} > {_directory}/cgroup.procs";

    public void Dispose()
    {
        // The kernel lets go of a group when its last process is no more.
        for (int attempt = 0; attempt < 100 && Directory.Exists(_directory); attempt++)
        {
            try
            {
                Directory.Delete(_directory);
            }
            catch (IOException)
            {
                Thread.Sleep(50);
            }
        }
    }
}
