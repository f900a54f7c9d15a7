namespace Packhorse.TestChannel;

/// <summary>Permission bits of files, as C# has no octal numbers.</summary>
public static class Modes
{
    /// <summary>0664, as most files of conda packages have.</summary>
    public const int Regular = 0b110_110_100;

    /// <summary>0775, as most programs of conda packages have.</summary>
    public const int Executable = 0b111_111_101;

    /// <summary>0777.</summary>
    public const int SymbolicLink = 0b111_111_111;

    /// <param name="octal">For example 644 for rw-r--r--.</param>
    public static int FromOctal(int octal) =>
        Convert.ToInt32(octal.ToString(System.Globalization.CultureInfo.InvariantCulture), 8);
}
