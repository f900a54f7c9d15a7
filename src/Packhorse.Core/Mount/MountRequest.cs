using System.Globalization;
using System.Text;

namespace Packhorse.Mount;

/// <summary>What a mount is to be: told by the process that wants it to the one that serves it, as arguments.</summary>
public sealed record MountRequest
{
    /// <summary>The image, as messages name it. It is read by a descriptor that is passed along, so that it may be renamed meanwhile.</summary>
    public required string File { get; init; }

    /// <summary>The environment's name.</summary>
    public required string Name { get; init; }

    /// <summary>The directory that the environment appears as.</summary>
    public required string Prefix { get; init; }

    /// <summary>The prefix that the image was made for.</summary>
    public required string Baked { get; init; }

    /// <summary>A directory above the prefix that is covered by an empty one first; null: the prefix exists.</summary>
    public string? Covered { get; init; }

    /// <summary>A directory of this job for what is changed in the environment; null: it cannot be changed.</summary>
    public string? Changes { get; init; }

    /// <summary>A directory private to this user where other processes find the mount; null: nobody does.</summary>
    public string? Meeting { get; init; }

    /// <summary>Stands for the job; processes that name another one are turned away.</summary>
    public string Job { get; init; } = "";

    /// <summary>A file that gets what was read of the image, to be stored as its hot set; null: not recorded.</summary>
    public string? Record { get; init; }

    /// <summary>A program that mounts for users, where namespaces are refused; null: not needed.</summary>
    public string? Mounter { get; init; }

    /// <summary>The prefix is a directory made for this mount, to be removed with it.</summary>
    public bool RemovesPrefix { get; init; }

    /// <summary>Processors to be used.</summary>
    public int Processors { get; init; } = 1;

    internal IReadOnlyList<byte[]> ToArguments() =>
        [
            .. new[]
            {
                File,
                Prefix,
                Baked,
                Covered ?? "",
                Changes ?? "",
                Meeting ?? "",
                Job,
                Record ?? "",
                Mounter ?? "",
                Processors.ToString(CultureInfo.InvariantCulture),
                Name,
                RemovesPrefix ? "remove" : "",
            }.Select(Encoding.UTF8.GetBytes),
        ];

    /// <param name="arguments">As <see cref="ToArguments"/> gave them.</param>
    internal static MountRequest Parse(ReadOnlySpan<string> arguments) =>
        new()
        {
            File = arguments[0],
            Prefix = arguments[1],
            Baked = arguments[2],
            Covered = NullIfEmpty(arguments[3]),
            Changes = NullIfEmpty(arguments[4]),
            Meeting = NullIfEmpty(arguments[5]),
            Job = arguments[6],
            Record = NullIfEmpty(arguments[7]),
            Mounter = NullIfEmpty(arguments[8]),
            Processors = int.Parse(arguments[9], CultureInfo.InvariantCulture),
            Name = arguments[10],
            RemovesPrefix = arguments[11].Length > 0,
        };

    private static string? NullIfEmpty(string text) => text.Length == 0 ? null : text;
}
