using System.Globalization;
using Packhorse.Model;

namespace Packhorse.Lock;

/// <summary>
/// A <c>pixi.lock</c> of any version from 1 to 7, or a <c>conda-lock.yml</c>, which is version 1.
/// </summary>
public sealed record LockFile
{
    public const int NewestVersion = 7;

    /// <summary>The environment that is meant when none is named.</summary>
    public const string DefaultEnvironment = "default";

    public required int Version { get; init; }

    public required IReadOnlyList<LockedEnvironment> Environments { get; init; }

    /// <summary>All platforms of the file; an environment may have fewer.</summary>
    public required IReadOnlyList<LockedPlatform> Platforms { get; init; }

    /// <param name="where">The name of the file, for messages.</param>
    /// <exception cref="CorruptDataException">Not a lock file; the message begins with <c>WHERE:LINE:</c>.</exception>
    /// <exception cref="IncompatibleException">Written in a newer format.</exception>
    public static LockFile Parse(ReadOnlyMemory<byte> utf8, string where)
    {
        var text = new LockText(where);
        LockMembers root = LockMembers.Of(YamlTreeReader.Read(utf8, text), "a lock file", text);
        int version = ReadVersion(root);
        return version switch
        {
            <= 3 => LegacyLockReader.Read(root, version, text),
            <= 5 => new Version4Reader(text).Read(root, version),
            6 => new Version6Reader(text).Read(root, version),
            _ => new Version7Reader(text).Read(root, version),
        };
    }

    /// <param name="platform">A subdir such as <c>linux-64</c>, or the name of a platform, which wins.</param>
    /// <exception cref="NotFoundException">No such environment, or it is not locked for that platform.</exception>
    /// <exception cref="UsageException">Several platforms of the environment have that subdir.</exception>
    public LockedSelection Select(string environment, string platform)
    {
        LockedEnvironment selected =
            Environments.FirstOrDefault(candidate => candidate.Name == environment)
            ?? throw new NotFoundException(
                ErrorCodes.EnvironmentNotFound,
                $"environment not found in lockfile: {environment}"
            )
            {
                Hint = ListNames("the lock file has", Environments.Select(candidate => candidate.Name)),
            };
        PlatformPackages[] matches = [.. selected.Platforms.Where(candidate => candidate.Platform.Name == platform)];
        if (matches.Length == 0)
        {
            matches = [.. selected.Platforms.Where(candidate => candidate.Platform.Subdir.Subdir == platform)];
        }
        return matches.Length switch
        {
            1 => new LockedSelection(selected, matches[0].Platform, matches[0].Packages),
            0 => throw new NotFoundException(ErrorCodes.PlatformNotFound, $"platform not found in lockfile: {platform}")
            {
                Hint = ListNames(
                    $"environment '{environment}' is locked for",
                    selected.Platforms.Select(candidate => candidate.Platform.Name)
                ),
            },
            _ => throw new UsageException(
                ErrorCodes.AmbiguousPlatform,
                $"environment '{environment}' has {matches.Length} platforms with subdir {platform}: "
                    + string.Join(", ", matches.Select(match => match.Platform.Name))
            )
            {
                Hint = $"choose one by its name, for example -p {matches[0].Platform.Name}",
            },
        };
    }

    private static int ReadVersion(LockMembers root)
    {
        string? version = (root.Member("version") ?? throw root.Corrupt("missing `version` field in lock file"))
            is YamlText text
            ? text.Text
            : null;
        if (!ulong.TryParse(version, NumberStyles.None, CultureInfo.InvariantCulture, out ulong number) || number == 0)
        {
            throw root.Corrupt("version", "`version` field in lock file is not an integer");
        }
        return number <= NewestVersion
            ? (int)number
            : throw new IncompatibleException(
                ErrorCodes.NewerFormat,
                $"found newer lockfile format version {number}, but only up to including version {NewestVersion} is supported"
            )
            {
                Hint = "a newer release may read it",
            };
    }

    private static string ListNames(string before, IEnumerable<string> names)
    {
        string list = string.Join(", ", names);
        return list.Length == 0 ? $"{before} none" : $"{before}: {list}";
    }
}
