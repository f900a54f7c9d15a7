using System.Globalization;
using System.Text;

namespace Packhorse.Condor.Submit;

/// <summary>A unified diff of two versions of a submit file with all of its lines: it shows the new file, and patch takes it.</summary>
public static class Difference
{
    // Of larger files what is between the first and the last change is shown as one.
    private const int MostCells = 4_000_000;

    /// <returns>Nothing for files that are equal.</returns>
    public static string Of(SubmitFile before, SubmitFile after)
    {
        if (before.Text == after.Text)
        {
            return "";
        }
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"--- {before.Where}\n+++ {before.Where}\n");
        text.Append(CultureInfo.InvariantCulture, $"@@ -1,{before.Lines.Count} +1,{after.Lines.Count} @@\n");
        foreach ((char mark, string line) in Compare(before.Lines, after.Lines))
        {
            text.Append(mark).Append(line).Append('\n');
        }
        return text.ToString();
    }

    private static IEnumerable<(char Mark, string Line)> Compare(IReadOnlyList<string> a, IReadOnlyList<string> b)
    {
        int begin = 0;
        while (begin < a.Count && begin < b.Count && a[begin] == b[begin])
        {
            yield return (' ', a[begin++]);
        }
        int end = 0;
        while (end < a.Count - begin && end < b.Count - begin && a[^(end + 1)] == b[^(end + 1)])
        {
            end++;
        }
        string[] left = [.. a.Skip(begin).Take(a.Count - begin - end)];
        string[] right = [.. b.Skip(begin).Take(b.Count - begin - end)];
        foreach ((char Mark, string Line) item in Middle(left, right))
        {
            yield return item;
        }
        foreach (string line in a.Skip(a.Count - end))
        {
            yield return (' ', line);
        }
    }

    private static IEnumerable<(char Mark, string Line)> Middle(string[] a, string[] b)
    {
        if ((long)a.Length * b.Length > MostCells)
        {
            return a.Select(line => ('-', line)).Concat(b.Select(line => ('+', line)));
        }
        // Lengths of the longest common subsequences of what is left of both.
        var common = new int[a.Length + 1, b.Length + 1];
        for (int i = a.Length - 1; i >= 0; i--)
        {
            for (int j = b.Length - 1; j >= 0; j--)
            {
                common[i, j] = a[i] == b[j] ? common[i + 1, j + 1] + 1 : Math.Max(common[i + 1, j], common[i, j + 1]);
            }
        }
        return Walk(a, b, common);
    }

    private static IEnumerable<(char Mark, string Line)> Walk(string[] a, string[] b, int[,] common)
    {
        int i = 0;
        int j = 0;
        while (i < a.Length || j < b.Length)
        {
            if (i < a.Length && j < b.Length && a[i] == b[j])
            {
                j++;
                yield return (' ', a[i++]);
            }
            else if (j == b.Length || (i < a.Length && common[i + 1, j] >= common[i, j + 1]))
            {
                yield return ('-', a[i++]);
            }
            else
            {
                yield return ('+', b[j++]);
            }
        }
    }
}
