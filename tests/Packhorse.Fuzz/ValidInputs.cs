using Packhorse.Codecs;
using Packhorse.Fetch;
using Packhorse.Image;
using Packhorse.Install;
using Packhorse.Lock;
using Packhorse.Model;
using Packhorse.Packing;
using Packhorse.TestChannel;

namespace Packhorse.Fuzz;

/// <summary>What parsers must accept, made by what makes it: the beginning of every corpus.</summary>
internal sealed class ValidInputs : IDisposable
{
    private static readonly ArchiveQuirks[] Kinds =
    [
        new(),
        new() { OmitPathsJson = true, TarFormat = TarFormat.Gnu },
        new()
        {
            InfoBeforePkg = true,
            Zip = new ZipMemberOptions { Deflate = true, DataDescriptor = true },
        },
        new()
        {
            Zip = new ZipMemberOptions { Zip64 = true },
            Zstd = new ZstdOptions { Checksum = true, FrameSize = 1000 },
        },
    ];

    private static readonly UsedRange[] Used = [new("bin/tool", 0, 40), new("share/tool/data", 0, 1)];

    private readonly string _directory = Directory.CreateTempSubdirectory("packhorse-fuzz-").FullName;
    private readonly byte[] _lock;
    private readonly byte[] _pack;
    private readonly byte[] _delta;
    private readonly byte[] _executable;
    private readonly byte[] _image;

    public ValidInputs()
    {
        var channel = new ChannelDirectory(Path.Combine(_directory, "channel"));
        foreach (PackageBuilder package in (PackageBuilder[])[Small.Tool(), Small.Python(), Small.Module()])
        {
            channel.Add(package);
        }
        _lock = File.ReadAllBytes(channel.WriteLock(Path.Combine(_directory, "project")));
        _pack = Pack(runtime: null);
        string from = Path.Combine(_directory, "base.tar");
        File.WriteAllBytes(from, _pack);
        _delta = Pack(
            runtime: null,
            DeltaBase.Read(from, Platform.Linux64, SilentReporter.Instance, CancellationToken.None)
        );
        _executable = Pack(RuntimeImage.Parse(FakeRuntime.Make(), "runtime"));
        _image = MakeImage();
    }

    public IReadOnlyList<byte[]> Of(FuzzTarget target)
    {
        PackTar tar = PackTar.Read(_pack);
        byte[] Info(PackageBuilder package, string name) => PackTar.Read(TarOf(package))[name];
        return target.Name switch
        {
            "conda" or "zip" => [.. Kinds.Select(quirks => Small.Tool().Quirks(quirks).ToConda())],
            "zip-stream" => [Small.Tool().ToConda(), Small.Tool().Quirks(Kinds[2]).ToConda()],
            "conda-meta.json" => [RecordOf(Small.Tool())],
            "delta" => [_delta],
            "digests.json" => [DigestsOfOne()],
            "hot-set" => [new HotSet([new ImagePart(0, 4096)], [.. Used]).Write()],
            "image" => [_image],
            "image-manifest.json" => [PartOfImage(footer => footer.Manifest)],
            "index.json" => [Info(Small.Tool(), "info/index.json"), Info(Small.Module(), "info/index.json")],
            "link.json" => [Info(Small.Module(), "info/link.json")],
            "marker.json" => [new EnvironmentMarker("/prefix", "linux-64", "3.12").Write()],
            "pack-tar" => [_pack],
            "paths.json" => [Info(Small.Tool(), "info/paths.json")],
            "pixi-pack.json" =>
            [
                tar["pixi-pack.json"],
                tar.WithoutDigests()["pixi-pack.json"],
                PackTar.Read(_delta)["pixi-pack.json"],
            ],
            "pixi.lock" => [_lock],
            "record.json" => [UsageRecord.Write(Used)],
            "relocations" => [PartOfImage(footer => footer.Relocations)],
            "repodata.json" => [tar["channel/linux-64/repodata.json"], tar["channel/noarch/repodata.json"]],
            "self-extracting" => [_executable, UpstreamFile()],
            "signature" => SignatureInputs.Signatures(),
            "signers" => SignatureInputs.Signers(),
            "squashfs" => [PartOfImage(footer => footer.FileSystem)],
            "tar" => [TarOf(Small.Tool()), _pack],
            "tar-bz2" => [Small.Tool().ToTarBz2(), Small.Tool().Quirks(Kinds[1]).ToTarBz2()],
            "wheel" or "wheel-commands" or "wheel-metadata" or "wheel-record" => WheelTargets.ValidOf(target.Name),
            _ => throw new ArgumentOutOfRangeException(nameof(target)),
        };
    }

    /// <summary>What is refused, and once was a reason to look closer.</summary>
    public static IEnumerable<byte[]> Remarkable(FuzzTarget target) =>
        target.Name switch
        {
            "conda" or "zip" => [Bombs.LargeWindow()],
            "pack-tar" or "tar" => [TarHeader.ForFile("pixi-pack.json", 1L << 60), new byte[1024]],
            "repodata.json" => (byte[][])
                [
                    [.. """{"packages": {"\ud800-1-0.conda": {}}}"""u8],
                ],
            _ => [],
        };

    /// <summary>A package as one tar.</summary>
    public static byte[] TarOf(PackageBuilder package)
    {
        using var compressed = new MemoryStream(package.ToTarBz2());
        using var decoder = new Bzip2Stream(compressed, "package");
        using var tar = new MemoryStream();
        decoder.CopyTo(tar);
        return tar.ToArray();
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    private byte[] Pack(RuntimeImage? runtime, DeltaBase? since = null)
    {
        LockedSelection selection = LockFile.Parse(_lock, "pixi.lock").Select("default", "linux-64");
        var request = new PackRequest
        {
            Plan = PackPlan.Create(selection, _directory),
            Output = _directory,
            Runtime = runtime,
            Since = since,
        };
        using var output = new MemoryStream();
        With(fetcher =>
            PackStreamWriter.WriteAsync(request, output, (fetcher, SilentReporter.Instance), CancellationToken.None)
        );
        return output.ToArray();
    }

    private byte[] MakeImage()
    {
        var request = new ImageRequest
        {
            Plan = PackPlan.Create(LockFile.Parse(_lock, "pixi.lock").Select("default", "linux-64"), _directory),
            Output = Path.Combine(_directory, "image.sqfs"),
            ByteCode = ByteCodeMode.Off,
            Record = Used,
        };
        With(fetcher => ImageFileWriter.WriteAsync(request, fetcher, SilentReporter.Instance, CancellationToken.None));
        return File.ReadAllBytes(request.Output);
    }

    private byte[] PartOfImage(Func<ImageFooter, ImagePart> part)
    {
        ImageFooter footer = ImageFooter.Parse(_image.AsSpan(^ImageFooter.Bytes..), _image.Length, "image");
        return _image.AsSpan((int)part(footer).Offset, (int)part(footer).Length).ToArray();
    }

    private static void With(Func<Fetcher, Task> action)
    {
        var options = new FetchOptions { Randomness = () => 0, UserAgent = "packhorse-fuzz" };
        var fetcher = new Fetcher(options, MirrorMap.Empty, SilentReporter.Instance);
        action(fetcher).GetAwaiter().GetResult();
        fetcher.DisposeAsync().AsTask().GetAwaiter().GetResult();
    }

    private byte[] UpstreamFile() =>
        [
            .. "#!/bin/sh\nexit 0\n@@END_HEADER@@\n"u8,
            .. System.Text.Encoding.ASCII.GetBytes(Convert.ToBase64String(_pack)),
            .. "\n@@END_ARCHIVE@@\nAAAA\n"u8,
        ];

    private static byte[] DigestsOfOne()
    {
        var digests = new InstalledDigests { SitePackages = "lib/python3.12/site-packages" };
        digests.Add("tool-1.0-h0_0", new PackageDigests(Sha256.Hash("package"u8), Sha256.Hash("record"u8)));
        return digests.Write();
    }

    private static byte[] RecordOf(PackageBuilder builder)
    {
        byte[] conda = builder.ToConda();
        byte[] record = [];
        FuzzTargets.Install(conda, PackageArchiveKind.Conda, linked => record = CondaMeta.WriteRecord(linked));
        return record;
    }
}
