using Packhorse.Codecs;
using Packhorse.Model;

namespace Packhorse.Wheels;

/// <summary>Where files of a wheel belong (the keys of an installation scheme).</summary>
public enum WheelScheme
{
    /// <summary>Modules without machine code.</summary>
    PureLibrary,

    /// <summary>Modules with machine code.</summary>
    PlatformLibrary,
    Headers,
    Scripts,

    /// <summary>The prefix itself.</summary>
    Data,
}

/// <summary>One file of a wheel.</summary>
/// <param name="member">Its name is checked: <see cref="EntryPath.IsSafe"/>.</param>
/// <param name="path">Below the directory that the scheme names.</param>
/// <param name="listed">What RECORD says of it; null when it is not there.</param>
public sealed class WheelMember(ZipMember member, WheelScheme scheme, string path, RecordEntry? listed)
{
    public ZipMember Member => member;

    public WheelScheme Scheme => scheme;

    public string Path => path;

    public RecordEntry? Listed => listed;
}

/// <summary>What a wheel says of itself, as far as an installer needs it.</summary>
public sealed class WheelInfo
{
    public required WheelFileName FileName { get; init; }

    /// <summary>As in <c>idna-3.10.dist-info</c>.</summary>
    public required string DistInfo { get; init; }

    /// <summary>Where the files lie that have no other place: the one of the two libraries that WHEEL names.</summary>
    public required WheelScheme Root { get; init; }

    /// <summary>All files, those of <see cref="DistInfo"/> included, without RECORD.</summary>
    public required IReadOnlyList<WheelMember> Members { get; init; }

    /// <summary>Commands to make.</summary>
    public required IReadOnlyList<EntryPoint> Commands { get; init; }

    /// <summary>Which Pythons it is for, as METADATA says; null for any.</summary>
    public string? RequiresPython { get; init; }

    /// <summary>What is wrong with it without being in the way.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];
}
