using System.CommandLine;
using System.Diagnostics;
using Packhorse.TestChannel;

Option<string> output = new("--output")
{
    Description = "The directory for the packages, pixi.lock and pixi.toml",
    Required = true,
};
Option<string?> baseUrl = new("--base-url")
{
    Description = "What stands before linux-64/FILE in the lock file, if not the directory's file:// URL",
};
Option<string> cache = new("--cache")
{
    Description = "Where channels and Debian packages are kept ($PACKHORSE_TEST_CACHE, else ~/.cache/packhorse-tests)",
    DefaultValueFactory = _ => ChannelOptions.DefaultCacheDirectory,
};

Option<bool> refresh = new("--refresh")
{
    Description = "Look whether apt has newer packages than the channel in the cache",
};

Command small = new("small", "Python, its libraries and some modules: 20 MB") { output, baseUrl, cache, refresh };
small.SetAction(parsed => Make(parsed, SmallChannel.Make));
Command large = new("large", "A scientific environment: 3 GB installed") { output, baseUrl, cache, refresh };
large.SetAction(parsed => Make(parsed, LargeChannel.Make));
Option<FileInfo> lockFile = new("--lock") { Description = "The pixi.lock to resemble", Required = true };
Option<string> environment = new("--environment")
{
    Description = "Its environment",
    DefaultValueFactory = _ => "default",
};
Option<double> scale = new("--scale")
{
    Description = "What part of the sizes in the lock file",
    DefaultValueFactory = _ => 1.0,
};
Command shaped = new("shaped", "Made-up packages with the names and sizes of those in a lock file")
{
    output,
    baseUrl,
    cache,
    lockFile,
    environment,
    scale,
};
shaped.SetAction(parsed =>
{
    ShapeOptions shape = new(parsed.GetValue(lockFile)!.FullName)
    {
        Environment = parsed.GetValue(environment)!,
        Scale = parsed.GetValue(scale),
    };
    return Make(parsed, options => ShapedChannel.Make(shape, options));
});

Option<string> suite = new("--suite")
{
    Description = "The Debian release that HTCondor comes from",
    DefaultValueFactory = _ => "trixie",
};
Option<string[]> programs = new("--program") { Description = "A program for the pool's /opt/bin" };
Command pool = new("pool", "An HTCondor pool, until standard input ends") { suite, programs, cache };
pool.SetAction(parsed =>
{
    PoolOptions options = new()
    {
        Suite = parsed.GetValue(suite)!,
        Programs = parsed.GetValue(programs)!.ToDictionary(path => Path.GetFileName(path)),
        CacheDirectory = parsed.GetValue(cache)!,
    };
    using var condor = CondorPool.Start(options);
    Console.WriteLine($"the home directory is {condor.Home}; a shell in the pool:");
    Console.WriteLine(string.Join(' ', condor.Enter));
    while (Console.ReadLine() is not null) { }
});

RootCommand root = new("Makes conda channels of real software out of Debian packages, and HTCondor pools.")
{
    small,
    large,
    shaped,
    pool,
};
return root.Parse(args).Invoke();

int Make(ParseResult parsed, Func<ChannelOptions, Channel> make)
{
    ChannelOptions options = new()
    {
        Directory = parsed.GetValue(output)!,
        BaseUrl = parsed.GetValue(baseUrl),
        CacheDirectory = parsed.GetValue(cache)!,
        Refresh = parsed.GetValue(refresh),
        Report = step => Console.Error.WriteLine(step),
    };
    try
    {
        long start = Stopwatch.GetTimestamp();
        Channel channel = make(options);
        TimeSpan elapsed = Stopwatch.GetElapsedTime(start);
        foreach (BuiltPackage package in channel.Packages)
        {
            Console.WriteLine($"{package.Content.Length, 12:N0}  {package.RelativePath}");
        }
        Console.WriteLine($"{channel.PackedSize, 12:N0}  bytes in {channel.Packages.Count} packages");
        Console.WriteLine($"lock file   {channel.LockFile}");
        Console.WriteLine($"relative    {channel.RelativeLockFile}");
        Console.Error.WriteLine($"{elapsed.TotalSeconds:F1} s");
        return 0;
    }
    catch (MissingToolException failure)
    {
        Console.Error.WriteLine($"error: {failure.Message}\nhint: {failure.Hint}");
        return 1;
    }
    catch (Exception failure) when (failure is IOException or InvalidDataException or UnauthorizedAccessException)
    {
        Console.Error.WriteLine($"error: {failure.Message}");
        return 1;
    }
}
