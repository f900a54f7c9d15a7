using System.Text;
using Packhorse.Model;

namespace Packhorse.Install;

/// <summary>Shells that an activation script can be written for.</summary>
public enum ActivationShell
{
    Bash,
    Zsh,
}

/// <summary>Writes <c>activate.sh</c> as pixi-unpack does: the environment's programs come first in PATH.</summary>
public static class ActivationScript
{
    public static string FileName(ActivationShell shell) =>
        shell switch
        {
            ActivationShell.Bash or ActivationShell.Zsh => "activate.sh",
            _ => throw new ArgumentOutOfRangeException(nameof(shell)),
        };

    /// <exception cref="UsageException">Not a shell that is known.</exception>
    public static ActivationShell ParseShell(string name) =>
        name switch
        {
            "bash" or "sh" or "dash" or "ksh" or "busybox" or "brush" => ActivationShell.Bash,
            "zsh" => ActivationShell.Zsh,
            _ => throw new UsageException(
                ErrorCodes.UnknownShell,
                $"{EntryPath.Quote(name)} is an unknown shell variant"
            )
            {
                Hint = "known are bash, sh, dash, ksh, busybox, brush and zsh",
            },
        };

    public static string Write(Activation activation)
    {
        var script = new StringBuilder();
        string prefix = activation.Prefix;
        script.Append("export PATH=\"").Append(InDoubleQuotes(prefix)).Append("/bin:${PATH}\"\n");
        script.Append("export CONDA_SHLVL=1\n");
        script.Append("export CONDA_PREFIX=").Append(Quoted(prefix)).Append('\n');
        foreach ((string name, string value) in activation.Variables)
        {
            // As upstream: a value with a dollar sign may use other variables.
            string quoted = value.Contains('$') ? $"\"{InDoubleQuotes(value, keepDollar: true)}\"" : Quoted(value);
            script.Append("export ").Append(name).Append('=').Append(quoted).Append('\n');
        }
        foreach (string path in activation.Scripts.Where(path => path.EndsWith(".sh", StringComparison.Ordinal)))
        {
            script.Append(". ").Append(Quoted(path)).Append('\n');
        }
        return script.ToString();
    }

    private static string Quoted(string text) =>
        text.Length > 0 && text.All(c => char.IsAsciiLetterOrDigit(c) || "+-./:@_,%".Contains(c))
            ? text
            : $"'{text.Replace("'", "'\\''", StringComparison.Ordinal)}'";

    private static string InDoubleQuotes(string text, bool keepDollar = false)
    {
        string special = keepDollar ? "\"\\`" : "\"\\`$";
        var quoted = new StringBuilder(text.Length);
        foreach (char c in text)
        {
            if (special.Contains(c))
            {
                quoted.Append('\\');
            }
            quoted.Append(c);
        }
        return quoted.ToString();
    }
}
