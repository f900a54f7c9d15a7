using System.Globalization;
using Packhorse.Fetch;
using Packhorse.Model;
using Tomlyn.Syntax;

namespace Packhorse.Publish;

/// <summary>Reads a site's TOML file. Unknown keys are mistakes: they would be rules that nobody heeds.</summary>
internal sealed class SiteProfileReader
{
    private readonly Dictionary<string, SitePlace> _places = [];
    private readonly Dictionary<TransferProtocol, SizeRule> _sizes = [];
    private string? _about;
    private IReadOnlyList<string> _beyond = [];

    private SiteProfileReader() { }

    /// <exception cref="UsageException">It is not TOML, or makes no sense.</exception>
    public static SiteProfile Read(string toml, string name, string where)
    {
        var reader = new SiteProfileReader();
        foreach (TomlSetting setting in TomlSetting.ReadAll(toml, where))
        {
            reader.Take(setting);
        }
        SizeRule? endless = reader._sizes.Values.FirstOrDefault(rule => rule.UpTo <= 0);
        return endless is null
            ? new SiteProfile
            {
                Name = name,
                About = reader._about,
                Beyond = reader._beyond,
                Places = [.. reader._places.Values.OrderByDescending(place => place.Directory.Length)],
                Sizes = [.. reader._sizes.Values.OrderBy(rule => rule.UpTo)],
            }
            : throw new UsageException(
                ErrorCodes.BadConfiguration,
                $"{where}: sizes.{endless.Protocol.ToString().ToLowerInvariant()} has no up-to"
            );
    }

    private void Take(TomlSetting setting)
    {
        switch (setting.Path)
        {
            case ["about"]:
                _about = setting.Text();
                break;
            case ["sources"]:
                _ = Texts(setting);
                break;
            case ["beyond"]:
                _beyond = Texts(setting);
                break;
            case ["places", var directory, var key]:
                TakePlace(setting, directory, key);
                break;
            case ["sizes", var protocol, var key]:
                TakeSize(setting, protocol, key);
                break;
            default:
                throw setting.Bad("is unknown");
        }
    }

    private void TakePlace(TomlSetting setting, string directory, string key)
    {
        if (!directory.StartsWith('/') || directory.Length < 2)
        {
            throw setting.Bad("is not below an absolute directory");
        }
        string normal = directory.TrimEnd('/');
        SitePlace place = _places.GetValueOrDefault(normal) ?? new SitePlace(normal, null, null, null, []);
        _places[normal] = key switch
        {
            "url" when PelicanUrl.TryParse(setting.Text(), out _) => place with { Url = setting.Text() },
            "url" => throw setting.Bad("is no osdf:// or pelican:// URL"),
            "quota" => place with { QuotaBytes = Bytes(setting) },
            "quota-items" => place with { QuotaItems = setting.PositiveNumber() },
            "notes" => place with { Notes = Texts(setting) },
            _ => throw setting.Bad("is unknown"),
        };
    }

    private void TakeSize(TomlSetting setting, string protocol, string key)
    {
        TransferProtocol kind = protocol switch
        {
            "plain" => TransferProtocol.Plain,
            "osdf" => TransferProtocol.Osdf,
            "file" => TransferProtocol.File,
            _ => throw setting.Bad("is none of plain, osdf and file"),
        };
        SizeRule rule = _sizes.GetValueOrDefault(kind) ?? new SizeRule(kind, 0, [], []);
        _sizes[kind] = key switch
        {
            "up-to" => rule with { UpTo = Bytes(setting) },
            "notes" => rule with { Notes = Texts(setting) },
            "submit" => rule with { SubmitLines = Texts(setting) },
            _ => throw setting.Bad("is unknown"),
        };
    }

    private static IReadOnlyList<string> Texts(TomlSetting setting) =>
        setting.Texts() is not { } texts ? [setting.Text()]
        : texts.All(text => text.Length > 0) ? texts
        : throw setting.Bad("is not a list of texts");

    // Decimal units, as sites state their limits.
    private static long Bytes(TomlSetting setting)
    {
        if (setting.Value is IntegerValueSyntax)
        {
            return setting.PositiveNumber();
        }
        string[] words = setting.Text().Split(' ', StringSplitOptions.RemoveEmptyEntries);
        long unit = words is [_, var name]
            ? name switch
            {
                "MB" => 1_000_000,
                "GB" => 1_000_000_000,
                "TB" => 1_000_000_000_000,
                _ => 0,
            }
            : 0;
        return
            unit > 0
            && int.TryParse(words[0], NumberStyles.None, CultureInfo.InvariantCulture, out int count)
            && count > 0
            ? count * unit
            : throw setting.Bad("is no size, such as \"30 GB\"");
    }
}
