namespace Packhorse.Publish;

/// <summary>Words of a POSIX shell.</summary>
public static class ShellText
{
    private static readonly System.Buffers.SearchValues<char> Plain = System.Buffers.SearchValues.Create(
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-./:@_,%="
    );

    /// <summary>A word that stands for exactly this text.</summary>
    public static string Quote(string text) =>
        text.Length > 0 && text.AsSpan().IndexOfAnyExcept(Plain) < 0
            ? text
            : $"'{text.Replace("'", "'\\''", StringComparison.Ordinal)}'";
}
