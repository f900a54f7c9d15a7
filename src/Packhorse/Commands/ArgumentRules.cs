using System.CommandLine;

namespace Packhorse.Commands;

/// <summary>Arguments that are paths, with one rule: what looks like an option is a mistyped option.</summary>
internal static class ArgumentRules
{
    /// <param name="defaultValue">Null: one must be given.</param>
    public static Argument<string> Path(string name, string description, string? defaultValue)
    {
        var argument = new Argument<string>(name)
        {
            Description = description,
            DefaultValueFactory = defaultValue is null ? null : _ => defaultValue,
        };
        argument.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: "" }])
            {
                result.AddError($"{name} is empty");
            }
            if (result.Tokens is [{ Value: ['-', _, ..] value }])
            {
                result.AddError($"unknown option '{value}' (a file of that name is ./{value})");
            }
        });
        return argument;
    }

    /// <summary>Refuses an empty value: it is nearly always a variable of a script that is not set.</summary>
    public static void NotEmpty(params ReadOnlySpan<Option> options)
    {
        foreach (Option option in options)
        {
            option.Validators.Add(result =>
            {
                if (result.Tokens is [{ Value: "" }])
                {
                    result.AddError($"the value of {option.Name} is empty");
                }
            });
        }
    }
}
