using Packhorse.Model;

namespace Packhorse.Install;

/// <summary>
/// Which paths of a prefix are taken. Whoever claims first keeps a path, so that packages claim in order of falling precedence. A file
/// takes its path; its parents become directories, and no file may have the path of a directory or lie below a file.
/// </summary>
internal sealed class PathClaims
{
    private readonly HashSet<string> _files = new(StringComparer.Ordinal);
    private readonly HashSet<string> _directories = new(StringComparer.Ordinal);
    private readonly HashSet<string>.AlternateLookup<ReadOnlySpan<char>> _filesBySpan;
    private long _directoryCharacters;
    private readonly HashSet<string>.AlternateLookup<ReadOnlySpan<char>> _directoriesBySpan;

    public PathClaims()
    {
        _filesBySpan = _files.GetAlternateLookup<ReadOnlySpan<char>>();
        _directoriesBySpan = _directories.GetAlternateLookup<ReadOnlySpan<char>>();
    }

    /// <summary>Who claims just now, for messages.</summary>
    public string Claimant { get; set; } = "";

    /// <summary>Sorted so that parents come first.</summary>
    public IReadOnlyList<string> Directories => [.. _directories.Order(StringComparer.Ordinal)];

    /// <returns>False when the path is taken, is a directory, or lies below a file.</returns>
    public bool TryClaimFile(string path)
    {
        if (_directories.Contains(path) || LiesBelowFile(path) || !_files.Add(path))
        {
            return false;
        }
        AddParents(path);
        return true;
    }

    /// <inheritdoc cref="TryClaimFile"/>
    public bool TryClaimDirectory(string path)
    {
        if (_files.Contains(path) || LiesBelowFile(path))
        {
            return false;
        }
        AddDirectory(path);
        AddParents(path);
        return true;
    }

    private bool LiesBelowFile(ReadOnlySpan<char> path)
    {
        for (int slash = path.LastIndexOf('/'); slash > 0; slash = path[..slash].LastIndexOf('/'))
        {
            if (_filesBySpan.Contains(path[..slash]))
            {
                return true;
            }
            // A known directory has known parents.
            if (_directoriesBySpan.Contains(path[..slash]))
            {
                return false;
            }
        }
        return false;
    }

    private void AddParents(ReadOnlySpan<char> path)
    {
        for (int slash = path.LastIndexOf('/'); slash > 0; slash = path[..slash].LastIndexOf('/'))
        {
            if (!AddDirectory(path[..slash]))
            {
                return;
            }
        }
    }

    private bool AddDirectory(ReadOnlySpan<char> path)
    {
        if (!_directoriesBySpan.Add(path))
        {
            return false;
        }
        _directoryCharacters += path.Length;
        return _directoryCharacters <= Limits.DirectoryCharacters
            ? true
            : throw new CorruptDataException(
                ErrorCodes.LimitExceeded,
                $"{Claimant}: too many and too deep directories, such as {EntryPath.Quote(path.ToString())}"
            );
    }
}
