using System.Text;

namespace Packhorse.Model;

/// <summary>Names of Python projects.</summary>
public static class PythonName
{
    /// <summary>Lower case, with one hyphen for each run of "-", "_" and "." (PEP 503).</summary>
    public static string Normalize(string name)
    {
        var normalized = new StringBuilder(name.Length);
        foreach (char c in name)
        {
            if (c is not ('-' or '_' or '.'))
            {
                normalized.Append(char.ToLowerInvariant(c));
            }
            else if (normalized.Length == 0 || normalized[^1] != '-')
            {
                normalized.Append('-');
            }
        }
        return normalized.ToString();
    }
}
