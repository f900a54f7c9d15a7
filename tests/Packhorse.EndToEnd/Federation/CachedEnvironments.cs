using System.Security.Cryptography;
using System.Text.Json;
using Packhorse.TestChannel;

namespace Packhorse.EndToEnd.Federation;

/// <summary>What a cache knew of a file when it was replaced at its origin.</summary>
public enum Cached
{
    Nothing,

    /// <summary>All of it: it goes on to serve that.</summary>
    All,

    /// <summary>Header, program and the first blocks of the image: it serves these, and the new file's behind them.</summary>
    Begin,

    /// <summary>Blocks of the image: neither what is executed nor the footer.</summary>
    Middle,
}

/// <summary>
/// An environment that carries itself, replaced under its name at a real origin when a real cache has read the older one, all of it or
/// a part.
/// </summary>
public sealed class CachedEnvironments : IDisposable
{
    /// <summary>Of what a cache has kept of the middle: the first byte and the last.</summary>
    public const long MiddleBegin = 8 << 20;

    /// <inheritdoc cref="MiddleBegin"/>
    public const long MiddleEnd = (16 << 20) - 1;

    private readonly System.Threading.Lock _placing = new();
    private readonly HashSet<Cached> _placed = [];
    private readonly DirectoryInfo _scratch = Directory.CreateTempSubdirectory("packhorse-federation-");
    private readonly StorageServers? _servers;
    private readonly Director? _director;
    private readonly string? _reason;
    private readonly byte[] _old = [];

    public CachedEnvironments(Environments environments)
    {
        try
        {
            _servers = StorageServers.Start();
        }
        catch (MissingToolException missing)
        {
            _reason = $"{missing.Message} ({missing.Hint})";
            return;
        }
        _director = new Director(_servers);
        New = Make(environments, "environment.sh");
        _old = Make(environments, "old.sh", "--prefix", "/media/p/0123456789ab");
        Sha256 = Convert.ToHexStringLower(SHA256.HashData(New));
        string json = Published.Run("inspect", "--json", this["environment.sh"]).Succeeded().Output;
        Root = JsonDocument.Parse(json).RootElement.GetProperty("root").GetString()!;
    }

    /// <summary>The file as it is at the origin now.</summary>
    public byte[] New { get; } = [];

    public string Sha256 { get; } = "";

    public string Root { get; } = "";

    /// <summary>The name that it was published under: 16 digits, for eight of which none may be a letter.</summary>
    public string Name => $"environment-{Sha256[..16]}.sh";

    public string this[string name] => Path.Combine(_scratch.FullName, name);

    /// <summary>Skips the running test where no servers can run.</summary>
    internal StorageServers Require()
    {
        Assert.SkipWhen(_servers is null, $"no XRootD: {_reason}");
        return _servers!;
    }

    /// <summary>A path of the federation whose file was replaced behind a cache that had read some of it.</summary>
    public string Place(Cached kind)
    {
        StorageServers servers = Require();
        string path = $"{kind}/{Name}";
        lock (_placing)
        {
            if (_placed.Add(kind))
            {
                Directory.CreateDirectory(Path.Combine(servers.Objects, $"{kind}"));
                string stored = Path.Combine(servers.Objects, path);
                // Of another length XCache would serve a mixture that is too short: this one nobody can tell by that.
                byte[] old = _old;
                Array.Resize(ref old, New.Length);
                File.WriteAllBytes(stored, kind == Cached.All ? _old : old);
                string? range = kind switch
                {
                    Cached.All => "0-",
                    Cached.Begin => "0-8388607",
                    Cached.Middle => $"{MiddleBegin}-{MiddleEnd}",
                    _ => null,
                };
                if (range is not null)
                {
                    Curl("-o", "/dev/null", "-r", range, CacheUrl(path)).Succeeded();
                }
                // In place: what the cache has open is this file, too.
                File.WriteAllBytes(stored, New);
            }
        }
        return path;
    }

    /// <summary>What a transfer that compares nothing brings of it, in a directory of its own.</summary>
    public string Deliver(Cached kind)
    {
        string path = Place(kind);
        string directory = Directory.CreateTempSubdirectory("packhorse-job-").FullName;
        string moved = this[Path.GetFileName(directory)];
        Directory.Move(directory, moved);
        Curl("-o", Path.Combine(moved, "environment.sh"), CacheUrl(path)).Succeeded();
        return moved;
    }

    /// <summary>Runs the published command where the federation is.</summary>
    public Outcome Packhorse(string directory, params string[] arguments) =>
        Require().Run(directory, [Published.Packhorse, .. arguments, "--federation", Director.Url]);

    public void Dispose()
    {
        _director?.Dispose();
        _servers?.Dispose();
        _scratch.Delete(recursive: true);
    }

    private Outcome Curl(params string[] arguments) =>
        Require().Run(_scratch.FullName, ["curl", "--silent", "--show-error", "--fail", .. arguments]);

    private static string CacheUrl(string path) => $"http://127.0.0.1:{StorageServers.CachePort}/chtc/{path}";

    private byte[] Make(Environments environments, string name, params string[] options)
    {
        string[] kind = ["--image", "--create-executable"];
        Published.Run(["pack", environments.Channel.LockFile, "-q", .. kind, "-o", this[name], .. options]).Succeeded();
        return File.ReadAllBytes(this[name]);
    }
}
