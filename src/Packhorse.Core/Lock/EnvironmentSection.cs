using Packhorse.Model;

namespace Packhorse.Lock;

/// <summary>One entry of <c>environments</c> in versions 4 to 7, before its packages are looked up.</summary>
internal sealed record EnvironmentSection(
    string Name,
    IReadOnlyList<string> Channels,
    IReadOnlyList<string> Indexes,
    IReadOnlyList<SelectorSection> Platforms
)
{
    public static List<EnvironmentSection> ReadAll(LockMembers root, LockText text)
    {
        var sections = new List<EnvironmentSection>();
        foreach ((string name, YamlMember member) in root.Map("environments") ?? throw root.Missing("environments"))
        {
            LockMembers environment = LockMembers.Of(member.Value, $"environment {EntryPath.Quote(name)}", text);
            sections.Add(
                new EnvironmentSection(
                    name,
                    ReadChannels(environment, text),
                    environment.Texts("indexes") ?? [],
                    [
                        .. (environment.Map("packages") ?? throw environment.Missing("packages")).Select(
                            platform => new SelectorSection(
                                platform.Key,
                                platform.Value.KeyLine,
                                ToList(platform, text)
                            )
                        ),
                    ]
                )
            );
        }
        return sections;
    }

    /// <summary>The <c>url</c> of each of <c>channels</c>.</summary>
    public static string[] ReadChannels(LockMembers parent, LockText text) =>
        [
            .. parent
                .RequiredList("channels")
                .Items.Select(channel => LockMembers.Of(channel, "a channel", text).RequiredText("url")),
        ];

    private static YamlList ToList(KeyValuePair<string, YamlMember> platform, LockText text) =>
        platform.Value.Value switch
        {
            YamlList list when list.Items.Count > Limits.Packages => throw new CorruptDataException(
                ErrorCodes.LimitExceeded,
                $"{text.Where}:{list.Line}: {list.Items.Count:N0} packages are more than {Limits.Packages:N0}"
            ),
            YamlList list => list,
            YamlNode other => throw text.Corrupt(
                other.Line,
                $"the packages of {EntryPath.Quote(platform.Key)} must be a list, found {other.Kind}"
            ),
        };
}

/// <summary>The packages of one environment on one platform, as references to <c>packages</c>.</summary>
/// <param name="Line">Of the platform's name.</param>
internal sealed record SelectorSection(string PlatformName, int Line, YamlList Selectors);
