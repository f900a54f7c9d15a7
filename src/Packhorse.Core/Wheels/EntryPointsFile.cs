using Packhorse.Model;

namespace Packhorse.Wheels;

/// <summary><c>entry_points.txt</c> of a wheel: the commands that an installer makes.</summary>
public static class EntryPointsFile
{
    /// <returns>Of the sections <c>console_scripts</c> and <c>gui_scripts</c>, which are one here: only Windows tells them apart.</returns>
    /// <exception cref="CorruptDataException">A command has no form that could be made a script, or is there twice.</exception>
    public static IReadOnlyList<EntryPoint> Parse(ReadOnlySpan<byte> utf8, string where)
    {
        var commands = new List<EntryPoint>();
        bool wanted = false;
        foreach (string line in WheelText.Decode(utf8, where).Split('\n').Select(line => line.Trim()))
        {
            if (line.Length == 0 || line[0] is '#' or ';')
            {
                continue;
            }
            if (line[0] == '[')
            {
                wanted = line is "[console_scripts]" or "[gui_scripts]";
            }
            else if (wanted)
            {
                EntryPoint command = EntryPoint.Parse(line, where);
                if (IsInterpreter(command.Command) || commands.Exists(other => other.Command == command.Command))
                {
                    throw new CorruptDataException(
                        ErrorCodes.BadPackage,
                        $"{where}: the command {EntryPath.Quote(command.Command)} is there twice, or is Python itself"
                    );
                }
                commands.Add(command);
            }
        }
        return commands;
    }

    /// <summary>
    /// pip names one of its commands after the version of the Python that it is installed for: that of the Python which made the wheel
    /// is replaced, as installers do.
    /// </summary>
    /// <param name="python">Major and minor, as in "3.11".</param>
    public static IReadOnlyList<EntryPoint> ForPython(IReadOnlyList<EntryPoint> commands, string python)
    {
        string name = $"pip{python}";
        EntryPoint? pip = commands.FirstOrDefault(command => command.Command == "pip3");
        return pip is null
            ? commands
            : [.. commands.Where(command => !IsVersionedPip(command.Command)), pip with { Command = name }];
    }

    // pip3.11
    private static bool IsVersionedPip(string command) =>
        command.StartsWith("pip3.", StringComparison.Ordinal)
        && command.AsSpan(5).IndexOfAnyExceptInRange('0', '9') < 0;

    private static bool IsInterpreter(string command)
    {
        string name = command.TrimEnd("0123456789.".ToCharArray());
        return name is "python" or "pythonw" or "pypy" or "pypyw";
    }
}
