using System.Text;

namespace Packhorse.Install;

/// <summary>How one shell says what an activation does. The sentences are those of rattler.</summary>
internal abstract class ShellDialect
{
    /// <summary>A script in <c>activate.d</c> that this shell can source.</summary>
    public virtual bool Reads(string path) => path.EndsWith(Extension, StringComparison.Ordinal);

    protected abstract string Extension { get; }

    public virtual string LineEnd => "\n";

    /// <summary>Before everything else; null for nothing.</summary>
    public virtual string? Preamble => null;

    /// <summary>Puts a directory before the others.</summary>
    public abstract string Prepend(string directory);

    /// <param name="isLiteral">False: the value may use other variables, where the shell has a way.</param>
    public abstract string Set(string name, string value, bool isLiteral);

    public abstract string Source(string path);

    public static ShellDialect Of(ActivationShell shell) =>
        shell switch
        {
            ActivationShell.Fish => new Fish(),
            ActivationShell.Xonsh => new Xonsh(),
            ActivationShell.PowerShell => new PowerShell(),
            ActivationShell.Cmd => new Cmd(),
            ActivationShell.Nushell => new Nushell(),
            _ => new Posix(),
        };

    /// <summary>Puts <paramref name="mark"/> before each of the special characters.</summary>
    protected static string Escape(string text, string special, char mark = '\\')
    {
        var escaped = new StringBuilder(text.Length);
        foreach (char c in text)
        {
            if (special.Contains(c))
            {
                escaped.Append(mark);
            }
            escaped.Append(c);
        }
        return escaped.ToString();
    }

    private sealed class Posix : ShellDialect
    {
        protected override string Extension => ".sh";

        public override string Prepend(string directory) => $"export PATH=\"{Escape(directory, "\"\\`$")}:${{PATH}}\"";

        // As upstream: a value with a dollar sign may use other variables.
        public override string Set(string name, string value, bool isLiteral) =>
            !isLiteral && value.Contains('$')
                ? $"export {name}=\"{Escape(value, "\"\\`")}\""
                : $"export {name}={ActivationScript.Quote(value)}";

        public override string Source(string path) => $". {ActivationScript.Quote(path)}";
    }

    private sealed class Fish : ShellDialect
    {
        protected override string Extension => ".fish";

        public override string Prepend(string directory) => $"set -gx PATH \"{Escape(directory, "\"\\$")}:$PATH\"";

        public override string Set(string name, string value, bool isLiteral) =>
            $"set -gx {name} \"{Escape(value, isLiteral ? "\"\\$" : "\"\\")}\"";

        public override string Source(string path) => $"source \"{Escape(path, "\"\\$")}\"";
    }

    private sealed class Xonsh : ShellDialect
    {
        protected override string Extension => ".xsh";

        public override bool Reads(string path) => base.Reads(path) || path.EndsWith(".sh", StringComparison.Ordinal);

        // Not rattler's "DIR:${PATH}", which xonsh takes as it stands: no program would be found any more.
        public override string Prepend(string directory) => $"$PATH.insert(0, {Text(directory)})";

        public override string Set(string name, string value, bool isLiteral) => $"${name} = {Text(value)}";

        public override string Source(string path) =>
            path.EndsWith(".sh", StringComparison.Ordinal) ? $"source-bash {Text(path)}" : $"source {Text(path)}";

        private static string Text(string text) =>
            $"\"{Escape(text, "\"\\").Replace("\n", "\\n", StringComparison.Ordinal).Replace("\r", "\\r", StringComparison.Ordinal)}\"";
    }

    private sealed class PowerShell : ShellDialect
    {
        protected override string Extension => ".ps1";

        public override string Preamble =>
            "$OutputEncoding = [System.Console]::OutputEncoding = [System.Console]::InputEncoding = [System.Text.Encoding]::UTF8";

        public override string Prepend(string directory) => $"${{Env:PATH}} = \"{Inner(directory)}:$Env:PATH\"";

        public override string Set(string name, string value, bool isLiteral) =>
            $"${{Env:{name}}} = \"{Inner(value)}\"";

        public override string Source(string path) => $". \"{Inner(path)}\"";

        // Typographic quotation marks end a text too.
        private static string Inner(string text) => Escape(text, "\"`$\u201C\u201D\u201E", '`');
    }

    private sealed class Cmd : ShellDialect
    {
        protected override string Extension => ".bat";

        public override string LineEnd => "\r\n";

        public override string Preamble => "@chcp 65001 > nul";

        public override string Prepend(string directory) => $"@SET \"PATH={Inner(directory)}:%PATH%\"";

        public override string Set(string name, string value, bool isLiteral) => $"@SET \"{name}={Inner(value)}\"";

        public override string Source(string path) => $"@CALL \"{Inner(path)}\"";

        // A line break would begin another command, and there is no way to write one.
        private static string Inner(string text) =>
            text.Replace("%", "%%", StringComparison.Ordinal).Replace('\n', ' ').Replace('\r', ' ');
    }

    private sealed class Nushell : ShellDialect
    {
        protected override string Extension => ".nu";

        public override string Prepend(string directory) => $"$env.PATH = ($env.PATH | prepend [{Text(directory)}])";

        public override string Set(string name, string value, bool isLiteral) => $"$env.{name} = {Text(value)}";

        public override string Source(string path) => $"source-env {Text(path)}";

        private static string Text(string text) => $"\"{Escape(text, "\"\\")}\"";
    }
}
