using Packhorse.EndToEnd.Federation;
using Packhorse.TestChannel;

namespace Packhorse.EndToEnd.Condor;

/// <summary>A pool whose jobs get osdf:// URLs from a real cache before a real origin, where /staging of its user is stored.</summary>
public sealed class FederatedPool : IDisposable
{
    private readonly StorageServers? _servers;
    private readonly Director? _director;
    private readonly CondorPool? _pool;
    private readonly string? _reason;

    public FederatedPool()
    {
        try
        {
            _servers = StorageServers.Start();
            _director = new Director(_servers);
            _pool = CondorPool.Start(
                new PoolOptions
                {
                    Programs = new Dictionary<string, string> { ["packhorse"] = Published.Packhorse },
                    Federation = new PoolFederation(Director.Url, _servers.Objects, _servers.Process),
                }
            );
        }
        catch (MissingToolException missing)
        {
            _reason = $"{missing.Message} ({missing.Hint})";
            Dispose();
        }
    }

    /// <summary>Skips the running test where neither can run.</summary>
    public CondorPool Require()
    {
        Assert.SkipWhen(_pool is null, $"no HTCondor pool in a federation: {_reason}");
        return _pool!;
    }

    /// <summary>True when the cache has read some of an object.</summary>
    public bool HasCached(string name) =>
        Directory.EnumerateFiles(_servers!.CacheStore, $"{name}*", SearchOption.AllDirectories).Any();

    /// <summary>Has the cache read a part of what is stored now.</summary>
    /// <param name="path">Below /chtc.</param>
    /// <param name="range">Bytes, as HTTP says it.</param>
    public void Cache(string path, string range) =>
        _servers!
            .Run(
                "/",
                [
                    .. (string[])["curl", "--silent", "--show-error", "--fail", "-o", "/dev/null", "-r", range],
                    $"http://127.0.0.1:{StorageServers.CachePort}/chtc{path}",
                ]
            )
            .Succeeded();

    public void Dispose()
    {
        _pool?.Dispose();
        _director?.Dispose();
        _servers?.Dispose();
    }
}
