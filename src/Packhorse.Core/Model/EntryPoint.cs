namespace Packhorse.Model;

/// <summary>
/// A command that an installer makes, for a noarch python package (<c>link.json</c>) or a wheel (<c>entry_points.txt</c>):
/// <c>command = module:function</c>.
/// </summary>
public sealed record EntryPoint(string Command, string Module, string Function)
{
    /// <exception cref="CorruptDataException">Not of that form, or a name that could leave <c>bin/</c>.</exception>
    public static EntryPoint Parse(string text, string where)
    {
        int equals = text.IndexOf('=', StringComparison.Ordinal);
        int colon = equals < 0 ? -1 : text.IndexOf(':', equals);
        if (colon > 0)
        {
            var entryPoint = new EntryPoint(
                text[..equals].Trim(),
                text[(equals + 1)..colon].Trim(),
                // "function [extra]": extras say what pip should have installed.
                text[(colon + 1)..].Split('[')[0].Trim()
            );
            if (entryPoint.IsSafe())
            {
                return entryPoint;
            }
        }
        throw new CorruptDataException(ErrorCodes.BadPackage, $"{where}: no entry point: {EntryPath.Quote(text)}");
    }

    // The module and the function become Python source.
    private bool IsSafe() =>
        EntryPath.IsSafe(Command)
        && !Command.AsSpan().ContainsAny('/', '\\', '\n')
        && Command[0] != '.'
        && IsDottedName(Module)
        && IsDottedName(Function);

    private static bool IsDottedName(string text) =>
        text.Split('.')
            .All(part =>
                part.Length > 0 && !char.IsDigit(part[0]) && part.All(c => char.IsLetterOrDigit(c) || c == '_')
            );
}
