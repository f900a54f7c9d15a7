using System.Runtime.Versioning;
using System.Text;
using Packhorse.Image;
using Packhorse.Model;
using Packhorse.Os;

namespace Packhorse.Mount;

/// <summary>
/// The server's side of a <see cref="PackageReader"/>: has it read the Python packages that a program has come to. What imports one module
/// of a package imports most of them, and would ask for each by name and by content, and wait both times.
/// </summary>
/// <param name="tree">As it is served.</param>
/// <param name="prefix">Where it is mounted.</param>
[SupportedOSPlatform("linux")]
internal sealed class PackagesAhead(IImageTree tree, string prefix)
{
    // The interpreter itself comes to five; a process for those would take longer than it saves.
    private const int FewPackages = 8;

    // Of a path; deeper than any that a program can name.
    private const int MostComponents = 2048;

    // Its own lock.
    private readonly Queue<InodeReference> _packages = [];

    /// <summary>Begins. With one processor the reader would take from the program what it saves it, and nothing is done.</summary>
    /// <returns>What is to be called with each package; it does not wait.</returns>
    public Action<InodeReference> Start()
    {
        if (Environment.ProcessorCount == 1)
        {
            return _ => { };
        }
        new Thread(Forward, 256 << 10) { IsBackground = true }.Start();
        return Add;
    }

    private void Add(InodeReference package)
    {
        lock (_packages)
        {
            _packages.Enqueue(package);
            Monitor.Pulse(_packages);
        }
    }

    // By one thread until the server ends, since the reader ends with the thread that has started it.
    private void Forward()
    {
        try
        {
            List<InodeReference> packages = [];
            while (true)
            {
                while (packages.Count < FewPackages)
                {
                    packages.Add(Next());
                }
                using PacketSocket reader = PackageReader.Start();
                while (packages.TrueForAll(package => Send(reader, package)))
                {
                    packages = [Next()];
                }
            }
        }
        catch (PackhorseException)
        {
            // No more processes, or no more memory: the program needs them more.
        }
    }

    private InodeReference Next()
    {
        lock (_packages)
        {
            while (_packages.Count == 0)
            {
                _ = Monitor.Wait(_packages);
            }
            return _packages.Dequeue();
        }
    }

    /// <returns>False when the reader is gone.</returns>
    private bool Send(PacketSocket reader, InodeReference package)
    {
        try
        {
            return PathOf(package) is not { } path || reader.Send(Encoding.UTF8.GetBytes(path));
        }
        catch (PackhorseException)
        {
            // Whoever needs what is damaged is told.
            return true;
        }
    }

    /// <returns>Null for a directory that is not in the one that it says it lies in.</returns>
    private string? PathOf(InodeReference directory)
    {
        var components = new Stack<string>();
        while (directory != tree.Root)
        {
            InodeReference parent = tree.Parent(directory);
            if (components.Count == MostComponents || NameIn(parent, directory) is not { } name)
            {
                return null;
            }
            components.Push(name);
            directory = parent;
        }
        return components.Count == 0 ? prefix : $"{prefix}/{string.Join('/', components)}";
    }

    private string? NameIn(InodeReference parent, InodeReference directory)
    {
        IDirectoryCursor cursor = tree.OpenDirectory(parent, 0);
        while (cursor.MoveNext())
        {
            if (cursor.Inode == directory)
            {
                return Encoding.UTF8.GetString(cursor.Name);
            }
        }
        return null;
    }
}
