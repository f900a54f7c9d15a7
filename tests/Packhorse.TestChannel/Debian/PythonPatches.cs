using System.Text;
using System.Text.RegularExpressions;

namespace Packhorse.TestChannel;

/// <summary>
/// Debian's Python installs modules to dist-packages and, when asked, to /usr/local; conda's to site-packages of its prefix. These
/// changes make <c>site</c>, <c>sysconfig</c>, <c>distutils</c> and pip agree on <c>lib/python3.X/site-packages</c>.
/// </summary>
internal static partial class PythonPatches
{
    /// <exception cref="InvalidDataException">Debian's changes look different from those known (3.11 to 3.14).</exception>
    public static void Apply(PrefixTree tree, PrefixLayout layout)
    {
        string library = Path.GetDirectoryName(layout.SitePackages)!;
        Patch(tree, $"{library}/site.py", PatchSite);
        PatchFrozenSite(tree, $"bin/{Path.GetFileName(library)}");
        string sysconfig = tree[$"{library}/sysconfig.py"] is null ? "sysconfig/__init__.py" : "sysconfig.py";
        Patch(tree, $"{library}/{sysconfig}", PatchSysconfig);
        if (tree[$"{library}/distutils/sysconfig.py"] is not null)
        {
            Patch(tree, $"{library}/distutils/sysconfig.py", PatchDistutils);
            Patch(tree, $"{library}/distutils/command/install.py", PatchDistutilsInstall);
        }
    }

    /// <summary>Makes paths below /usr that Python was configured with paths below the placeholder.</summary>
    public static string ReplacePrefix(string text, string triple, string placeholder)
    {
        text = text.Replace($"/usr/lib/{triple}", "/usr/lib", StringComparison.Ordinal);
        text = text.Replace($"/usr/include/{triple}", "/usr/include", StringComparison.Ordinal);
        // Not /usr/bin/install and the like: those are the build machine's.
        return ConfiguredPath().Replace(text, placeholder);
    }

    private static void Patch(PrefixTree tree, string path, Func<string, string> change)
    {
        PrefixFile file =
            tree[path]
            ?? throw new InvalidDataException($"Debian's Python has no {path}: teach PythonPatches its place");
        string text = Encoding.UTF8.GetString(file.Content);
        string changed = change(text);
        if (changed == text)
        {
            throw new InvalidDataException($"{path} does not look as expected: teach PythonPatches this release");
        }
        tree.Set(file with { Content = Encoding.UTF8.GetBytes(changed) });
    }

    // The interpreter has a compiled site.py within itself and uses that one. It looks in PREFIX/local/lib/python3.X/dist-packages,
    // PREFIX/lib/python3/dist-packages and PREFIX/lib/python3.X/dist-packages. Texts of equal length in their place are as good in
    // a marshalled string as in a static one: now it finds site-packages, first of all in the right place.
    private static void PatchFrozenSite(PrefixTree tree, string path)
    {
        PrefixFile file = tree[path] ?? throw new InvalidDataException($"Debian's Python has no {path}");
        byte[] changed = (byte[])file.Content.Clone();
        int names = ReplaceAll(changed, "dist-packages"u8, "site-packages"u8);
        int directories = ReplaceAll(changed, "local/lib"u8, "./././lib"u8);
        if (names == 0 || directories == 0)
        {
            throw new InvalidDataException(
                $"{path} has no compiled site.py as expected: teach PythonPatches this release"
            );
        }
        tree.Set(file with { Content = changed });
    }

    // Where it is a string of its own, not a part of a path in a comment.
    private static int ReplaceAll(Span<byte> bytes, ReadOnlySpan<byte> text, ReadOnlySpan<byte> replacement)
    {
        int count = 0;
        for (int start = 0, at; (at = bytes[start..].IndexOf(text)) >= 0; start += at + text.Length)
        {
            Span<byte> found = bytes[(start + at - 1)..(start + at + text.Length + 1)];
            if (found[0] != (byte)'/' && found[^1] != (byte)'/')
            {
                replacement.CopyTo(found[1..]);
                count++;
            }
        }
        return count;
    }

    private static string PatchSite(string text) =>
        PosixSiteDirectories()
            .Replace(
                text,
                "${start}            sitepackages.append(os.path.join(prefix, \"lib\",\n"
                    + "                                             \"python%d.%d\" % sys.version_info[:2],\n"
                    + "                                             \"site-packages\"))\n${end}",
                1
            );

    private static string PatchSysconfig(string text) =>
        PreferredScheme().Replace(text, "prefix_scheme = 'posix_prefix'");

    private static string PatchDistutils(string text) =>
        text.Replace(
            "\"python3\", \"dist-packages\"",
            "\"python\" + get_python_version(), \"site-packages\"",
            StringComparison.Ordinal
        );

    private static string PatchDistutilsInstall(string text) =>
        text.Replace("select_scheme(\"unix_local\")", "select_scheme(\"unix_prefix\")", StringComparison.Ordinal);

    [GeneratedRegex(
        @"(?<start>def getsitepackages\(.*?        if os\.sep == '/':\n).*?(?<end>        else:\n)",
        RegexOptions.Singleline | RegexOptions.ExplicitCapture
    )]
    private static partial Regex PosixSiteDirectories();

    [GeneratedRegex("prefix_scheme = '(posix_local|deb_system)'", RegexOptions.ExplicitCapture)]
    private static partial Regex PreferredScheme();

    [GeneratedRegex(@"(?<![\w./])/usr(?=/(lib|include|share)\b|/bin'|['"" :])", RegexOptions.ExplicitCapture)]
    private static partial Regex ConfiguredPath();
}
