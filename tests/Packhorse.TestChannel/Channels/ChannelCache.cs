using System.Security.Cryptography;
using System.Text;

namespace Packhorse.TestChannel;

/// <summary>
/// Finished channels, each in a directory that is named by what it was made from. A channel is made under a temporary name and then
/// renamed: who finds the directory finds all of it, and of two makers at once one wins.
/// </summary>
internal sealed class ChannelCache(string directory)
{
    // Beyond it the packages are linked to, not copied: a copy would cost more than the protection of the cache is worth.
    private const long CopyLimit = 300 << 20;

    private readonly string _channels = Path.Combine(directory, "channels");

    public DebStore Debs { get; } = new(Path.Combine(directory, "debs"));

    /// <param name="recipe">
    /// <c>small-1-linux-64</c>. The channel that was last made for it is taken without a look at what apt has now, which would cost
    /// seconds: a newer security update makes no better test.
    /// </param>
    /// <param name="inputs">Everything that the channel's bytes depend on; its digest is in the name.</param>
    /// <param name="make">Fills the directory.</param>
    /// <returns>The finished directory.</returns>
    public string GetLatestOrMake(string recipe, Func<IEnumerable<string>> inputs, Action<string> make)
    {
        string latest = LatestFile(recipe);
        if (
            File.Exists(latest)
            && Path.Combine(_channels, File.ReadAllText(latest)) is var found
            && Directory.Exists(found)
        )
        {
            return found;
        }
        string path = GetOrMake(recipe, inputs(), make);
        string temporary = $"{path}.{Path.GetRandomFileName()}.latest";
        File.WriteAllText(temporary, Path.GetFileName(path));
        File.Move(temporary, latest, overwrite: true);
        return path;
    }

    /// <summary>The channel that was made from just these inputs.</summary>
    public string GetOrMake(string recipe, IEnumerable<string> inputs, Action<string> make)
    {
        byte[] digest = SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', inputs)));
        string path = Path.Combine(_channels, $"{recipe}-{Convert.ToHexStringLower(digest)[..16]}");
        if (!Directory.Exists(path))
        {
            RemoveAbandoned();
            Make(path, make);
        }
        return path;
    }

    /// <summary>Lets the next <see cref="GetLatestOrMake"/> look at its inputs again.</summary>
    public void Forget(string recipe) => File.Delete(LatestFile(recipe));

    // The name of the channel's directory.
    private string LatestFile(string recipe) => Path.Combine(_channels, recipe + ".latest");

    /// <summary>Copies a finished channel, or links to it, and writes the lock files over the copy.</summary>
    public static Channel Present(
        string path,
        ChannelOptions options,
        string environment = "default",
        string? platform = null
    )
    {
        platform ??= Machine.Subdir;
        ChannelDirectory made = ChannelDirectory.OpenIndexed(path);
        bool link = made.Packages.Sum(package => package.Content.Length) > CopyLimit;
        ChannelDirectory copy = made.CopyTo(options.Directory, link);
        string lockFile = copy.WriteLock(copy.Root, options.BaseUrl, platform, environment);
        string relative = copy.WriteLock(Path.Combine(copy.Root, "relative"), "..", platform, environment);
        return new Channel(copy, lockFile, relative);
    }

    private static void Make(string path, Action<string> make)
    {
        string temporary = $"{path}.{Path.GetRandomFileName()}.tmp";
        Directory.CreateDirectory(temporary);
        try
        {
            make(temporary);
            Directory.Move(temporary, path);
        }
        catch (IOException) when (Directory.Exists(path))
        {
            // Another process was faster, with the same bytes.
            Directory.Delete(temporary, recursive: true);
        }
        catch
        {
            Directory.Delete(temporary, recursive: true);
            throw;
        }
    }

    // What makers that were killed have left; none takes a day.
    private void RemoveAbandoned()
    {
        foreach (DirectoryInfo left in Directory.CreateDirectory(_channels).EnumerateDirectories("*.tmp"))
        {
            if (left.LastWriteTimeUtc < DateTime.UtcNow.AddDays(-1))
            {
                left.Delete(recursive: true);
            }
        }
    }
}
