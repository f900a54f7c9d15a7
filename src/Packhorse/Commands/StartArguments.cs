using System.CommandLine;

namespace Packhorse.Commands;

/// <summary>
/// The arguments of what starts a command. The parser takes all that is behind the pack for the command's. Options of ours that stand right
/// behind the pack are ours all the same; a command whose name begins like an option stands behind <c>--</c>.
/// </summary>
internal static class StartArguments
{
    /// <returns>The same, with options of ours before the pack.</returns>
    public static string[] WithOptionsFirst(RootCommand root, string[] arguments)
    {
        Command? command = root.Subcommands.FirstOrDefault(one =>
            one.Name == arguments.FirstOrDefault() && one.Arguments.Any(argument => argument.CaptureRemainingTokens)
        );
        if (command is null)
        {
            return arguments;
        }
        int most = command.Arguments.Count(argument => !argument.CaptureRemainingTokens);
        Option[] known = [.. command.Options, .. root.Options.Where(option => option.Recursive)];
        (List<string> options, List<string> places) = ([], []);
        int at = 1;
        while (at < arguments.Length && arguments[at] != "--")
        {
            string word = arguments[at];
            if (Array.Find(known, option => IsNamed(option, word)) is { } option)
            {
                int count = TakesNext(option, word) ? 2 : 1;
                options.AddRange(arguments.Skip(at).Take(count));
                at += count;
            }
            else if (places.Count < most && (word is "-" || !word.StartsWith('-')))
            {
                places.Add(word);
                at++;
            }
            else
            {
                break;
            }
        }
        return [arguments[0], .. options, .. places, .. arguments.Skip(at)];
    }

    private static bool IsNamed(Option option, string word)
    {
        string name = word.Split('=', 2)[0];
        return name.StartsWith('-') && (option.Name == name || option.Aliases.Contains(name));
    }

    private static bool TakesNext(Option option, string word) =>
        option.Arity.MaximumNumberOfValues > 0 && option.ValueType != typeof(bool) && !word.Contains('=');
}
