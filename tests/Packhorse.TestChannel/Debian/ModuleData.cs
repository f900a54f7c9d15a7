using System.Text;
using System.Text.RegularExpressions;

namespace Packhorse.TestChannel;

/// <summary>Debian changes modules so that they name the place of their data in the distribution; these name it in the prefix.</summary>
internal static partial class ModuleData
{
    private const string CertificateBundle = "/etc/ssl/certs/ca-certificates.crt";

    public static void Apply(PrefixTree tree, PrefixLayout layout, string placeholder)
    {
        foreach (PrefixFile file in tree.Snapshot())
        {
            if (
                file.Path.StartsWith(layout.SitePackages, StringComparison.Ordinal)
                && file.Path.EndsWith(".py", StringComparison.Ordinal)
            )
            {
                // Latin-1 keeps every byte, whatever the encoding.
                string text = Encoding.Latin1.GetString(file.Content);
                string changed = QuotedPath()
                    .Replace(text, quoted => InPrefix(quoted.Value, tree, layout, placeholder));
                if (changed != text)
                {
                    tree.Set(file with { Content = Encoding.Latin1.GetBytes(changed), Prefix = PrefixMode.Text });
                }
            }
        }
    }

    private static string InPrefix(string path, PrefixTree tree, PrefixLayout layout, string placeholder)
    {
        if (path == CertificateBundle)
        {
            return $"{placeholder}/ssl/cert.pem";
        }
        // Of the machine's own settings only those that the package brings.
        bool isOurs = path.StartsWith("/usr/", StringComparison.Ordinal) || tree[path[1..]] is not null;
        return isOurs && layout.Map(path[1..]) is { } mapped ? $"{placeholder}/{mapped}" : path;
    }

    [GeneratedRegex("(?<=['\"])/(usr/share|etc)/[^'\"\\s]+(?=['\"])")]
    private static partial Regex QuotedPath();
}
