using System.Text;
using System.Text.Json;
using Packhorse.Model;
using Packhorse.Os;

namespace Packhorse.Install;

/// <summary>What activating an environment does (CEP 32): variables to set and scripts to source, in order.</summary>
public sealed record Activation
{
    /// <summary>The prefix.</summary>
    public required string Prefix { get; init; }

    /// <summary>From <c>etc/conda/env_vars.d/*.json</c>, then <c>conda-meta/state</c>; later ones win.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Variables { get; init; } = [];

    /// <summary>Absolute paths of <c>etc/conda/activate.d/*</c>, of every shell, sorted.</summary>
    public IReadOnlyList<string> Scripts { get; init; } = [];

    /// <exception cref="CorruptDataException">A file with variables is damaged.</exception>
    public static Activation Read(string prefix) => ReadAt(prefix, prefix);

    /// <param name="root">Where the environment lies until it is renamed to its prefix.</param>
    /// <inheritdoc cref="Read"/>
    public static Activation ReadAt(string root, string prefix)
    {
        var variables = new OrderedDictionary<string, string>(StringComparer.Ordinal);
        string variableFiles = Path.Combine(root, "etc/conda/env_vars.d");
        if (FileTree.DirectoryExists(variableFiles))
        {
            foreach (string name in FileTree.List(variableFiles))
            {
                if (name.EndsWith(".json", StringComparison.Ordinal))
                {
                    string where = Path.Combine(prefix, "etc/conda/env_vars.d", name);
                    JsonElement json = ReadJson(Path.Combine(variableFiles, name), where);
                    AddVariables(variables, json, where, upperCase: false);
                }
            }
        }
        string state = Path.Combine(root, "conda-meta/state");
        if (
            FileTree.FileExists(state)
            && new JsonMembers(ReadJson(state, state), state, ErrorCodes.Malformed).Element("env_vars")
                is { } stateVariables
        )
        {
            AddVariables(variables, stateVariables, state, upperCase: true);
        }
        string scripts = Path.Combine(root, "etc/conda/activate.d");
        return new Activation
        {
            Prefix = prefix,
            Variables = [.. variables],
            Scripts = FileTree.DirectoryExists(scripts)
                ? [.. FileTree.List(scripts).Select(name => Path.Combine(prefix, "etc/conda/activate.d", name))]
                : [],
        };
    }

    private static JsonElement ReadJson(string path, string where) =>
        JsonMembers.Parse(InputFile.ReadAllBytes(path, Limits.JsonBytes), where, ErrorCodes.Malformed);

    private static void AddVariables(
        OrderedDictionary<string, string> variables,
        JsonElement json,
        string where,
        bool upperCase
    )
    {
        if (json.ValueKind != JsonValueKind.Object)
        {
            throw new CorruptDataException(ErrorCodes.Malformed, $"{where}: expected an object of variables");
        }
        var members = new JsonMembers(json, where, ErrorCodes.Malformed);
        foreach (JsonProperty property in json.EnumerateObject())
        {
            string key = members.NameOf(property);
            string name = upperCase ? key.ToUpperInvariant() : key;
            bool isName =
                name.Length > 0
                && !char.IsAsciiDigit(name[0])
                && name.All(c => char.IsAsciiLetterOrDigit(c) || c == '_');
            string? value = members.String(key);
            if (!isName || value is null || value.Contains('\0'))
            {
                throw new CorruptDataException(
                    ErrorCodes.Malformed,
                    $"{where}: {EntryPath.Quote(key)} cannot be a variable of the environment"
                );
            }
            variables.Remove(name);
            variables.Add(name, value);
        }
    }
}

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
