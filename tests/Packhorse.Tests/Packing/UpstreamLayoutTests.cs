using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Packhorse.Model;
using Packhorse.TestChannel;
using Packhorse.Tests.Support;

namespace Packhorse.Tests.Packing;

/// <summary><c>--layout upstream</c> against the bytes that pixi-pack would write, put together here in another way.</summary>
public sealed class UpstreamLayoutTests : IDisposable
{
    private readonly ScratchDirectory _scratch = new();

    [Fact]
    public void A_pack_of_made_packages_has_upstreams_bytes()
    {
        ChannelDirectory channel = SamplePackages.Channel(_scratch["channel"]);
        // "a+b" sorts before "a-b" as a file name and after "a" as a name.
        channel.Add(new PackageBuilder("a", "1.0", "0"));
        channel.Add(new PackageBuilder("a+b", "1.0", "0"));
        channel.Add(new PackageBuilder(new string('n', 110), "2", "py_7").NoArchGeneric());
        Compare(channel);
    }

    [Fact]
    public void A_pack_of_real_packages_has_upstreams_bytes() =>
        Compare(
            RealChannel.Make(
                _scratch["channel"],
                "conda-forge/linux-64/bzip2-1.0.8-hd590300_5.conda",
                "conda-forge/linux-64/_libgcc_mutex-0.1-conda_forge.tar.bz2",
                "conda-forge/linux-64/libzlib-1.3.1-h4ab18f5_1.conda",
                "conda-forge/noarch/idna-3.3-pyhd8ed1ab_0.tar.bz2",
                "conda-forge/noarch/fonts-conda-ecosystem-1-0.tar.bz2"
            )
        );

    [Fact]
    public void A_directory_pack_has_the_same_files_as_the_tar()
    {
        ChannelDirectory channel = SamplePackages.Channel(_scratch["channel"]);
        channel.WriteLock(_scratch["project"]);
        string directory = _scratch["pack"];
        CommandRun
            .Of("pack", "-q", "--layout", "upstream", "--directory-only", "-o", directory, _scratch["project"])
            .Successful();
        Dictionary<string, byte[]> files = Files(channel);
        Assert.Equal(files.Keys.Order(StringComparer.Ordinal), TreeListing.Files(directory));
        Assert.All(files, file => Assert.Equal(file.Value, File.ReadAllBytes(Path.Combine(directory, file.Key))));
    }

    public void Dispose() => _scratch.Dispose();

    private void Compare(ChannelDirectory channel)
    {
        channel.WriteLock(_scratch["project"]);
        string pack = _scratch["environment.tar"];
        CommandRun.Of("pack", "-q", "--layout", "upstream", "-o", pack, _scratch["project"]).Successful();
        byte[] expected = Tar(Files(channel));
        byte[] actual = File.ReadAllBytes(pack);
        int differing = expected.AsSpan().CommonPrefixLength(actual);
        Assert.True(
            expected.Length == actual.Length && differing == expected.Length,
            $"{actual.Length} bytes, {expected.Length} expected; first difference at {differing}"
        );
        byte[] streamed = CommandRun
            .Of("pack", "-q", "--layout", "upstream", "-o", "-", _scratch["project"])
            .Successful()
            .Output;
        Assert.Equal(expected, streamed);
    }

    // Depth first, the names in each directory sorted by bytes, a directory before what is in it.
    private static byte[] Tar(Dictionary<string, byte[]> files)
    {
        using var tar = new MemoryStream();
        Walk("");
        tar.Write(TarRs.End);
        return tar.ToArray();

        void Walk(string directory)
        {
            IEnumerable<string> names = files
                .Keys.Where(path => path.StartsWith(directory, StringComparison.Ordinal))
                .Select(path => path[directory.Length..].Split('/')[0])
                .Distinct()
                .Order(StringComparer.Ordinal);
            foreach (string path in names.Select(name => directory + name))
            {
                if (files.TryGetValue(path, out byte[]? content))
                {
                    tar.Write(TarRs.File(path, content));
                }
                else
                {
                    tar.Write(TarRs.Directory(path));
                    Walk(path + "/");
                }
            }
        }
    }

    private static Dictionary<string, byte[]> Files(ChannelDirectory channel)
    {
        Dictionary<string, byte[]> files = channel.Packages.ToDictionary(
            package => $"channel/{package.RelativePath}",
            package => package.ToArray()
        );
        foreach (IGrouping<string, BuiltPackage> subdir in channel.Packages.GroupBy(package => package.Record.Subdir))
        {
            files.Add($"channel/{subdir.Key}/repodata.json", Serde(Repodata(subdir.Key, subdir)));
        }
        // The order of the lock file: by the bytes of the URL.
        IEnumerable<string> dependencies = channel
            .Packages.OrderBy(package => package.RelativePath, StringComparer.Ordinal)
            .Select(package => package.Record)
            .Select(record => $"  - {record.Name}={record.Version}={record.Build}\n");
        string head = "channels:\n  - ./channel\n  - nodefaults\ndependencies:\n";
        files.Add("environment.yml", Encoding.UTF8.GetBytes(head + string.Concat(dependencies)));
        const string Manifest =
            "{\n  \"version\": \"1\",\n  \"pixi-pack-version\": \"0.7.10\",\n  \"platform\": \"linux-64\"\n}";
        files.Add("pixi-pack.json", Encoding.UTF8.GetBytes(Manifest));
        return files;
    }

    private static JsonObject Repodata(string subdir, IEnumerable<BuiltPackage> packages)
    {
        var entries = new JsonObject();
        foreach (
            BuiltPackage package in packages
                .OrderBy(package => package.Record.Name, StringComparer.Ordinal)
                .ThenBy(package => package.Record.Version, StringComparer.Ordinal)
                .ThenBy(package => package.Record.Build, StringComparer.Ordinal)
                .ThenBy(package => package.Kind)
        )
        {
            entries.Add(package.FileName, Record(package.Record));
        }
        return new JsonObject
        {
            ["info"] = new JsonObject { ["subdir"] = subdir },
            ["packages"] = new JsonObject(),
            ["packages.conda"] = entries,
            ["repodata_version"] = 2,
        };
    }

    // What a lock file keeps of a record, and what follows from the URL.
    private static JsonObject Record(PackageRecord record)
    {
        bool noArch = record.Subdir == "noarch";
        var members = new SortedDictionary<string, JsonNode?>(StringComparer.Ordinal)
        {
            ["arch"] = noArch ? null : "x86_64",
            ["build"] = record.Build,
            ["build_number"] = record.BuildNumber,
            ["constrains"] = record.Constrains.Count == 0 ? null : List(record.Constrains),
            ["depends"] = List(record.Depends),
            ["license"] = record.License,
            ["license_family"] = record.LicenseFamily,
            ["md5"] = record.Md5?.ToString(),
            ["name"] = record.Name,
            ["noarch"] = noArch ? record.NoArch.ToString().ToLowerInvariant() : null,
            ["platform"] = noArch ? null : "linux",
            ["sha256"] = record.Sha256?.ToString(),
            ["size"] = record.Size,
            ["subdir"] = record.Subdir,
            ["timestamp"] = record.Timestamp,
            ["track_features"] = record.TrackFeatures.Count == 0 ? null : string.Join(' ', record.TrackFeatures),
            ["version"] = record.Version,
        };
        return new JsonObject(members.Where(member => member.Value is not null));
    }

    private static JsonArray List(IEnumerable<string> values) => [.. values.Select(value => (JsonNode)value)];

    // As serde_json's pretty printer.
    private static byte[] Serde(JsonObject json) =>
        Encoding.UTF8.GetBytes(
            json.ToJsonString(
                new JsonSerializerOptions
                {
                    WriteIndented = true,
                    NewLine = "\n",
                    Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
                }
            )
        );
}
