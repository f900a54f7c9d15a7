using Packhorse.TestChannel;

[assembly: AssemblyFixture(typeof(Packhorse.EndToEnd.Condor.Pool))]

namespace Packhorse.EndToEnd.Condor;

/// <summary>One HTCondor pool for all tests that want one, started when the first of them does.</summary>
public sealed class Pool : IDisposable
{
    /// <summary>What a job writes to come to the node that has little disk and takes nobody else.</summary>
    public const string WantTightNode = "+WantTightNode = true\nrequirements = regexp(\"@tight@\", TARGET.Name)";

    private static readonly PoolNode Tight = new("tight")
    {
        DiskMegabytes = 60,
        Settings = new Dictionary<string, string> { ["START"] = "TARGET.WantTightNode =?= true" },
    };

    private readonly System.Threading.Lock _starting = new();
    private CondorPool? _pool;
    private string? _reason;

    /// <summary>Skips the running test where no pool can run.</summary>
    public CondorPool Require()
    {
        lock (_starting)
        {
            if (_pool is null && _reason is null)
            {
                Start();
            }
        }
        Assert.SkipWhen(_pool is null, $"no HTCondor pool: {_reason}");
        return _pool!;
    }

    /// <summary>A directory of the test's own, relative to the user's home directory in the pool.</summary>
    public string MakeDirectory(string name)
    {
        Require().Run(name, ["true"]);
        return name;
    }

    public void Dispose() => _pool?.Dispose();

    private void Start()
    {
        try
        {
            _pool = CondorPool.Start(
                new PoolOptions
                {
                    Programs = new Dictionary<string, string> { ["packhorse"] = Published.Packhorse },
                    Nodes =
                    [
                        new PoolNode("newgpu").WithGpu("9.0", "12.8"),
                        new PoolNode("oldgpu").WithGpu("6.1", "12.8"),
                        new PoolNode("olddriver").WithGpu("9.0", "11.4"),
                        Tight,
                    ],
                }
            );
        }
        catch (MissingToolException missing)
        {
            _reason = $"{missing.Message} ({missing.Hint})";
        }
    }
}
