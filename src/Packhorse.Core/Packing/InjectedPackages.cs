using System.IO.Enumeration;
using Packhorse.Codecs;
using Packhorse.Conda;
using Packhorse.Model;
using Packhorse.Os;
using Packhorse.Pack;
using Packhorse.Wheels;

namespace Packhorse.Packing;

/// <summary>Packages that a user adds to those of the lock file: what they are is read from the files themselves.</summary>
public static class InjectedPackages
{
    /// <param name="patterns">Paths, of which the last component may hold <c>*</c> and <c>?</c>.</param>
    /// <returns>In the order given, those of one pattern sorted; each file once.</returns>
    /// <exception cref="UsageException">A file is no package.</exception>
    /// <exception cref="NotFoundException">There is no such file.</exception>
    /// <exception cref="CorruptDataException">A package is damaged, or another one than its name says.</exception>
    public static IReadOnlyList<PlannedMember> Read(IEnumerable<string> patterns, CancellationToken cancellation)
    {
        var members = new List<PlannedMember>();
        foreach (string path in patterns.SelectMany(Expand).Distinct(StringComparer.Ordinal))
        {
            cancellation.ThrowIfCancellationRequested();
            string name = Path.GetFileName(path);
            if (PackageFileName.TryGetKind(name, out PackageArchiveKind kind))
            {
                members.Add(ReadConda(path, kind));
            }
            else if (WheelFileName.IsWheel(name))
            {
                members.Add(ReadWheel(path));
            }
            else
            {
                throw new UsageException(
                    ErrorCodes.BadArguments,
                    $"cannot inject {EntryPath.Quote(path)}: it is neither a conda package (.conda, .tar.bz2) nor a wheel (.whl)"
                )
                {
                    Hint = "--inject takes all that follows it up to the next option",
                };
            }
        }
        return members;
    }

    // Shells expand patterns; a job's arguments come as they were written.
    private static IEnumerable<string> Expand(string pattern)
    {
        string path = FileTree.Absolute(pattern);
        string name = Path.GetFileName(path);
        if (FileTree.FileExists(path) || !name.AsSpan().ContainsAny('*', '?'))
        {
            return [path];
        }
        string directory = Path.GetDirectoryName(path)!;
        string[] found = FileTree.DirectoryExists(directory)
            ?
            [
                .. FileTree
                    .List(directory)
                    .Where(file => FileSystemName.MatchesSimpleExpression(name, file, ignoreCase: false))
                    .Order(StringComparer.Ordinal)
                    .Select(file => Path.Combine(directory, file)),
            ]
            : [];
        return found.Length > 0
            ? found
            : throw new NotFoundException(
                ErrorCodes.FileNotFound,
                $"there is nothing to inject that is named like {EntryPath.Quote(pattern)}"
            );
    }

    private static PlannedMember ReadConda(string path, PackageArchiveKind kind)
    {
        using InputFile file = InputFile.Open(path);
        PackageRecord index = PackageInfoReader.Read(file, kind, path).Index;
        using Stream content = file.AsStream();
        using var digesting = new DigestingStream(content, withMd5: true, _ => { });
        digesting.CopyTo(Stream.Null);
        (Digest sha256, Md5Digest? md5) = digesting.Finish();
        string name = Path.GetFileName(path);
        return new PlannedMember
        {
            Path = PackLayout.PackagePath(index.Subdir, name),
            Record = index with { Sha256 = sha256, Md5 = md5, Size = digesting.Count },
            FileName = name,
            Source = path,
            Origin = null,
        };
    }

    /// <summary>A wheel of this machine.</summary>
    /// <exception cref="CorruptDataException">It is damaged, or another one than its name says.</exception>
    internal static PlannedMember ReadWheel(string path)
    {
        using InputFile file = InputFile.Open(path);
        WheelInfo wheel = WheelReader.Read(file, Path.GetFileName(path), path);
        return new PlannedMember
        {
            Path = $"{PackLayout.WheelDirectory}/{wheel.FileName}",
            Record = wheel.FileName.ToRecord(MemberFile.Describe(path)),
            FileName = wheel.FileName.Text,
            Source = path,
            Origin = null,
        };
    }
}
