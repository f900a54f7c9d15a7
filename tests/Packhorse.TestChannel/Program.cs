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

RootCommand root = new("Makes conda channels of real software out of Debian packages.") { small };
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
}
