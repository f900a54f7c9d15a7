using System.Text;
using Packhorse.Codecs;
using Packhorse.Conda;
using Packhorse.Install;
using Packhorse.Lock;
using Packhorse.Model;
using Packhorse.Pack;
using Packhorse.Packing;
using Packhorse.Signing;

namespace Packhorse.Fuzz;

/// <summary>Every parser of bytes from outside as a function of these bytes alone. Nothing is written.</summary>
internal static class FuzzTargets
{
    private const string Where = "input";

    /// <summary>All targets, sorted by name.</summary>
    public static IReadOnlyList<FuzzTarget> All { get; } =
    [
        new("conda", Conda),
        new("conda-meta.json", CondaMetaJson),
        new("delta", Delta) { Repair = Repairs.TarChecksums },
        new("digests.json", DigestsJson),
        new("image", ImageTargets.Image) { Repair = Repairs.ImageDigests },
        new("image-manifest.json", ImageTargets.ManifestJson),
        new("index.json", IndexJson),
        new("link.json", LinkJson),
        new("marker.json", MarkerJson),
        new("pack-tar", PackTarFile) { Repair = Repairs.TarChecksums },
        new("paths.json", PathsJson),
        new("pixi-pack.json", Manifest),
        new("pixi.lock", LockYaml),
        new("record.json", ImageTargets.RecordJson),
        new("hot-set", ImageTargets.HotSetBytes),
        new("relocations", ImageTargets.Relocations),
        new("repodata.json", RepodataJson),
        new("self-extracting", SelfExtracting) { Repair = Repairs.HeaderDigest },
        new("signature", Signature),
        new("signers", Signers),
        new("squashfs", ImageTargets.Squashfs),
        new("tar", Tar) { Repair = Repairs.TarChecksums },
        new("tar-bz2", TarBz2),
        new("wheel", WheelTargets.Wheel),
        new("wheel-commands", WheelTargets.Commands),
        new("wheel-metadata", WheelTargets.Metadata),
        new("wheel-record", WheelTargets.Record),
        new("zip", Zip),
        new("zip-stream", ZipStream),
    ];

    public static FuzzTarget Find(string name) => All.First(target => target.Name == name);

    // Everything that a tar may hold, links and devices too.
    public static void Tar(ReadOnlyMemory<byte> input)
    {
        var tar = new TarReader(new MemoryStream(input.ToArray()), Where);
        while (tar.MoveNext())
        {
            tar.OpenContent().CopyTo(Stream.Null);
        }
    }

    // As packages are read from a file.
    public static void Zip(ReadOnlyMemory<byte> input)
    {
        ZipDirectory zip = ZipDirectory.Read(new MemorySource(input), Where);
        foreach (ZipMember member in zip.Members)
        {
            using Stream content = zip.Open(member);
            content.CopyTo(Stream.Null);
        }
    }

    // As packages are read from a pipe.
    public static void ZipStream(ReadOnlyMemory<byte> input)
    {
        using var zip = new ZipStreamReader(new MemoryStream(input.ToArray()), Where);
        while (zip.MoveNext())
        {
            using Stream content = zip.OpenContent();
            content.CopyTo(Stream.Null);
        }
    }

    // Header, runtime and payload of ours; the payload of pixi-pack's.
    public static void SelfExtracting(ReadOnlyMemory<byte> input)
    {
        var file = new MemorySource(input);
        if (SelfExtractingHeader.IsOne(input.Span))
        {
            SelfExtractingHeader header = SelfExtractingHeader.Read(file, Where);
            header.CheckRuntime(file, Where);
            PackTarFile(input.Slice((int)header.PayloadOffset, (int)header.PayloadBytes));
        }
        else if (UpstreamExecutable.Find(file, Where) is { } payload)
        {
            var tar = new byte[payload.Length];
            payload.ReadExactly(tar, 0, Where);
            PackTarFile(tar);
        }
        else
        {
            throw new CorruptDataException(ErrorCodes.BadPack, "no self-extracting file");
        }
    }

    // As publishing and unpacking look at it.
    public static void Delta(ReadOnlyMemory<byte> input)
    {
        _ = PackDelta.TryRead(new MemorySource(input), Where);
        PackTarFile(input);
    }

    // Without armor too, so that changes come past base64.
    public static void Signature(ReadOnlyMemory<byte> input)
    {
        bool isArmored = input.Span.StartsWith("-----"u8);
        string text =
            $"-----BEGIN SSH SIGNATURE-----\n{Convert.ToBase64String(input.Span)}\n-----END SSH SIGNATURE-----\n";
        var signature = SshSignature.Parse(isArmored ? input.Span : Encoding.ASCII.GetBytes(text), Where);
        _ = signature.Verifies(new byte[64], Where);
    }

    public static void Signers(ReadOnlyMemory<byte> input) =>
        _ = AllowedSigners.Parse(input.Span, TimeZoneInfo.Utc, Where);

    public static void CondaMetaJson(ReadOnlyMemory<byte> input) => InstalledRecord.Read(input.Span, Where, _ => { });

    public static void MarkerJson(ReadOnlyMemory<byte> input) => EnvironmentMarker.Parse(input);

    public static void DigestsJson(ReadOnlyMemory<byte> input) => InstalledDigests.Parse(input)?.Write();

    public static void PackTarFile(ReadOnlyMemory<byte> input)
    {
        var tar = new TarReader(new MemoryStream(input.ToArray()), Where);
        while (tar.MoveNext())
        {
            _ = EntryPath.Normalize(tar.Current.Name, Where);
            switch (tar.Current.Name)
            {
                case PackManifest.Path or PackDelta.WholeManifest:
                    Manifest(tar.ReadAllBytes(Limits.JsonBytes));
                    break;
                case { } name when name.EndsWith(PackLayout.RepodataName, StringComparison.Ordinal):
                    RepodataJson(tar.ReadAllBytes(Limits.JsonBytes));
                    break;
                default:
                    tar.OpenContent().CopyTo(Stream.Null);
                    break;
            }
        }
    }

    public static void Conda(ReadOnlyMemory<byte> input) => Install(input, PackageArchiveKind.Conda);

    public static void TarBz2(ReadOnlyMemory<byte> input) => Install(input, PackageArchiveKind.TarBz2);

    public static void Manifest(ReadOnlyMemory<byte> input)
    {
        PackManifest manifest = PackManifest.Parse(input, Where);
        _ = new PackLists(manifest.Members, Where);
        manifest.CheckPlatform(Platform.Linux64);
    }

    public static void RepodataJson(ReadOnlyMemory<byte> input)
    {
        IReadOnlyDictionary<string, PackageRecord> packages = Repodata.Parse(input, "linux-64", Where);
        _ = TopologicalOrder.Sort([.. packages.Values.DistinctBy(record => record.Name)]);
        foreach (PackageRecord record in packages.Values)
        {
            _ = SerdeJson.Write(json =>
            {
                json.WriteStartObject();
                PackageRecordJson.WriteMembers(json, record);
                json.WriteEndObject();
            });
        }
    }

    public static void IndexJson(ReadOnlyMemory<byte> input) => Info(("info/index.json", input), PathsOfNothing);

    public static void PathsJson(ReadOnlyMemory<byte> input) =>
        Info(("info/index.json", IndexOf("null")), ("info/paths.json", input));

    public static void LinkJson(ReadOnlyMemory<byte> input) =>
        Info(("info/index.json", IndexOf("\"python\"")), PathsOfNothing, ("info/link.json", input));

    public static void LockYaml(ReadOnlyMemory<byte> input)
    {
        LockFile file = LockFile.Parse(input, Where);
        foreach (LockedEnvironment environment in file.Environments)
        {
            foreach (PlatformPackages platform in environment.Platforms)
            {
                LockedSelection selection = file.Select(environment.Name, platform.Platform.Name);
                PackPlan plan = PackPlan.Create(selection, "/project");
                _ = PackLayoutPlan.Create(
                    new PackRequest { Plan = plan, Output = "/output" },
                    [
                        .. plan.Members.Select(member => new ExpectedContent(
                            member.Expected.Size ?? 1,
                            default(Digest),
                            null
                        )),
                    ]
                );
            }
        }
    }

    private static (string, ReadOnlyMemory<byte>) PathsOfNothing =>
        ("info/paths.json", "{\"paths\": [], \"paths_version\": 1}"u8.ToArray());

    private static ReadOnlyMemory<byte> IndexOf(string noarch) =>
        Encoding.UTF8.GetBytes(
            $"{{\"name\": \"x\", \"version\": \"1\", \"build\": \"0\", \"noarch\": {noarch}, \"subdir\": \"noarch\"}}"
        );

    private static void Info(params (string Name, ReadOnlyMemory<byte> Content)[] files)
    {
        var builder = new PackageInfoBuilder(Where);
        foreach ((string name, ReadOnlyMemory<byte> content) in files)
        {
            using var stream = new MemoryStream([.. TarHeader.ForFile(name, content.Length), .. content.Span]);
            var tar = new TarReader(stream, Where);
            tar.MoveNext();
            builder.Add(name, tar);
        }
        _ = Plan(builder.Build());
    }

    private static InstallPlan Plan(PackageInfo info)
    {
        PackageToInstall package = new()
        {
            Record = info.Index,
            Info = info,
            FileName = Where,
            Url = "",
        };
        PackageRecord python = info.Index with
        {
            Name = "python",
            Version = "3.12.1",
            NoArch = NoArchKind.None,
            PythonSitePackagesPath = null,
        };
        PackageInfo none = new() { Index = python, Paths = [] };
        PackageToInstall[] packages =
            info.Index.Name == "python" ? [package] : [package, package with { Record = python, Info = none }];
        return InstallPlan.Create(packages, new InstallTarget("/prefix", Platform.Linux64));
    }

    // As unpacking from a file does it, into nothing.
    internal static void Install(
        ReadOnlyMemory<byte> input,
        PackageArchiveKind kind,
        Action<LinkedPackage>? linkedTo = null
    )
    {
        PackageInfo info = PackageInfoReader.Read(new MemorySource(input), kind, Where);
        InstallPlan plan = Plan(info);
        PlannedPackage planned = plan.Packages[0];
        var sink = new NullSink();
        sink.CreateDirectories(plan.Directories);
        using Stream content = new MemorySource(input).AsStream();
        using var reader = new CondaPackageReader(content, kind, Where);
        using var linker = new PackageLinker(planned, plan.Target, sink);
        LinkedPackage linked = linker.Link(reader, CancellationToken.None);
        _ = CondaMeta.WriteRecord(linked);
        linkedTo?.Invoke(linked);
    }

    internal sealed class NullSink : IInstallSink
    {
        public void CreateDirectories(IReadOnlyList<string> paths) { }

        public IInstallFile CreateFile(InstallFile file) => new NullFile();

        public void CreateSymbolicLink(string path, string target, long modified) { }

        public void CreateHardLink(string existing, string path) { }

        private sealed class NullFile : IInstallFile
        {
            public void Write(ReadOnlySpan<byte> bytes) { }

            public void Complete() { }

            public void Dispose() { }
        }
    }
}
