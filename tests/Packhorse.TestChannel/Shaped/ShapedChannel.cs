using System.Globalization;

namespace Packhorse.TestChannel;

/// <summary>The environment in a lock file that a channel is to resemble.</summary>
/// <param name="LockFile">A pixi.lock of version 6 or 7.</param>
public sealed record ShapeOptions(string LockFile)
{
    public string Environment { get; init; } = "default";

    public string Platform { get; init; } = "linux-64";

    /// <summary>Of the sizes in the lock file: 0.1 for packages of a tenth.</summary>
    public double Scale { get; init; } = 1;
}

/// <summary>
/// A channel with packages of the names, versions, dependencies and compressed sizes that a lock file has, and with made-up contents
/// (<see cref="ShapedPackage"/>): the size of a real environment without its packages. Needs nothing of the machine.
/// </summary>
public static class ShapedChannel
{
    /// <summary>To be raised with every change that makes other bytes from the same lock file.</summary>
    private const int Recipe = 1;

    // What a lock file of an index without sizes gets.
    private const long UnknownSize = 100_000;

    /// <summary>Makes the channel, or finds the one that was made before.</summary>
    /// <exception cref="InvalidDataException">The lock file has no such environment or platform.</exception>
    public static Channel Make(ShapeOptions shape, ChannelOptions options)
    {
        List<LockedPackage> packages = LockedPackage.Read(shape.LockFile, shape.Environment, shape.Platform);
        ChannelCache cache = new(options.CacheDirectory);
        string scale = shape.Scale.ToString(CultureInfo.InvariantCulture);
        string[] inputs = [scale, .. packages.Select(package => $"{package.Record} {package.Record.Size}")];
        string path = cache.GetOrMake(
            $"shaped-{Recipe}-{shape.Environment}",
            inputs,
            directory => Build(directory, packages, shape.Scale, options.Report)
        );
        return ChannelCache.Present(path, options, shape.Environment, shape.Platform);
    }

    private static void Build(string directory, List<LockedPackage> packages, double scale, Action<string> report)
    {
        CompressionRatios ratios = new(new ZstdOptions { Level = 3 });
        ChannelDirectory channel = new(directory);
        ParallelOptions options = new() { MaxDegreeOfParallelism = Environment.ProcessorCount };
        Parallel.ForEach(
            packages.OrderByDescending(package => package.Record.Size),
            options,
            package =>
            {
                long size = (long)((package.Record.Size ?? UnknownSize) * scale);
                BuiltPackage built = channel.Add(new ShapedPackage(package, size, ratios).Build(), package.Kind);
                report($"{built.Content.Length, 14:N0} of {size, 14:N0}  {built.RelativePath}");
            }
        );
        channel.WriteRepodata();
    }
}
