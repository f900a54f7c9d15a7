using System.Globalization;
using System.Text;
using Packhorse.Codecs;
using Packhorse.Model;
using Packhorse.Os;

namespace Packhorse.Packing;

/// <summary>
/// How far the members of an unfinished tar were written: <c>journal</c> in the part directory. Lines <c>INDEX BYTES</c> after a first
/// one that names the layout; what it says is checked by digest before it is believed. Thread-safe.
/// </summary>
internal sealed class PackJournal : IDisposable
{
    // A line for every so many bytes of a member.
    private const long Step = 16 << 20;

    private readonly OutputFile _file;
    private readonly System.Threading.Lock _gate = new();
    private readonly long[] _written;
    private long _length;

    /// <param name="directory">The part directory.</param>
    public PackJournal(PartDirectory directory, PackLayoutPlan layout)
    {
        string path = directory["journal"];
        _written = new long[layout.Entries.Count];
        string first = $"packhorse-part 1 {Identify(layout)}";
        string[] lines = FileTree.FileExists(path)
            ? Encoding.UTF8.GetString(InputFile.ReadAllBytes(path, Limits.TextBytes)).Split('\n')
            : [];
        bool same = lines.Length > 1 && lines[0] == first;
        foreach (string line in same ? lines[1..^1] : [])
        {
            Apply(line, layout);
        }
        _file = OutputFile.Resume(path, path, FilePermissions.OwnerReadWrite);
        _file.SetLength(0);
        Append(first);
        for (int i = 0; i < _written.Length; i++)
        {
            if (_written[i] > 0)
            {
                Append($"{i} {_written[i]}");
            }
        }
    }

    /// <summary>True when an earlier run left something.</summary>
    public bool HasAny => _written.Any(written => written > 0);

    /// <summary>Bytes of an entry's content that are there, from its beginning.</summary>
    public long Written(int entry) => Interlocked.Read(ref _written[entry]);

    /// <summary>Notes progress of an entry; backwards too, when what was there turned out wrong.</summary>
    public void Note(int entry, long written, bool final)
    {
        long before = Written(entry);
        if (!final && written >= before && written - before < Step)
        {
            return;
        }
        Interlocked.Exchange(ref _written[entry], written);
        lock (_gate)
        {
            Append($"{entry} {written}");
        }
    }

    public void Dispose() => _file.Dispose();

    private static Digest Identify(PackLayoutPlan layout)
    {
        using var hash = new Sha256();
        hash.Append(Encoding.UTF8.GetBytes(layout.Executable?.Fields ?? ""));
        foreach (LayoutEntry entry in layout.Entries)
        {
            hash.Append(entry.Header);
            hash.Append(entry.Content ?? []);
            hash.Append(Encoding.UTF8.GetBytes(entry.Member?.Expected.ToString() ?? ""));
        }
        return hash.Finish();
    }

    private void Apply(string line, PackLayoutPlan layout)
    {
        string[] fields = line.Split(' ');
        if (
            fields.Length == 2
            && int.TryParse(fields[0], NumberStyles.None, CultureInfo.InvariantCulture, out int index)
            && long.TryParse(fields[1], NumberStyles.None, CultureInfo.InvariantCulture, out long written)
            && index < _written.Length
            && written <= layout.Entries[index].Size
        )
        {
            _written[index] = written;
        }
    }

    private void Append(string line)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(line + "\n");
        _file.Write(bytes, _length);
        _length += bytes.Length;
    }
}
