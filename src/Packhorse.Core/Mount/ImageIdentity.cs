using System.Text.Json;
using Packhorse.Image;
using Packhorse.Model;

namespace Packhorse.Mount;

/// <summary>What has to be known of an image to mount it.</summary>
public sealed record ImageIdentity
{
    private const int DigitsOfLabel = 8;

    // The packages come last in a manifest, and are much longer than the rest.
    private const int FirstBytes = 8 << 10;

    /// <summary>The environment's name.</summary>
    public required string Name { get; init; }

    /// <summary>What it was made for.</summary>
    public required string Prefix { get; init; }

    /// <summary>The conda subdir.</summary>
    public required string Platform { get; init; }

    /// <summary>Over what was installed.</summary>
    public required Digest EnvironmentDigest { get; init; }

    /// <summary>It holds all Python modules compiled.</summary>
    public required bool HasByteCode { get; init; }

    /// <summary>A program was recorded: what it needed is known.</summary>
    public bool HasHotSet { get; init; }

    /// <summary>What packages want of the machine, each as <c>NAME DEPENDENCY</c>.</summary>
    public IReadOnlyList<string> Machine { get; init; } = [];

    /// <summary>Stands for every byte of the file.</summary>
    public required Digest Root { get; init; }

    /// <summary>As the log names it: <c>hello-1a2b3c4d</c>.</summary>
    public string Label => $"{Name}-{Root.ToString()[..DigitsOfLabel]}";

    /// <summary>The directory to be covered for the prefix that it was made for; null when that prefix is not one of ours.</summary>
    public string? Base
    {
        get
        {
            string tail = CanonicalPrefix.Below("", EnvironmentDigest);
            return Prefix.EndsWith(tail, StringComparison.Ordinal) ? Prefix[..^tail.Length] : null;
        }
    }

    /// <summary>Names the environment in paths.</summary>
    public string Digits => CanonicalPrefix.Digits(EnvironmentDigest);

    /// <param name="file">Any file.</param>
    /// <param name="where">The file, for messages.</param>
    /// <returns>Null when it holds no image.</returns>
    /// <exception cref="CorruptDataException">It is damaged.</exception>
    /// <exception cref="IncompatibleException">Of another version.</exception>
    public static ImageIdentity? Read(IRandomAccess file, string where)
    {
        byte[] bytes = new byte[ImageFooter.Bytes];
        if (file.Length < bytes.Length)
        {
            return null;
        }
        file.ReadExactly(bytes, file.Length - bytes.Length, where);
        if (!ImageFooter.IsOne(bytes))
        {
            return null;
        }
        ImageFooter footer = ImageFooter.Parse(bytes, file.Length, where);
        var verified = new VerifiedSource(file, footer, where);
        long whole = Math.Min(footer.Manifest.Length, Limits.JsonBytes);
        return Read(verified, footer, Math.Min(whole, FirstBytes), where)
            ?? Read(verified, footer, whole, where)
            ?? throw new CorruptDataException(
                ErrorCodes.Malformed,
                $"{where}: the manifest of the image does not say what it is"
            );
    }

    /// <returns>Null when so many bytes do not tell all.</returns>
    private static ImageIdentity? Read(VerifiedSource file, ImageFooter footer, long length, string where)
    {
        var bytes = new byte[length];
        file.ReadExactly(bytes, footer.Manifest.Offset, where);
        try
        {
            var members = new Dictionary<string, string>(StringComparer.Ordinal);
            var machine = new List<string>();
            var reader = new Utf8JsonReader(bytes, length == footer.Manifest.Length, default);
            // What is wanted stands before the packages; where they begin there is no more of it.
            bool isBehind = length == footer.Manifest.Length;
            while (reader.Read())
            {
                if (
                    reader.TokenType == JsonTokenType.PropertyName
                    && reader.CurrentDepth == 1
                    && reader.ValueTextEquals("packages"u8)
                )
                {
                    isBehind = true;
                    break;
                }
                if (reader.TokenType != JsonTokenType.PropertyName || reader.CurrentDepth != 1)
                {
                    continue;
                }
                string name = reader.GetString()!;
                if (!reader.Read())
                {
                    return null;
                }
                if (name == "machine" && reader.TokenType == JsonTokenType.StartArray)
                {
                    while (reader.Read() && TextOf(reader) is { } wanted)
                    {
                        machine.Add(wanted);
                    }
                }
                else if (Wanted.Contains(name) && TextOf(reader) is { } text)
                {
                    members[name] = text;
                }
                else
                {
                    _ = reader.TrySkip();
                }
            }
            return members.Count == Wanted.Length && isBehind ? Of(members, machine, footer, where) : null;
        }
        // The second is what a lone surrogate escape leads to.
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            throw new CorruptDataException(ErrorCodes.Malformed, $"{where}: its manifest is no JSON", error);
        }
    }

    private static readonly string[] Wanted = ["environment", "platform", "prefix", "environment_digest", "byte_code"];

    private static string? TextOf(in Utf8JsonReader reader) =>
        reader.TokenType switch
        {
            JsonTokenType.String => reader.GetString(),
            JsonTokenType.True => "true",
            JsonTokenType.False => "false",
            _ => null,
        };

    private static ImageIdentity Of(
        Dictionary<string, string> members,
        List<string> machine,
        ImageFooter footer,
        string where
    )
    {
        string prefix = members["prefix"];
        bool isPrefix = prefix is ['/', _, ..] && !prefix.EndsWith('/') && !prefix.Split('/').Contains("..");
        bool isName = members["environment"] is { Length: > 0 } name && !name.Contains('/') && !name.Contains('\0');
        if (!isPrefix || !isName || !Digest.TryParse(members["environment_digest"], out Digest digest))
        {
            throw new CorruptDataException(
                ErrorCodes.Malformed,
                $"{where}: the manifest of the image has a prefix, a name or a digest that is none"
            );
        }
        return new ImageIdentity
        {
            Name = members["environment"],
            Platform = members["platform"],
            Prefix = prefix,
            EnvironmentDigest = digest,
            HasByteCode = members["byte_code"] == "true",
            Machine = machine,
            Root = footer.Root,
            HasHotSet = footer.HotSet.Length > 0,
        };
    }
}
