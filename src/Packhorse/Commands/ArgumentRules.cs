using System.CommandLine;

namespace Packhorse.Commands;

/// <summary>Arguments that are paths, with one rule: what looks like an option is a mistyped option.</summary>
internal static class ArgumentRules
{
    public static Argument<string> Path(string name, string description, string defaultValue)
    {
        var argument = new Argument<string>(name)
        {
            Description = description,
            DefaultValueFactory = _ => defaultValue,
        };
        argument.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: ['-', _, ..] value }])
            {
                result.AddError($"unknown option '{value}' (a file of that name is ./{value})");
            }
        });
        return argument;
    }
}
