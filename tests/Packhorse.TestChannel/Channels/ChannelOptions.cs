namespace Packhorse.TestChannel;

/// <summary>Where a channel is made, and how its lock file names the packages.</summary>
public sealed record ChannelOptions
{
    /// <summary>
    /// Gets <c>SUBDIR/FILE</c> of all packages, <c>pixi.lock</c> and <c>pixi.toml</c>, and both again in <c>relative/</c>; made when
    /// it is not there. Packages of large channels are symbolic links into the cache: they must not be changed in place.
    /// </summary>
    public required string Directory { get; init; }

    /// <summary>
    /// What stands before <c>linux-64/FILE</c> in the lock file: <c>http://127.0.0.1:8000/</c>, a path relative to the lock file,
    /// or null for the <c>file://</c> URL of <see cref="Directory"/>.
    /// </summary>
    public string? BaseUrl { get; init; }

    /// <summary>Where finished channels and downloaded Debian packages are kept.</summary>
    public string CacheDirectory { get; init; } = DefaultCacheDirectory;

    /// <summary>Look whether apt has newer packages than those that the channel in the cache was made from.</summary>
    public bool Refresh { get; init; }

    /// <summary>Told of each step.</summary>
    public Action<string> Report { get; init; } = _ => { };

    /// <summary><c>PACKHORSE_TEST_CACHE</c>, else <c>~/.cache/packhorse-tests</c>.</summary>
    public static string DefaultCacheDirectory =>
        Environment.GetEnvironmentVariable("PACKHORSE_TEST_CACHE") is { Length: > 0 } directory
            ? directory
            : Path.Combine(
                Environment.GetFolderPath(Environment.SpecialFolder.UserProfile),
                ".cache",
                "packhorse-tests"
            );
}
