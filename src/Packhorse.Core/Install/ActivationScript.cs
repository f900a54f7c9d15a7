using System.Text;
using Packhorse.Model;

namespace Packhorse.Install;

/// <summary>Shells that an activation script can be written for.</summary>
public enum ActivationShell
{
    Bash,
    Zsh,
    Fish,
    Xonsh,
    PowerShell,
    Cmd,
    Nushell,
}

/// <summary>A shell that gets an activation script. An object: collections of them cost the runtime no code of their own.</summary>
public sealed class ActivationTarget(ActivationShell shell)
{
    public ActivationShell Shell { get; } = shell;

    public string FileName => ActivationScript.FileName(Shell);

    /// <param name="name">As <see cref="ActivationScript.ParseShell"/> takes it.</param>
    public static ActivationTarget Parse(string name) => new(ActivationScript.ParseShell(name));
}

/// <summary>Writes activation scripts as pixi-unpack does: the environment's programs come first in PATH.</summary>
public static class ActivationScript
{
    public static string FileName(ActivationShell shell) =>
        shell switch
        {
            ActivationShell.Bash or ActivationShell.Zsh => "activate.sh",
            ActivationShell.Fish => "activate.fish",
            ActivationShell.Xonsh => "activate.xsh",
            ActivationShell.PowerShell => "activate.ps1",
            ActivationShell.Cmd => "activate.bat",
            ActivationShell.Nushell => "activate.nu",
            _ => throw new ArgumentOutOfRangeException(nameof(shell)),
        };

    /// <exception cref="UsageException">Not a shell that is known.</exception>
    public static ActivationShell ParseShell(string name) =>
        name switch
        {
            "bash" or "sh" or "dash" or "ksh" or "busybox" or "brush" => ActivationShell.Bash,
            "zsh" => ActivationShell.Zsh,
            "fish" => ActivationShell.Fish,
            "xonsh" => ActivationShell.Xonsh,
            "powershell" or "powershell_ise" or "pwsh" => ActivationShell.PowerShell,
            "cmd" => ActivationShell.Cmd,
            "nu" or "nushell" => ActivationShell.Nushell,
            _ => throw new UsageException(
                ErrorCodes.UnknownShell,
                $"{EntryPath.Quote(name)} is an unknown shell variant"
            )
            {
                Hint = "known are bash, sh, dash, ksh, busybox, brush, zsh, fish, xonsh, powershell, cmd and nushell",
            },
        };

    /// <summary>What a POSIX shell has to do.</summary>
    public static string Write(Activation activation) => Write(activation, ActivationShell.Bash);

    /// <summary>What a shell has to do, in rattler's words.</summary>
    public static string Write(Activation activation, ActivationShell shell)
    {
        var dialect = ShellDialect.Of(shell);
        var script = new StringBuilder();
        void Add(string line) => script.Append(line).Append(dialect.LineEnd);
        if (dialect.Preamble is { } preamble)
        {
            Add(preamble);
        }
        Add(dialect.Prepend($"{activation.Prefix}/bin"));
        Add(dialect.Set("CONDA_SHLVL", "1", isLiteral: true));
        Add(dialect.Set("CONDA_PREFIX", activation.Prefix, isLiteral: true));
        foreach ((string name, string value) in activation.Variables)
        {
            Add(dialect.Set(name, value, isLiteral: false));
        }
        foreach (string path in activation.Scripts.Where(dialect.Reads))
        {
            Add(dialect.Source(path));
        }
        return script.ToString();
    }

    /// <summary>
    /// The file to be sourced. For POSIX shells and fish it also says so when the environment is not at its prefix any more, and
    /// defines <c>deactivate</c>.
    /// </summary>
    public static string WriteFile(Activation activation, ActivationShell shell)
    {
        string script = Write(activation, shell);
        return shell switch
        {
            ActivationShell.Bash or ActivationShell.Zsh => PosixFile(activation, script),
            ActivationShell.Fish => FishFile(activation, script),
            _ => script,
        };
    }

    /// <summary>What a user of its shell types to source a file that was written.</summary>
    public static string Command(string path) =>
        System.IO.Path.GetExtension(path) switch
        {
            ".sh" or ".ps1" => $". {path}",
            ".bat" => path,
            _ => $"source {path}",
        };

    /// <summary>One word of a POSIX shell.</summary>
    internal static string Quote(string text) =>
        text.Length > 0 && text.All(c => char.IsAsciiLetterOrDigit(c) || "+-./:@_,%".Contains(c))
            ? text
            : $"'{text.Replace("'", "'\\''", StringComparison.Ordinal)}'";

    private static string[] Changed(Activation activation) =>
        [
            "PATH",
            "CONDA_SHLVL",
            "CONDA_PREFIX",
            .. activation.Variables.Select(variable => variable.Key).Except(["PATH"]),
        ];

    private static string Moved(Activation activation) =>
        $"packhorse: no environment at {activation.Prefix}: it was moved or removed, and works there only; unpack it again";

    // Works under set -e and set -u, and leaves no names behind but its own.
    private static string PosixFile(Activation activation, string script)
    {
        string[] changed = Changed(activation);
        var text = new StringBuilder();
        text.Append($"if ! [ -d {Quote(activation.Prefix + "/conda-meta")} ]; then\n");
        text.Append($"    echo {Quote(Moved(activation))} >&2\n    return 1 2>/dev/null || exit 1\nfi\n");
        // A virtual environment within may have taken the function away, and a child may have got the variable without it.
        text.Append(
            "if [ -n \"${_PACKHORSE_ACTIVE-}\" ] && command -v deactivate >/dev/null 2>&1; then deactivate; fi\n"
        );
        foreach (string name in changed)
        {
            text.Append($"_PACKHORSE_HAD_{name}=\"${{{name}+x}}\" _PACKHORSE_OLD_{name}=\"${{{name}-}}\"\n");
        }
        text.Append(script).Append("_PACKHORSE_ACTIVE=1\ndeactivate() {\n");
        foreach (string path in Leaving(activation, ShellDialect.Of(ActivationShell.Bash)))
        {
            text.Append($"    . {Quote(path)}\n");
        }
        foreach (string name in changed)
        {
            text.Append(Restore(name));
        }
        return text.Append("    unset _PACKHORSE_ACTIVE\n    unset -f deactivate\n}\n").ToString();
    }

    // As conda: the last that came is the first to go.
    private static IEnumerable<string> Leaving(Activation activation, ShellDialect dialect) =>
        activation.DeactivationScripts.Where(dialect.Reads).Reverse();

    private static string Restore(string name) =>
        $"    if [ -n \"$_PACKHORSE_HAD_{name}\" ]; then export {name}=\"$_PACKHORSE_OLD_{name}\"; else unset {name}; fi\n"
        + $"    unset _PACKHORSE_HAD_{name} _PACKHORSE_OLD_{name}\n";

    private static string FishFile(Activation activation, string script)
    {
        var dialect = ShellDialect.Of(ActivationShell.Fish);
        var text = new StringBuilder();
        string meta = Double(activation.Prefix + "/conda-meta");
        text.Append($"if not test -d {meta}\n    echo {Double(Moved(activation))} >&2\n    return 1\nend\n");
        text.Append("if set -q _PACKHORSE_ACTIVE; and functions -q deactivate\n    deactivate\nend\n");
        string[] changed = Changed(activation);
        foreach (string name in changed)
        {
            text.Append($"set -q {name}; and set -g _PACKHORSE_OLD_{name} ${name}\n");
        }
        text.Append(script).Append("set -g _PACKHORSE_ACTIVE 1\nfunction deactivate\n");
        foreach (string path in Leaving(activation, dialect))
        {
            text.Append($"    {dialect.Source(path)}\n");
        }
        foreach (string name in changed)
        {
            text.Append($"    if set -q _PACKHORSE_OLD_{name}\n        set -gx {name} $_PACKHORSE_OLD_{name}\n");
            text.Append($"        set -e _PACKHORSE_OLD_{name}\n    else\n        set -e {name}\n    end\n");
        }
        return text.Append("    set -e _PACKHORSE_ACTIVE\n    functions -e deactivate\nend\n").ToString();
    }

    private static string Double(string text) =>
        $"\"{text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("$", "\\$", StringComparison.Ordinal)}\"";
}
