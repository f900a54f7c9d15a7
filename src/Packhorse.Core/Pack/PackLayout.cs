using System.Diagnostics.CodeAnalysis;
using Packhorse.Model;

namespace Packhorse.Pack;

/// <summary>The names in a pack (pixi-pack's format version "1", <c>docs/FORMAT.md</c>).</summary>
public static class PackLayout
{
    public const string ChannelDirectory = "channel";
    public const string WheelDirectory = "pypi";
    public const string RepodataName = "repodata.json";
    public const string EnvironmentFile = "environment.yml";

    /// <summary>True for the names that a pack has at its top.</summary>
    public static bool IsOwn(string name) =>
        name is PackManifest.Path or EnvironmentFile or ChannelDirectory or WheelDirectory;

    public static string RepodataPath(string subdir) => $"{ChannelDirectory}/{subdir}/{RepodataName}";

    public static string PackagePath(string subdir, string fileName) => $"{ChannelDirectory}/{subdir}/{fileName}";

    /// <summary>Splits <c>channel/SUBDIR/NAME</c>.</summary>
    public static bool TrySplitChannelPath(
        string path,
        [NotNullWhen(true)] out string? subdir,
        [NotNullWhen(true)] out string? name
    )
    {
        string[] parts = path.Split('/');
        bool inChannel = parts.Length == 3 && parts[0] == ChannelDirectory;
        subdir = inChannel ? parts[1] : null;
        name = inChannel ? parts[2] : null;
        return inChannel;
    }

    /// <summary>True for the files that are installed: conda packages and wheels.</summary>
    public static bool IsPackage(string path) =>
        IsWheel(path)
        || (TrySplitChannelPath(path, out _, out string? name) && PackageFileName.TryGetKind(name, out _));

    public static bool IsWheel(string path) =>
        path.StartsWith($"{WheelDirectory}/", StringComparison.Ordinal)
        && path.EndsWith(".whl", StringComparison.Ordinal);
}
