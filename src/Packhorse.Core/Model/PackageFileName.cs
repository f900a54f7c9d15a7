using System.Diagnostics.CodeAnalysis;

namespace Packhorse.Model;

public enum PackageArchiveKind
{
    /// <summary><c>.conda</c>: a zip of zstd-compressed tars (CEP 35).</summary>
    Conda,

    /// <summary><c>.tar.bz2</c>.</summary>
    TarBz2,
}

/// <summary><c>name-version-build.conda</c> or <c>.tar.bz2</c>, split from the right (CEP 26).</summary>
public sealed record PackageFileName(string Name, string Version, string Build, PackageArchiveKind Kind)
{
    public const string CondaExtension = ".conda";
    public const string TarBz2Extension = ".tar.bz2";

    public string Extension => Kind == PackageArchiveKind.Conda ? CondaExtension : TarBz2Extension;

    public override string ToString() => $"{Name}-{Version}-{Build}{Extension}";

    public static bool TryGetKind(string fileName, out PackageArchiveKind kind)
    {
        kind = fileName.EndsWith(TarBz2Extension, StringComparison.Ordinal)
            ? PackageArchiveKind.TarBz2
            : PackageArchiveKind.Conda;
        return kind == PackageArchiveKind.TarBz2 || fileName.EndsWith(CondaExtension, StringComparison.Ordinal);
    }

    public static bool TryParse(string fileName, [NotNullWhen(true)] out PackageFileName? parsed)
    {
        parsed = null;
        if (!TryGetKind(fileName, out PackageArchiveKind kind))
        {
            return false;
        }
        string stem = fileName[..^(kind == PackageArchiveKind.Conda ? CondaExtension.Length : TarBz2Extension.Length)];
        int build = stem.LastIndexOf('-');
        int version = build > 0 ? stem.LastIndexOf('-', build - 1) : -1;
        if (version <= 0 || build == version + 1 || build == stem.Length - 1)
        {
            return false;
        }
        parsed = new PackageFileName(stem[..version], stem[(version + 1)..build], stem[(build + 1)..], kind);
        return true;
    }
}
