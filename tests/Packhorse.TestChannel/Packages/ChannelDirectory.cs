using System.Text.Json;
using Packhorse.Model;

namespace Packhorse.TestChannel;

/// <summary>
/// A conda channel in a directory: <c>SUBDIR/FILE</c> for each package, <c>repodata.json</c> in each subdir, a lock file and a
/// manifest over all of it.
/// </summary>
public sealed class ChannelDirectory
{
    private readonly List<BuiltPackage> _packages = [];
    private readonly System.Threading.Lock _adding = new();

    /// <param name="root">Made when it is not there. What packages it has are not looked at; <see cref="Open"/> does.</param>
    public ChannelDirectory(string root)
    {
        Root = Path.GetFullPath(root);
        Directory.CreateDirectory(Root);
    }

    public string Root { get; }

    /// <summary>In the order in which they were added.</summary>
    public IReadOnlyList<BuiltPackage> Packages => _packages;

    /// <summary><c>file://</c>.</summary>
    public string Url => new Uri(Root + "/").AbsoluteUri;

    /// <summary>A channel that is there already, for example of real packages: each archive's index.json is read.</summary>
    /// <exception cref="InvalidDataException">An archive has no index.json.</exception>
    public static ChannelDirectory Open(string root)
    {
        ChannelDirectory channel = new(root);
        foreach (string subdir in Directory.EnumerateDirectories(channel.Root).Order(StringComparer.Ordinal))
        {
            IEnumerable<string> archives = Directory
                .EnumerateFiles(subdir)
                .Where(path => PackageFileName.TryGetKind(Path.GetFileName(path), out _));
            foreach (string archive in archives.Order(StringComparer.Ordinal))
            {
                channel._packages.Add(PackageReading.Describe(archive));
            }
        }
        return channel;
    }

    /// <summary>A channel with repodata.json in each subdir, which is believed: no archive is read.</summary>
    /// <exception cref="FileNotFoundException">There is a subdir without repodata.json.</exception>
    public static ChannelDirectory OpenIndexed(string root)
    {
        ChannelDirectory channel = new(root);
        foreach (string subdir in Directory.EnumerateDirectories(channel.Root).Order(StringComparer.Ordinal))
        {
            string path = Path.Combine(subdir, "repodata.json");
            using JsonDocument repodata = JsonDocument.Parse(File.ReadAllBytes(path));
            IEnumerable<JsonProperty> packages = new[] { "packages", "packages.conda" }
                .SelectMany(section => repodata.RootElement.GetProperty(section).EnumerateObject())
                .OrderBy(package => package.Name, StringComparer.Ordinal);
            foreach (JsonProperty package in packages)
            {
                PackageFileName.TryGetKind(package.Name, out PackageArchiveKind kind);
                FileContent content = FileContent.FromFile(Path.Combine(subdir, package.Name));
                channel._packages.Add(new BuiltPackage(PackageRecordJson.Read(package.Value, path), kind, content));
            }
        }
        return channel;
    }

    /// <summary>Copies the packages and repodata.json to another directory, and leaves alone what else is there.</summary>
    /// <param name="link">Make symbolic links to the packages instead.</param>
    public ChannelDirectory CopyTo(string root, bool link = false)
    {
        ChannelDirectory copy = new(root);
        foreach (BuiltPackage package in _packages)
        {
            string path = copy.PathOf(package);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.Delete(path);
            if (link)
            {
                File.CreateSymbolicLink(path, PathOf(package));
            }
            else
            {
                File.Copy(PathOf(package), path);
            }
            copy._packages.Add(package with { Content = FileContent.FromFile(path) });
        }
        copy.WriteRepodata();
        return copy;
    }

    /// <summary>Writes the archive to its place.</summary>
    public BuiltPackage Add(BuiltPackage package)
    {
        string path = PathOf(package);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        using (FileStream file = new(path, FileMode.Create, FileAccess.Write, FileShare.None))
        {
            package.Content.CopyTo(file);
        }
        return Register(package);
    }

    /// <summary>Packs it to its place. Several may be packed at once.</summary>
    public BuiltPackage Add(PackageBuilder builder, PackageArchiveKind kind = PackageArchiveKind.Conda) =>
        Register(builder.PackInto(Root, kind));

    public string PathOf(BuiltPackage package) => Path.Combine(Root, package.Record.Subdir, package.FileName);

    /// <summary>A lock of one environment with all packages.</summary>
    /// <param name="baseUrl">As of <see cref="LockBuilder"/>; <see cref="Url"/> when it is null.</param>
    public LockBuilder Lock(string? baseUrl = null, string environment = "default", string platform = "linux-64") =>
        new LockBuilder(baseUrl ?? Url).In(environment, platform).Add(_packages);

    /// <summary>Writes <c>pixi.lock</c> and <c>pixi.toml</c> over all packages, and returns the path of the lock.</summary>
    /// <param name="directory">Where both are written; made when it is not there.</param>
    public string WriteLock(
        string directory,
        string? baseUrl = null,
        string platform = "linux-64",
        string environment = "default"
    )
    {
        Directory.CreateDirectory(directory);
        string path = Path.Combine(directory, "pixi.lock");
        File.WriteAllText(path, Lock(baseUrl, environment, platform).ToYaml());
        // A relative path is one of the lock file's own; manifests name channels.
        string channel = baseUrl?.Contains("://", StringComparison.Ordinal) == true ? baseUrl : Url;
        bool isDefault = environment == "default";
        IEnumerable<string> names = _packages.Select(package => package.Record.Name).Order(StringComparer.Ordinal);
        string manifest =
            $"[workspace]\nname = \"test\"\nchannels = [\"{channel}\"]\nplatforms = [\"{platform}\"]\n\n"
            + (isDefault ? "" : $"[environments]\n{environment} = [\"{environment}\"]\n\n")
            + (isDefault ? "[dependencies]\n" : $"[feature.{environment}.dependencies]\n")
            + string.Concat(names.Distinct().Select(name => $"\"{name}\" = \"*\"\n"));
        File.WriteAllText(Path.Combine(directory, "pixi.toml"), manifest);
        return path;
    }

    /// <summary>Writes <c>repodata.json</c> (CEP 36) in each subdir that has packages, and in <c>noarch</c>.</summary>
    public void WriteRepodata()
    {
        IEnumerable<string> subdirs = _packages.Select(package => package.Record.Subdir).Append("noarch").Distinct();
        foreach (string subdir in subdirs)
        {
            Directory.CreateDirectory(Path.Combine(Root, subdir));
            using FileStream file = File.Create(Path.Combine(Root, subdir, "repodata.json"));
            using Utf8JsonWriter json = new(file, new JsonWriterOptions { Indented = true });
            WriteRepodata(json, subdir);
        }
    }

    private BuiltPackage Register(BuiltPackage package)
    {
        lock (_adding)
        {
            _packages.Add(package);
        }
        return package;
    }

    private void WriteRepodata(Utf8JsonWriter json, string subdir)
    {
        json.WriteStartObject();
        json.WriteStartObject("info");
        json.WriteString("subdir", subdir);
        json.WriteEndObject();
        Section("packages", PackageArchiveKind.TarBz2);
        Section("packages.conda", PackageArchiveKind.Conda);
        json.WriteNumber("repodata_version", 1);
        json.WriteEndObject();

        void Section(string name, PackageArchiveKind kind)
        {
            json.WriteStartObject(name);
            IEnumerable<BuiltPackage> packages = _packages
                .Where(package => package.Kind == kind && package.Record.Subdir == subdir)
                .OrderBy(package => package.FileName, StringComparer.Ordinal);
            foreach (BuiltPackage package in packages)
            {
                json.WriteStartObject(package.FileName);
                PackageRecordJson.WriteMembers(json, package.Record);
                json.WriteEndObject();
            }
            json.WriteEndObject();
        }
    }
}
