using Packhorse.Codecs;
using Packhorse.Model;
using Packhorse.Pack;

namespace Packhorse.Tests.BadInput;

/// <summary>Every byte of every header of a pack changed: refused, or without any consequence.</summary>
public sealed class FlipTests : IDisposable
{
    // One bit; with PACKHORSE_FULL=1 the highest too, and a change that keeps many letters letters.
    private static readonly byte[] Masks =
        System.Environment.GetEnvironmentVariable("PACKHORSE_FULL") == "1" ? [0x01, 0x80, 0x20] : [0x01];

    private readonly Sandbox _sandbox = new(inMemory: true);
    private readonly ITestOutputHelper _log;

    public FlipTests(ITestOutputHelper log) => _log = log;

    public void Dispose() => _sandbox.Dispose();

    [Theory]
    [InlineData("packhorse", false)]
    [InlineData("upstream", true)]
    public void Tar_headers(string layout, bool fromPipe)
    {
        byte[] pack = _sandbox.Pack(layout, Small.Tool());
        var positions = new List<int>();
        var tar = new TarReader(new MemoryStream(pack), "pack");
        while (tar.MoveNext())
        {
            positions.AddRange(Enumerable.Range((int)tar.Position - TarReader.BlockBytes, TarReader.BlockBytes));
        }
        // The end marker too.
        positions.AddRange(Enumerable.Range(pack.Length - TarHeader.EndBytes, TarHeader.EndBytes));
        Flip(pack, positions, fromPipe, "tar headers");
    }

    [Fact]
    public void The_header_of_a_self_extracting_file_and_its_end()
    {
        byte[] file = _sandbox.SelfExtracting(Small.Tool());
        IEnumerable<int> header = Enumerable.Range(0, SelfExtractingHeader.Bytes);
        IEnumerable<int> end = Enumerable.Range(
            file.Length - SelfExtractingHeader.EndMark.Length,
            SelfExtractingHeader.EndMark.Length
        );
        Counts counts = Flip(file, header.Concat(end), fromPipe: false, "self-extracting header");
        // The header has a digest of its own: nothing in it can be changed unnoticed.
        Assert.DoesNotContain(0, counts.ExitCodes.Keys);
    }

    [Theory]
    [InlineData("pixi-pack.json", false)]
    [InlineData("pixi-pack.json", true)]
    [InlineData("channel/linux-64/repodata.json", false)]
    [InlineData("channel/linux-64/repodata.json", true)]
    [InlineData("environment.yml", false)]
    public void Documents(string name, bool fromPipe)
    {
        byte[] pack = _sandbox.Pack(Small.Tool());
        (int start, int length) = Find(pack, name);
        Flip(pack, Enumerable.Range(start, length), fromPipe, name);
    }

    [Theory]
    [InlineData(PackageArchiveKind.Conda, false)]
    [InlineData(PackageArchiveKind.Conda, true)]
    [InlineData(PackageArchiveKind.TarBz2, false)]
    public void Packages_with_a_digest_are_refused_as_damaged_whatever_was_changed(
        PackageArchiveKind kind,
        bool fromPipe
    )
    {
        byte[] pack = Pack(kind);
        (int start, int length) = Find(pack, "tool-1.0-h0_0");
        Counts counts = Flip(pack, Enumerable.Range(start, length), fromPipe, $"{kind} with a digest", Masks[..1]);
        Assert.Equal([4], counts.ExitCodes.Keys);
        Assert.Equal(length, counts.Errors["PH0401"]);
    }

    [Theory]
    [InlineData(PackageArchiveKind.Conda, false)]
    [InlineData(PackageArchiveKind.Conda, true)]
    [InlineData(PackageArchiveKind.TarBz2, false)]
    public void Packages_without_a_digest_have_their_headers_checked(PackageArchiveKind kind, bool fromPipe)
    {
        byte[] pack = PackTar.Read(Pack(kind)).WithoutDigests().ToArray();
        (int start, int length) = Find(pack, "tool-1.0-h0_0");
        byte[] package = pack[start..(start + length)];
        IEnumerable<int> headers =
            kind == PackageArchiveKind.TarBz2 ? Enumerable.Range(0, 14) : CondaHeaders.Find(package);
        Flip(pack, headers.Select(at => start + at), fromPipe, $"{kind} headers");
    }

    private byte[] Pack(PackageArchiveKind kind)
    {
        _sandbox.Channel.Add(Small.Tool(), kind);
        return _sandbox.Pack();
    }

    private Counts Flip(byte[] pack, IEnumerable<int> positions, bool fromPipe, string what, byte[]? masks = null)
    {
        _sandbox.Unpacks(pack, fromPipe);
        string right = Tree.DescribeEnvironment(_sandbox.Environment);
        Directory.Delete(_sandbox.Environment, recursive: true);
        File.Delete(_sandbox["activate.sh"]);
        string before = Tree.Describe(_sandbox.Work);
        string path = _sandbox.Outside("flipped.tar");
        var counts = new Counts();
        foreach (int position in positions)
        {
            foreach (byte mask in masks ?? Masks)
            {
                byte[] flipped = [.. pack];
                flipped[position] ^= mask;
                CliResult result = Unpack(flipped, path, fromPipe);
                string tried = $"{what}, byte {position} ^ {mask:x2}: {result.ExitCode}, {result.Error}";
                Assert.DoesNotContain("PH0100", result.Error, StringComparison.Ordinal);
                Assert.True(result.ExitCode is 0 or 2 or 4 or 7, tried);
                counts.Add(result);
                if (result.ExitCode == 0)
                {
                    string made = Tree.DescribeEnvironment(_sandbox.Environment);
                    Assert.True(right == made, $"{tried}\n{right}\n---\n{made}");
                    Directory.Delete(_sandbox.Environment, recursive: true);
                    File.Delete(_sandbox["activate.sh"]);
                }
            }
        }
        Assert.Equal(before, Tree.Describe(_sandbox.Work));
        _log.WriteLine($"{what}, pipe {fromPipe}: {counts}");
        return counts;
    }

    private CliResult Unpack(byte[] pack, string path, bool fromPipe)
    {
        string[] common = ["-o", _sandbox.Work, "--workers=1"];
        if (fromPipe)
        {
            return Cli.Run(pack, ["unpack", "-", .. common]);
        }
        File.WriteAllBytes(path, pack);
        return Cli.Run(["unpack", path, .. common]);
    }

    private static (int Start, int Length) Find(byte[] pack, string name)
    {
        var tar = new TarReader(new MemoryStream(pack), "pack");
        while (tar.MoveNext())
        {
            if (tar.Current.Name.Contains(name))
            {
                return ((int)tar.Position, (int)tar.Current.Size);
            }
        }
        throw new InvalidOperationException($"no {name}");
    }
}
