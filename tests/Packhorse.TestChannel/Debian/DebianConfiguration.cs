using System.Text;

namespace Packhorse.TestChannel;

/// <summary>What Debian's maintainer scripts do on a machine, and what a prefix needs instead, found by the files in question.</summary>
internal static class DebianConfiguration
{
    // Debian lets the administrator choose among several implementations (update-alternatives).
    private static readonly (string Link, string Target)[] Alternatives =
    [
        ("lib/libblas.so.3", "lib/openblas-pthread/libblas.so.3"),
        ("lib/liblapack.so.3", "lib/openblas-pthread/liblapack.so.3"),
        ("lib/libopenblas.so.0", "lib/openblas-pthread/libopenblas.so.0"),
    ];

    // Libraries have these compiled in; variables tell them where else to look.
    private static readonly (string File, string Name, string Variable, string Directory)[] DataDirectories =
    [
        ("x/xterm", "ncurses", "TERMINFO", "share/terminfo"),
        ("proj.db", "proj", "PROJ_LIB", "share/proj"),
        ("gdalvrt.xsd", "gdal", "GDAL_DATA", "share/gdal"),
    ];

    public static void Apply(PrefixTree tree, PrefixLayout layout, string placeholder)
    {
        string python = Path.GetFileName(Path.GetDirectoryName(layout.SitePackages)!);
        if (tree[$"bin/{python}"] is not null)
        {
            tree.Set(PrefixFile.Link("bin/python", python));
            tree.Set(PrefixFile.Link("bin/python3", python));
        }
        foreach ((string link, string target) in Alternatives)
        {
            if (tree[target] is not null)
            {
                tree.Set(PrefixFile.Link(link, PrefixLayout.RelativeLink(link, target)));
            }
        }
        AddCertificates(tree, placeholder);
        foreach ((string file, string name, string variable, string directory) in DataDirectories)
        {
            if (tree[$"{directory}/{file}"] is not null)
            {
                AddVariable(tree, name, variable, $"{placeholder}/{directory}");
            }
        }
    }

    // The library has its own place for the bundle compiled in, hence the variable.
    private static void AddCertificates(PrefixTree tree, string placeholder)
    {
        using MemoryStream bundle = new();
        foreach (PrefixFile file in tree.Files)
        {
            if (
                file.Path.StartsWith("share/ca-certificates/", StringComparison.Ordinal)
                && file.Path.EndsWith(".crt", StringComparison.Ordinal)
            )
            {
                bundle.Write(file.Content);
            }
        }
        if (bundle.Length > 0)
        {
            tree.Set("ssl/cacert.pem", bundle.ToArray());
            tree.Set(PrefixFile.Link("ssl/cert.pem", "cacert.pem"));
            AddVariable(tree, "ca-certificates", "SSL_CERT_FILE", $"{placeholder}/ssl/cert.pem");
        }
    }

    private static void AddVariable(PrefixTree tree, string name, string variable, string value) =>
        tree.Set(
            $"etc/conda/env_vars.d/{name}.json",
            Encoding.UTF8.GetBytes($"{{\"{variable}\": \"{value}\"}}\n"),
            prefix: PrefixMode.Text
        );
}
