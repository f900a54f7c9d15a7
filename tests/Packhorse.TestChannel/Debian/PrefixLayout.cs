namespace Packhorse.TestChannel;

/// <summary>Where Debian's files go in a conda prefix.</summary>
/// <param name="triple">Debian's multiarch directory, <c>x86_64-linux-gnu</c>.</param>
/// <param name="python">The version as in paths, <c>3.11</c>.</param>
internal sealed class PrefixLayout(string triple, string python)
{
    /// <summary><c>lib/python3.11/site-packages</c></summary>
    public string SitePackages { get; } = $"lib/python{python}/site-packages";

    public string Triple => triple;

    // The first that fits wins; null drops.
    private readonly (string From, string? To)[] _rules =
    [
        ("usr/share/doc/", null),
        ("usr/share/doc-base/", null),
        ("usr/share/lintian/", null),
        ("usr/share/bug/", null),
        ("usr/share/menu/", null),
        ("usr/share/python3/", null),
        ("usr/share/apport/", null),
        ("usr/share/binfmts/", null),
        // Links of which Debian decides when a package is configured; DebianConfiguration has those that matter.
        ("etc/alternatives/", null),
        ("usr/lib/binfmt.d/", null),
        ("usr/lib/debug/", null),
        ("usr/lib/systemd/", null),
        ("lib/systemd/", null),
        ("lib/udev/", null),
        ("lib/terminfo/", "share/terminfo/"),
        ("usr/lib/terminfo/", "share/terminfo/"),
        ($"usr/lib/python{python}/sitecustomize.py", null),
        ($"usr/lib/python{python}/EXTERNALLY-MANAGED", null),
        // The hook by which Debian changes where setuptools installs.
        ($"usr/lib/python{python}/_distutils_system_mod.py", null),
        ($"etc/python{python}/", null),
        ("usr/lib/python3/dist-packages/", $"lib/python{python}/site-packages/"),
        ($"usr/lib/python{python}/dist-packages/", $"lib/python{python}/site-packages/"),
        ($"usr/lib/{triple}/", "lib/"),
        ($"lib/{triple}/", "lib/"),
        ($"usr/include/{triple}/", "include/"),
        ("usr/games/", "bin/"),
        ("usr/lib64/", null),
        ("usr/libx32/", null),
        ("usr/lib32/", null),
        ("usr/", ""),
        ("bin/", "bin/"),
        ("sbin/", "sbin/"),
        ("lib/", "lib/"),
        ("etc/", "etc/"),
    ];

    /// <param name="path">In the root of a Debian system, without a leading slash.</param>
    /// <returns>The path in the prefix; null for what has no place there.</returns>
    public string? Map(string path)
    {
        foreach ((string from, string? to) in _rules)
        {
            if (path.StartsWith(from, StringComparison.Ordinal))
            {
                return to is null ? null : to + path[from.Length..];
            }
        }
        return null;
    }

    /// <summary>The text of a symbolic link that leads, in the prefix, where it led in Debian's root.</summary>
    /// <param name="path">Of the link, in Debian's root.</param>
    /// <returns>Null when what it leads to has no place in the prefix.</returns>
    public string? MapLink(string path, string target)
    {
        // What it leads to may be a directory, which the rules name with a slash at the end.
        string absolute = Path.GetFullPath(target, "/" + Path.GetDirectoryName(path))[1..];
        string? mapped = Map(absolute + "/")?.TrimEnd('/');
        string from = Map(path)!;
        // Of /usr/share/terminfo/x and /lib/terminfo/x, one a link to the other, one is left.
        return mapped is null or "" || mapped == from ? null : RelativeLink(from, mapped);
    }

    /// <summary>Both in the prefix: from <c>bin/python</c> to <c>bin/python3</c> is <c>python3</c>.</summary>
    public static string RelativeLink(string from, string to) =>
        Path.GetRelativePath("/" + Path.GetDirectoryName(from), "/" + to);
}
