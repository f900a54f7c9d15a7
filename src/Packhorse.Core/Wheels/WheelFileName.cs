using System.Diagnostics.CodeAnalysis;
using Packhorse.Model;

namespace Packhorse.Wheels;

/// <summary>
/// <c>DISTRIBUTION-VERSION[-BUILD]-PYTHON-ABI-PLATFORM.whl</c> (PyPA "Binary distribution format"). Each of the last three may be several
/// tags with dots between them.
/// </summary>
public sealed class WheelFileName
{
    public const string Extension = ".whl";

    private WheelFileName(string text, string[] parts)
    {
        Text = text;
        Distribution = parts[0];
        Version = parts[1];
        Build = parts.Length == 6 ? parts[2] : null;
        PythonTags = parts[^3].Split('.');
        AbiTags = parts[^2].Split('.');
        PlatformTags = parts[^1].Split('.');
    }

    /// <summary>The whole name.</summary>
    public string Text { get; }

    /// <summary>As written: runs of "-", "_" and "." of the project's name are mostly one "_".</summary>
    public string Distribution { get; }

    public string Version { get; }

    /// <summary>Begins with a digit; null for most wheels.</summary>
    public string? Build { get; }

    public IReadOnlyList<string> PythonTags { get; }

    public IReadOnlyList<string> AbiTags { get; }

    public IReadOnlyList<string> PlatformTags { get; }

    /// <summary>Normalized (PEP 503).</summary>
    public string Name => PythonName.Normalize(Distribution);

    public static bool IsWheel(string fileName) => fileName.EndsWith(Extension, StringComparison.Ordinal);

    public static bool TryParse(string fileName, [NotNullWhen(true)] out WheelFileName? parsed)
    {
        string[] parts = IsWheel(fileName) ? fileName[..^Extension.Length].Split('-') : [];
        bool isName =
            parts.Length is 5 or 6
            && EntryPath.IsSafe(fileName)
            && parts.All(part => part.Length > 0 && part.All(IsNameCharacter))
            && char.IsAsciiLetterOrDigit(parts[0][0])
            && (parts.Length == 5 || char.IsAsciiDigit(parts[2][0]));
        parsed = isName ? new WheelFileName(fileName, parts) : null;
        return isName;
    }

    /// <exception cref="CorruptDataException">It is no name of a wheel.</exception>
    public static WheelFileName Parse(string fileName, string where) =>
        TryParse(fileName, out WheelFileName? parsed)
            ? parsed
            : throw new CorruptDataException(
                ErrorCodes.BadPackage,
                $"{where}: {EntryPath.Quote(fileName)} is no name of a wheel, which is NAME-VERSION-PYTHON-ABI-PLATFORM.whl"
            );

    /// <summary>The wheel among an environment's packages.</summary>
    public PackageRecord ToRecord(ExpectedContent content) =>
        new()
        {
            Name = Name,
            Version = Version,
            Build = PackageRecord.WheelBuild,
            Subdir = PackageRecord.WheelSubdir,
            Depends = FindGlibc() is { } minor ? [$"__glibc >=2.{minor}"] : [],
            Sha256 = content.Sha256,
            Md5 = content.Md5,
            Size = content.Size,
        };

    // The oldest C library, by its minor version (the major one is 2), that one of the platform tags is for; null where one is for any.
    private int? FindGlibc()
    {
        int oldest = int.MaxValue;
        foreach (string tag in PlatformTags)
        {
            int version = GlibcOf(tag);
            if (version < 0)
            {
                return null;
            }
            oldest = Math.Min(oldest, version);
        }
        return oldest;
    }

    // PEP 600: manylinux_2_28_x86_64, and the names that came before. Negative: for any.
    private static int GlibcOf(string tag)
    {
        string[] parts = tag.Split('_');
        return parts[0] switch
        {
            "manylinux1" => 5,
            "manylinux2010" => 12,
            "manylinux2014" => 17,
            "manylinux" when parts.Length > 3 && parts[1] == "2" && int.TryParse(parts[2], out int minor) => minor,
            _ => -1,
        };
    }

    public override string ToString() => Text;

    // Versions have "!" and "+" too.
    private static bool IsNameCharacter(char c) => char.IsAsciiLetterOrDigit(c) || c is '_' or '.' or '!' or '+';
}
