namespace Packhorse.TestChannel;

/// <summary>How a pool is started.</summary>
public sealed record PoolOptions
{
    /// <summary>The Debian release that HTCondor comes from: trixie has 23.9, sid 25.</summary>
    public string Suite { get; init; } = "trixie";

    /// <summary>Further Debian packages of the release that the pool has; each choice of them is a root of its own.</summary>
    public IReadOnlyList<string> Packages { get; init; } = [];

    /// <summary>Lines for HTCondor's configuration.</summary>
    public string Configuration { get; init; } = "";

    /// <summary>Nodes beside the one that every pool has.</summary>
    public IReadOnlyList<PoolNode> Nodes { get; init; } = [];

    /// <summary>Programs that are in the pool's /opt/bin; by name and path.</summary>
    public IReadOnlyDictionary<string, string> Programs { get; init; } = new Dictionary<string, string>();

    /// <summary>Where osdf:// URLs are brought from; null: a directory.</summary>
    public PoolFederation? Federation { get; init; }

    /// <summary>Where the root is kept.</summary>
    public string CacheDirectory { get; init; } = ChannelOptions.DefaultCacheDirectory;
}

/// <summary>A federation whose caches the pool's plugin asks, as Pelican's would.</summary>
/// <param name="Director">The URL that knows who has an object.</param>
/// <param name="Objects">The directory of its origin that is <c>/chtc</c>.</param>
/// <param name="Process">A process in the network of the federation, in which the pool is then, too.</param>
public sealed record PoolFederation(string Director, string Objects, int Process);

/// <summary>A node of a pool, which believes to be a machine: what it says of itself, it can be told.</summary>
/// <param name="Name">A word of small letters.</param>
public sealed record PoolNode(string Name)
{
    /// <summary>Settings, by names.</summary>
    public IReadOnlyDictionary<string, string> Settings { get; init; } = new Dictionary<string, string>();

    /// <summary>MB of the disk for sandboxes, which is then one of its own; null: the machine's.</summary>
    public int? DiskMegabytes { get; init; }

    /// <summary>
    /// The node with a GPU that is advertised and is not there; the programs of jobs find none.
    /// </summary>
    /// <param name="capability">As in "9.0".</param>
    /// <param name="runtime">The newest CUDA that the driver supports, as in "12.8".</param>
    public PoolNode WithGpu(string capability, string runtime) =>
        this with
        {
            Settings = new Dictionary<string, string>(Settings) { ["TEST_GPU"] = $"{Name} {capability} {runtime}" },
        };

    // A daemon of its own, as an administrator would run several on one machine.
    internal string Configuration
    {
        get
        {
            string daemon = $"STARTD_{Name.ToUpperInvariant()}";
            string log = $"/var/log/condor/{Name}.";
            var settings = new Dictionary<string, string>(Settings)
            {
                ["STARTD_NAME"] = Name,
                ["EXECUTE"] = ExecuteDirectory,
                ["STARTD_LOG"] = $"{log}StartLog",
                ["STARTER_LOG"] = $"{log}StarterLog",
                ["STARTD_ADDRESS_FILE"] = $"{log}startd_address",
                ["STARTD_CLAIM_ID_FILE"] = $"{log}startd_claim_id",
            };
            string lines = string.Concat(settings.Select(pair => $"{Name}.{pair.Key} = {pair.Value}\n"));
            return $"{daemon} = $(STARTD)\n{daemon}_ARGS = -f -local-name {Name}\nDAEMON_LIST = $(DAEMON_LIST) {daemon}\nDC_DAEMON_LIST = +{daemon}\n{lines}";
        }
    }

    internal string ExecuteDirectory => $"/var/lib/condor/execute-{Name}";
}
