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

    /// <summary>Absolute paths of <c>etc/conda/deactivate.d/*</c>, of every shell, sorted.</summary>
    public IReadOnlyList<string> DeactivationScripts { get; init; } = [];

    /// <summary>What was left out, and why: a package, or the user, has written there what cannot be a variable.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];

    public static Activation Read(string prefix) => ReadAt(prefix, prefix);

    /// <param name="root">Where the environment lies until it is renamed to its prefix.</param>
    /// <inheritdoc cref="Read"/>
    public static Activation ReadAt(string root, string prefix)
    {
        var variables = new VariableReader();
        string variableFiles = Path.Combine(root, "etc/conda/env_vars.d");
        if (FileTree.DirectoryExists(variableFiles))
        {
            foreach (string name in FileTree.List(variableFiles))
            {
                if (name.EndsWith(".json", StringComparison.Ordinal))
                {
                    string where = Path.Combine(prefix, "etc/conda/env_vars.d", name);
                    variables.ReadFile(Path.Combine(variableFiles, name), where);
                }
            }
        }
        string state = Path.Combine(root, "conda-meta/state");
        if (FileTree.FileExists(state))
        {
            variables.ReadState(state, Path.Combine(prefix, "conda-meta/state"));
        }
        return new Activation
        {
            Prefix = prefix,
            Variables = [.. variables.Variables],
            Scripts = ScriptsIn("etc/conda/activate.d", root, prefix),
            DeactivationScripts = ScriptsIn("etc/conda/deactivate.d", root, prefix),
            Warnings = variables.Warnings,
        };
    }

    private static string[] ScriptsIn(string directory, string root, string prefix) =>
        FileTree.DirectoryExists(Path.Combine(root, directory))
            ? [.. FileTree.List(Path.Combine(root, directory)).Select(name => Path.Combine(prefix, directory, name))]
            : [];

    /// <summary>Collects variables. One that is no good is left out: by it alone nobody should lose a whole environment.</summary>
    private sealed class VariableReader
    {
        private readonly List<string> _warnings = [];

        public OrderedDictionary<string, string> Variables { get; } = new(StringComparer.Ordinal);

        public IReadOnlyList<string> Warnings => _warnings;

        public void ReadFile(string path, string where) =>
            Guard(() => Add(Parse(path, where), where, upperCase: false));

        public void ReadState(string path, string where) =>
            Guard(() =>
            {
                var state = new JsonMembers(Parse(path, where), where, ErrorCodes.Malformed);
                if (state.Element("env_vars") is { } variables)
                {
                    Add(variables, where, upperCase: true);
                }
            });

        private void Guard(Action read)
        {
            try
            {
                read();
            }
            catch (PackhorseException error)
            {
                _warnings.Add($"{error.Message}; no variables are taken from there");
            }
        }

        private static JsonElement Parse(string path, string where) =>
            JsonMembers.Parse(InputFile.ReadAllBytes(path, Limits.JsonBytes), where, ErrorCodes.Malformed);

        private void Add(JsonElement json, string where, bool upperCase)
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
                string? value =
                    property.Value.ValueKind == JsonValueKind.String ? members.Text(property.Value, key) : null;
                if (!IsName(name) || value is null || value.Contains('\0'))
                {
                    _warnings.Add($"{where}: {EntryPath.Quote(key)} cannot be a variable of the environment");
                    continue;
                }
                Variables.Remove(name);
                Variables.Add(name, value);
            }
        }

        private static bool IsName(string name) =>
            name.Length > 0 && !char.IsAsciiDigit(name[0]) && name.All(c => char.IsAsciiLetterOrDigit(c) || c == '_');
    }
}
