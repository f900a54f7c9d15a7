using System.Security.Cryptography;
using Packhorse.Model;

namespace Packhorse.TestChannel;

/// <summary>Downloaded .deb files, kept under a name that has their digest. Safe for several processes at once.</summary>
/// <param name="directory">Made when it is not there.</param>
internal sealed class DebStore(string directory)
{
    public string PathOf(DebianPackage package)
    {
        string hex = package.Sha256.ToString();
        return Path.Combine(directory, $"{package.Name}_{package.Architecture}_{hex[..16]}.deb");
    }

    /// <summary>Downloads those that are not there yet, as any user, and compares them with apt's digests.</summary>
    /// <exception cref="MissingToolException">apt could not download one.</exception>
    public void Fetch(IEnumerable<DebianPackage> packages, Action<string> report)
    {
        Directory.CreateDirectory(directory);
        DebianPackage[] missing = [.. packages.Where(package => !File.Exists(PathOf(package)))];
        foreach (DebianPackage[] chunk in missing.Chunk(100))
        {
            report($"downloading {chunk.Length} Debian packages");
            string temporary = Path.Combine(directory, "." + Path.GetRandomFileName());
            Directory.CreateDirectory(temporary);
            try
            {
                Download(chunk, temporary);
            }
            finally
            {
                Directory.Delete(temporary, recursive: true);
            }
        }
    }

    private void Download(DebianPackage[] packages, string temporary)
    {
        // apt-get download writes to the working directory, hence the shell. It has no sandbox user for a directory of ours.
        IEnumerable<string> names = packages.Select(package => $"{package.Name}={package.Version}");
        const string Script = "cd \"$0\" && exec apt-get -q -o APT::Sandbox::User=root download \"$@\"";
        Tool.Run("sh", ["-c", Script, temporary, .. names]);
        Dictionary<Digest, string> files = [];
        foreach (string file in Directory.EnumerateFiles(temporary, "*.deb"))
        {
            using FileStream stream = File.OpenRead(file);
            files[new Digest(SHA256.HashData(stream))] = file;
        }
        foreach (DebianPackage package in packages)
        {
            if (!files.TryGetValue(package.Sha256, out string? file))
            {
                throw new MissingToolException(
                    $"what apt downloaded for {package.Name} {package.Version} has not the digest in its list",
                    "run 'apt-get update' as root and try again"
                );
            }
            File.Move(file, PathOf(package), overwrite: true);
        }
    }
}
