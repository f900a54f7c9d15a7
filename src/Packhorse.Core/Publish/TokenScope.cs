namespace Packhorse.Publish;

/// <summary>What is to be done with an object.</summary>
internal enum StorageOperation
{
    Read,

    /// <summary>Store under a name that nothing has.</summary>
    Create,
}

/// <summary>
/// One scope of a token: <c>storage.read:/path</c> as WLCG's profile has it, where storage.modify includes storage.create, or
/// <c>read:/path</c> and <c>write:/path</c> as SciTokens' has it.
/// </summary>
/// <param name="Path">Below the base of whoever issued the token; not escaped, without a slash at its end.</param>
internal readonly record struct TokenScope(string Name, string Path)
{
    /// <returns>Null for a scope that is not about storage.</returns>
    public static TokenScope? Parse(string text)
    {
        string[] parts = text.Split(':', 2);
        return parts[0] is "storage.read" or "storage.create" or "storage.modify" or "read" or "write"
            ? new TokenScope(parts[0], parts.Length > 1 ? Uri.UnescapeDataString(parts[1]).TrimEnd('/') : "")
            : null;
    }

    /// <summary>What a token needs, for messages.</summary>
    public static string NameOf(StorageOperation operation) =>
        operation == StorageOperation.Read ? "storage.read" : "storage.create";

    /// <param name="path">Of the object in its federation, escaped as in a URL.</param>
    /// <param name="bases">
    /// Which directories a scope's path may be relative to: the issuer's base, or the namespace, as the director says. None: nobody
    /// has said, and it may be any directory above the object.
    /// </param>
    public bool Allows(StorageOperation operation, string path, IReadOnlyList<string> bases)
    {
        string plain = Uri.UnescapeDataString(path);
        string scope = Path;
        return IsFor(operation)
            && (bases.Count > 0 ? bases : Ancestors(plain)).Any(origin =>
                Below(plain, origin.TrimEnd('/')) is { } rest && Below(rest, scope) is not null
            );
    }

    private bool IsFor(StorageOperation operation) =>
        operation == StorageOperation.Read
            ? Name is "storage.read" or "read"
            : Name is "storage.create" or "storage.modify" or "write";

    // What is left of a path below a directory, with its slash; null where it is elsewhere. "/ab" is not below "/a".
    private static string? Below(string path, string directory) =>
        path.StartsWith(directory, StringComparison.Ordinal)
        && (path.Length == directory.Length || path[directory.Length] == '/')
            ? path[directory.Length..]
            : null;

    private static IEnumerable<string> Ancestors(string path)
    {
        for (int end = path.LastIndexOf('/'); end > 0; end = path.LastIndexOf('/', end - 1))
        {
            yield return path[..end];
        }
        yield return "/";
    }
}
