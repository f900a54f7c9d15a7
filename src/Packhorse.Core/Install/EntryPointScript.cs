using System.Text;
using Packhorse.Conda;

namespace Packhorse.Install;

/// <summary>The script that starts an entry point of a noarch python package, byte for byte as rattler writes it.</summary>
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
