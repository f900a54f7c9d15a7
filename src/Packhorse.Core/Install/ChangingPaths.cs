using Packhorse.Model;

namespace Packhorse.Install;

/// <summary>The paths that an update makes or removes, to be compared with those of a package that stays.</summary>
internal sealed class ChangingPaths
{
    private const string Aside = $"{InstallPlan.ClobberedDirectory}/";

    private readonly HashSet<string> _files;
    private readonly HashSet<string> _taken;
    private readonly HashSet<string>.AlternateLookup<ReadOnlySpan<char>> _filesBySpan;
    private readonly HashSet<string>.AlternateLookup<ReadOnlySpan<char>> _takenBySpan;

    /// <param name="going">Paths of what leaves or is replaced.</param>
    public ChangingPaths(InstallPlan plan, IEnumerable<string> going)
    {
        _files = plan
            .Packages.SelectMany(package => package.Targets.Append(CondaMeta.RecordPath(package.Package.Record)))
            .ToHashSet(StringComparer.Ordinal);
        _taken = [.. _files, .. plan.Directories, .. going];
        _filesBySpan = _files.GetAlternateLookup<ReadOnlySpan<char>>();
        _takenBySpan = _taken.GetAlternateLookup<ReadOnlySpan<char>>();
    }

    /// <summary>What arrives.</summary>
    public IReadOnlyCollection<string> Files => _files;

    /// <summary>True for a file that another package's has pushed aside: who owns a path may then change with any package.</summary>
    public static bool IsAside(string path) => path.StartsWith(Aside, StringComparison.Ordinal);

    /// <summary>
    /// True when a file of the package is to be made or removed, is needed as a directory, or lies below what is to be a file.
    /// Thread-safe.
    /// </summary>
    /// <exception cref="CorruptDataException">The record is damaged.</exception>
    public bool Meets(ReadOnlySpan<byte> record, string where)
    {
        bool meets = false;
        string directory = "";
        InstalledRecord.Read(
            record,
            where,
            path =>
            {
                meets |= _takenBySpan.Contains(path) || path.StartsWith(Aside, StringComparison.Ordinal);
                ReadOnlySpan<char> parent = path[..Math.Max(0, path.LastIndexOf('/'))];
                // Files of one directory follow each other.
                if (!parent.SequenceEqual(directory))
                {
                    directory = parent.ToString();
                    meets |= LiesBelowFile(parent);
                }
            }
        );
        return meets;
    }

    private bool LiesBelowFile(ReadOnlySpan<char> directory)
    {
        for (; directory.Length > 0; directory = directory[..Math.Max(0, directory.LastIndexOf('/'))])
        {
            if (_filesBySpan.Contains(directory))
            {
                return true;
            }
        }
        return false;
    }
}
