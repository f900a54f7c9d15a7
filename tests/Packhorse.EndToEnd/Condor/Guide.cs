namespace Packhorse.EndToEnd.Condor;

/// <summary>The commands of a page in Markdown, by the headings that they stand under.</summary>
internal sealed class Guide
{
    private const string Fence = "```";

    private readonly List<(string Heading, string Command)> _commands = [];

    private Guide() { }

    public static Guide Read(string path)
    {
        var guide = new Guide();
        string heading = "";
        bool isCode = false;
        foreach (string line in File.ReadLines(path))
        {
            if (line.StartsWith(Fence, StringComparison.Ordinal))
            {
                isCode = line == $"{Fence}sh";
            }
            else if (isCode)
            {
                guide._commands.Add((heading, line));
            }
            else if (line.StartsWith('#'))
            {
                heading = line.TrimStart('#').Trim();
            }
        }
        return guide;
    }

    /// <summary>At least one.</summary>
    public IReadOnlyList<string> Commands(string heading)
    {
        string[] commands =
        [
            .. _commands
                .Where(item => item.Heading.Equals(heading, StringComparison.OrdinalIgnoreCase))
                .Select(item => item.Command),
        ];
        Assert.NotEmpty(commands);
        return commands;
    }
}
