using Packhorse.Model;

namespace Packhorse.Wheels;

/// <summary>The Python and the platform that a wheel's tags are held against (PyPA "Platform compatibility tags").</summary>
/// <param name="major">Of Python's version.</param>
/// <param name="minor">Of Python's version.</param>
public sealed class WheelTags(int major, int minor, Platform platform)
{
    private int Major => major;

    private int Minor => minor;

    private Platform Platform => platform;

    /// <summary>Built without the global interpreter lock (PEP 703).</summary>
    public bool IsFreeThreaded { get; init; }

    /// <summary>Not CPython.</summary>
    public bool IsPyPy { get; init; }

    /// <summary>What the versions of compiled modules are named after, as in <c>cp313t</c> or <c>pp39</c>.</summary>
    private string Interpreter => $"{(IsPyPy ? "pp" : "cp")}{Major}{Minor}";

    /// <summary>How the tag of this Python's own compiled modules looks, for messages.</summary>
    public override string ToString() =>
        $"Python {Major}.{Minor}{(IsFreeThreaded ? "t" : "")}{(IsPyPy ? " (PyPy)" : "")} on {Platform}";

    /// <returns>Why a wheel does not work there, to follow "NAME is"; null when it does.</returns>
    public string? FindMisfit(WheelFileName wheel)
    {
        if (!wheel.PlatformTags.Any(FitsPlatform))
        {
            return $"for {string.Join(" or ", wheel.PlatformTags)}, not for {Platform}";
        }
        bool fits = wheel.PythonTags.Any(python => wheel.AbiTags.Any(abi => Fits(python, abi)));
        return fits
            ? null
            : $"for {string.Join(" or ", wheel.PythonTags)} ({string.Join(" or ", wheel.AbiTags)}), not for {this}";
    }

    private bool Fits(string python, string abi)
    {
        if (abi == "none")
        {
            return python == Interpreter || FitsAnyPython(python);
        }
        if (IsPyPy)
        {
            return python == Interpreter && abi.StartsWith("pypy", StringComparison.Ordinal);
        }
        if (abi == "abi3")
        {
            // The stable interface of an older version is one of this version.
            return !IsFreeThreaded
                && TryParse(python, "cp", out int itsMajor, out int itsMinor)
                && itsMajor == Major
                && itsMinor <= Minor;
        }
        // Until 3.7 the allocator was part of the name.
        string own = IsFreeThreaded ? $"{Interpreter}t" : Interpreter;
        return python == Interpreter && (abi == own || (abi == $"{own}m" && Major == 3 && Minor <= 7));
    }

    // py3, py37 and, of a source for two versions, py2.py3
    private bool FitsAnyPython(string python) =>
        TryParse(python, "py", out int itsMajor, out int itsMinor) && itsMajor == Major && itsMinor <= Minor;

    private static bool TryParse(string tag, string prefix, out int major, out int minor)
    {
        major = minor = 0;
        string digits = tag.StartsWith(prefix, StringComparison.Ordinal) ? tag[prefix.Length..] : "";
        if (digits.Length is 0 or > 4 || !digits.All(char.IsAsciiDigit))
        {
            return false;
        }
        major = digits[0] - '0';
        foreach (char digit in digits[1..])
        {
            minor = (10 * minor) + digit - '0';
        }
        return true;
    }

    // Environments of conda packages are for glibc; which one is a matter of the machine.
    private bool FitsPlatform(string tag)
    {
        if (tag == "any")
        {
            return true;
        }
        string architecture = Platform.Architecture switch
        {
            "x86" => "i686",
            "arm64" when Platform.IsLinux => "aarch64",
            { } name => name,
            null => "",
        };
        if (Platform.IsLinux)
        {
            bool known =
                tag.StartsWith("linux_", StringComparison.Ordinal)
                || tag.StartsWith("manylinux", StringComparison.Ordinal);
            return known && tag.EndsWith($"_{architecture}", StringComparison.Ordinal);
        }
        if (Platform.IsMacOS)
        {
            string[] kinds = architecture == "arm64" ? ["arm64", "universal2"] : MacIntel;
            return tag.StartsWith("macosx_", StringComparison.Ordinal)
                && kinds.Any(kind => tag.EndsWith($"_{kind}", StringComparison.Ordinal));
        }
        return Platform.Subdir switch
        {
            "win-64" => tag == "win_amd64",
            "win-32" => tag == "win32",
            "win-arm64" => tag == "win_arm64",
            _ => false,
        };
    }

    // Binaries of several processors have names of their own.
    private static string[] MacIntel => ["x86_64", "universal2", "universal", "intel", "fat64", "fat3"];
}
