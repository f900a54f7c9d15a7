using System.Text;
using System.Text.RegularExpressions;

namespace Packhorse.TestChannel;

/// <summary>Reads the Debian packages of a group and lays their files out as a conda package has them.</summary>
internal sealed partial class GroupConverter(DebStore store, PrefixLayout layout)
{
    // Programs that scripts may name in their first line because the channel has them.
    private readonly HashSet<string> _interpreters = new(StringComparer.Ordinal);

    /// <summary>Scripts for this program (<c>perl</c>) are to run the one in the prefix from now on.</summary>
    public void AddInterpreter(string name) => _interpreters.Add(name);

    public PrefixTree Convert(DebianGroup group)
    {
        PrefixTree tree = new();
        string placeholder = Placeholder.For(group.Name);
        foreach (DebianPackage package in group.Packages)
        {
            string copyright = $"usr/share/doc/{package.Name}/copyright";
            foreach (DebEntry entry in DebArchive.Read(store.PathOf(package)))
            {
                if (entry.Path == copyright)
                {
                    tree.Licenses[package.Name] = entry.Content;
                }
                Add(tree, entry, placeholder);
            }
        }
        if (group.Name == "python")
        {
            PythonPatches.Apply(tree, layout);
        }
        ModuleData.Apply(tree, layout, placeholder);
        DebianConfiguration.Apply(tree, layout, placeholder);
        return tree;
    }

    private void Add(PrefixTree tree, DebEntry entry, string placeholder)
    {
        tree.Modified = Math.Max(tree.Modified, entry.Modified.ToUnixTimeSeconds());
        if (layout.Map(entry.Path) is not { } path)
        {
            return;
        }
        if (entry.LinkTarget is { } target)
        {
            if (layout.MapLink(entry.Path, target) is { } link)
            {
                tree.Set(PrefixFile.Link(path, link));
            }
            return;
        }
        // setuid and the like never come into a conda package, and all have the owner's write permission.
        int mode = (entry.Mode & Modes.FromOctal(111)) != 0 ? Modes.Executable : Modes.Regular;
        tree.Set(WithPrefix(new PrefixFile(path, entry.Content, mode), placeholder));
    }

    private PrefixFile WithPrefix(PrefixFile file, string placeholder)
    {
        if (ElfFile.TryParse(file.Content) is { } elf)
        {
            return file with { Content = WithRpath(file, elf) };
        }
        if (ConfigurationFile().IsMatch(file.Path))
        {
            string text = Encoding.UTF8.GetString(file.Content);
            string changed = PythonPatches.ReplacePrefix(text, layout.Triple, placeholder);
            return changed == text
                ? file
                : file with
                {
                    Content = Encoding.UTF8.GetBytes(changed),
                    Prefix = PrefixMode.Text,
                };
        }
        return file.Mode == Modes.Executable ? WithShebang(file, placeholder) : file;
    }

    // "#!/usr/bin/python3 -I" -> "#!PLACEHOLDER/bin/python3.11 -I"
    private PrefixFile WithShebang(PrefixFile file, string placeholder)
    {
        int end = file.Content.AsSpan().IndexOf((byte)'\n');
        if (end < 0 || !file.Content.AsSpan().StartsWith("#!"u8))
        {
            return file;
        }
        Match match = Shebang().Match(Encoding.Latin1.GetString(file.Content, 0, end));
        if (!match.Success)
        {
            return file;
        }
        string program = match.Groups["program"].Value;
        if (program.StartsWith("python", StringComparison.Ordinal))
        {
            program = Path.GetFileName(Path.GetDirectoryName(layout.SitePackages)!);
        }
        else if (!_interpreters.Contains(program))
        {
            return file;
        }
        string line = $"#!{placeholder}/bin/{program}{match.Groups["arguments"].Value}";
        return file with
        {
            Content = [.. Encoding.Latin1.GetBytes(line), .. file.Content.AsSpan(end)],
            Prefix = PrefixMode.Text,
        };
    }

    private static byte[] WithRpath(PrefixFile file, ElfFile elf)
    {
        string directory = Path.GetDirectoryName(file.Path)!;
        List<string> search = [Origin(directory, "lib")];
        // What Debian has there already is for libraries of one package: below its own directory, or relative to it.
        foreach (string path in (elf.SearchPath ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries))
        {
            Match inUsr = LibraryDirectory().Match(path);
            string? mapped =
                path.StartsWith("$ORIGIN", StringComparison.Ordinal) ? path
                : inUsr.Success ? Origin(directory, "lib" + inUsr.Groups["rest"].Value)
                : null;
            if (mapped is not null && !search.Contains(mapped))
            {
                search.Insert(0, mapped);
            }
        }
        string rpath = string.Join(':', search);
        return elf.WithRpath(rpath) ?? Patchelf.SetRpath(file.Content, rpath);
    }

    private static string Origin(string from, string to)
    {
        string relative = Path.GetRelativePath("/" + from, "/" + to);
        return relative == "." ? "$ORIGIN" : "$ORIGIN/" + relative;
    }

    [GeneratedRegex(
        @"(^|/)(pkgconfig/[^/]+\.pc|_sysconfigdata_[^/]*\.py|config-3[^/]*/Makefile)$",
        RegexOptions.ExplicitCapture
    )]
    private static partial Regex ConfigurationFile();

    [GeneratedRegex(
        @"^#! ?(/usr)?/bin/(?<program>python3?(\.[0-9]+)?|[a-z][a-z0-9.]*)(?<arguments>( .*)?)$",
        RegexOptions.ExplicitCapture
    )]
    private static partial Regex Shebang();

    [GeneratedRegex(@"^(/usr)?/lib(/[a-z0-9_]+-linux-gnu)?(?<rest>(/.*)?)$", RegexOptions.ExplicitCapture)]
    private static partial Regex LibraryDirectory();
}
