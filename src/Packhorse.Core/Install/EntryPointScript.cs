using System.Text;
using Packhorse.Conda;
using Packhorse.Model;

namespace Packhorse.Install;

/// <summary>The script that starts an entry point of a noarch python package or a wheel, byte for byte as rattler writes it.</summary>
public static class EntryPointScript
{
    /// <summary>0775 whatever the umask.</summary>
    public const UnixFileMode Mode =
        UnixFileMode.UserRead
        | UnixFileMode.UserWrite
        | UnixFileMode.UserExecute
        | UnixFileMode.GroupRead
        | UnixFileMode.GroupWrite
        | UnixFileMode.GroupExecute
        | UnixFileMode.OtherRead
        | UnixFileMode.OtherExecute;

    private const int LongestInterpreter = 125;

    /// <summary>
    /// What the prefix would stand in place of, were the script a packaged file: its first line follows the rules of
    /// <see cref="Shebang"/>.
    /// </summary>
    public static PrefixPlaceholder Placeholder { get; } = new("/prefix", PrefixFileMode.Text);

    internal static ReadOnlySpan<byte> PlaceholderBytes => "/prefix"u8;

    internal static byte[] PackagedFirstLine(string interpreter) =>
        Encoding.UTF8.GetBytes($"#!{Placeholder.Text}/{interpreter}");

    /// <summary>Bytes before what follows the lines that start the interpreter.</summary>
    internal static int FirstLineBytes(ReadOnlySpan<byte> script) => script.IndexOf("\n# -*- coding"u8);

    public static byte[] Write(EntryPoint entryPoint, PythonScheme python, InstallTarget target)
    {
        string interpreter = $"{target.Prefix}/{python.Executable}";
        bool plain = Encoding.UTF8.GetByteCount(interpreter) <= LongestInterpreter && !interpreter.Contains(' ');
        string shebang = plain ? $"#!{interpreter}" : $"#!/bin/sh\n'''exec' \"{interpreter}\" \"$0\" \"$@\" #'''";
        string imported = entryPoint.Function.Split('.')[0];
        return Encoding.UTF8.GetBytes(
            $"""
            {shebang}
            # -*- coding: utf-8 -*-
            import re
            import sys

            from {entryPoint.Module} import {imported}

            if __name__ == '__main__':
            	sys.argv[0] = re.sub(r'(-script\.pyw?|\.exe)?$', '', sys.argv[0])
            	sys.exit({entryPoint.Function}())

            """
        );
    }
}
