using System.Security.Cryptography;
using Packhorse.Model;
using Packhorse.TestChannel;
using Packhorse.Tests.Support;
using Packhorse.Wheels;

namespace Packhorse.Tests.Wheels;

/// <summary>Wheels that contradict themselves, or would harm.</summary>
public sealed class HostileWheelTests : IDisposable
{
    private readonly WheelSite _site = new();

    public static TheoryData<string, string> Refused { get; } =
        new()
        {
            { "dot-dot", ErrorCodes.UnsafePath },
            { "absolute", ErrorCodes.UnsafePath },
            { "dot-dot in data", ErrorCodes.UnsafePath },
            { "into conda-meta", ErrorCodes.UnsafePath },
            { "twice", ErrorCodes.BadPackage },
            { "below a file", ErrorCodes.BadPackage },
            { "two dist-infos", ErrorCodes.BadPackage },
            { "no dist-info", ErrorCodes.BadPackage },
            { "dist-info of another", ErrorCodes.BadPackage },
            { "dist-info of another version", ErrorCodes.BadPackage },
            { "METADATA of another", ErrorCodes.BadPackage },
            { "METADATA without version", ErrorCodes.BadPackage },
            { "METADATA that is none", ErrorCodes.BadPackage },
            { "no RECORD", ErrorCodes.BadPackage },
            { "RECORD with a wrong digest", ErrorCodes.DigestMismatch },
            { "RECORD with a wrong SHA-384", ErrorCodes.DigestMismatch },
            { "RECORD with a wrong SHA-512 of a script", ErrorCodes.DigestMismatch },
            { "RECORD with a wrong size", ErrorCodes.BadPackage },
            { "RECORD with MD5", ErrorCodes.BadPackage },
            { "RECORD that is none", ErrorCodes.BadPackage },
            { "unknown data", ErrorCodes.BadPackage },
            { "encrypted", ErrorCodes.Malformed },
            { "a command that leaves bin", ErrorCodes.BadPackage },
            { "a command that is Python", ErrorCodes.BadPackage },
            { "a command twice", ErrorCodes.BadPackage },
            { "a command that is code", ErrorCodes.BadPackage },
            { "not a zip", ErrorCodes.Malformed },
            { "bomb", ErrorCodes.LimitExceeded },
        };

    [Theory]
    [MemberData(nameof(Refused))]
    public void It_is_refused_from_files_pipes_and_for_images_and_nothing_is_left(string kind, string code)
    {
        Directory.CreateDirectory(_site["files"]);
        string file = _site["files/demo-1.0-py3-none-any.whl"];
        File.WriteAllBytes(file, Make(kind));
        _site.Add(file);
        string pack = _site.Pack("environment.tar");
        AssertRefused(_site.Unpack(pack));
        using (FileStream pipe = File.OpenRead(pack))
        {
            AssertRefused(_site.Unpack("-", pipe));
        }
        AssertRefused(_site.TryPack("environment.sqfs", "--pyc", "off"));
        Assert.False(File.Exists(_site["environment.sqfs"]));

        void AssertRefused(CommandRun run)
        {
            Assert.Contains($"[{code}]", run.Failed(4).Error, StringComparison.Ordinal);
            Assert.Contains("demo-1.0-py3-none-any.whl", run.Error, StringComparison.Ordinal);
            Assert.False(Path.Exists(_site.OutputDirectory), "something is left");
        }
    }

    [Fact]
    public void A_newer_format_of_wheels_is_refused()
    {
        byte[] bytes = new WheelBuilder("demo").AddFile("demo.py", "").FormatVersion("2.0").ToBytes();
        IncompatibleException error = Assert.Throws<IncompatibleException>(() => Read(bytes));
        Assert.Equal(ErrorCodes.NewerFormat, error.Code);
        Assert.Equal("demo", Read(new WheelBuilder("demo").FormatVersion("1.9").ToBytes()).FileName.Name);
    }

    [Fact]
    public void What_RECORD_does_not_list_is_installed_and_listed_with_a_warning()
    {
        _site.Add(
            new WheelBuilder("demo")
                .AddFile("demo.py", "x = 1\n")
                .EditRecord(text => "gone.py,,\n" + text[(text.IndexOf('\n', StringComparison.Ordinal) + 1)..])
        );
        CommandRun run = _site.Unpack(_site.Pack("environment.tar")).Successful();
        Assert.Contains("its RECORD does not list 'demo.py'", run.Error, StringComparison.Ordinal);
        Assert.Contains("its RECORD lists 'gone.py', which is not there", run.Error, StringComparison.Ordinal);
        string record = File.ReadAllText($"{_site.SitePackages}/demo-1.0.dist-info/RECORD");
        Assert.Contains("demo.py,sha256=", record, StringComparison.Ordinal);
        Assert.DoesNotContain("gone.py", record, StringComparison.Ordinal);
    }

    [Fact]
    public void What_RECORD_lists_by_longer_digests_is_installed_and_listed_by_SHA_256()
    {
        byte[] module = "x = 1\n"u8.ToArray();
        byte[] script = "#!python\nprint(1)\n"u8.ToArray();
        _site.Add(
            new WheelBuilder("demo")
                .AddFile("demo.py", "x = 1\n")
                .AddScript("demo", "#!python\nprint(1)\n")
                .EditRecord(text => Long(text, "demo.py", SHA512.HashData(module)))
                .EditRecord(text => Long(text, "demo-1.0.data/scripts/demo", SHA384.HashData(script)))
        );
        Assert.DoesNotContain("RECORD", _site.Unpack(_site.Pack("environment.tar")).Successful().Error);
        string record = File.ReadAllText($"{_site.SitePackages}/demo-1.0.dist-info/RECORD");
        Assert.Contains(WheelBuilder.Line("demo.py", module), record, StringComparison.Ordinal);
    }

    [Fact]
    public void A_changed_wheel_in_a_pack_is_found()
    {
        _site.Add(new WheelBuilder("demo").AddFile("demo.py", "x = 1\n", Modes.Regular));
        string pack = _site.Pack("environment.tar");
        byte[] bytes = File.ReadAllBytes(pack);
        int at = bytes.AsSpan().LastIndexOf("demo-1.0.dist-info/RECORD"u8);
        bytes[at] ^= 1;
        File.WriteAllBytes(pack, bytes);
        Assert.Contains($"[{ErrorCodes.DigestMismatch}]", _site.Unpack(pack).Failed(4).Error, StringComparison.Ordinal);
        Assert.Contains("[PH0401]", CommandRun.Of("verify", pack).Failed(4).Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_wheel_that_the_manifest_does_not_list_is_refused()
    {
        _site.Add(new WheelBuilder("demo").AddFile("demo.py", ""));
        string pack = _site.Pack("directory", "--directory-only");
        new WheelBuilder("stranger").AddFile("stranger.py", "").WriteTo($"{pack}/pypi");
        Assert.Contains("stranger-1.0-py3-none-any.whl", _site.Unpack(pack).Failed(4).Error, StringComparison.Ordinal);
    }

    public void Dispose() => _site.Dispose();

    private static WheelInfo Read(byte[] bytes) =>
        WheelReader.Read(new MemorySource(bytes), "demo-1.0-py3-none-any.whl", "demo-1.0-py3-none-any.whl");

    private static byte[] Make(string kind)
    {
        WheelBuilder wheel = new WheelBuilder("demo").AddFile("demo.py", "x = 1\n");
        ZipMemberOptions stored = new();
        return
            (
                kind switch
                {
                    "dot-dot" => wheel.AddFile("../evil.py", ""),
                    "absolute" => wheel.AddFile("/evil.py", ""),
                    "dot-dot in data" => wheel.AddFile("demo-1.0.data/data/../../evil", ""),
                    "into conda-meta" => wheel.AddFile("demo-1.0.data/data/conda-meta/evil-1-0.json", "{}"),
                    "twice" => wheel.AddFile("demo.py", "x = 2\n"),
                    "below a file" => wheel.AddFile("demo.py/inner.py", ""),
                    "two dist-infos" => wheel.AddFile("other-1.0.dist-info/METADATA", ""),
                    "no dist-info" => wheel.DistInfo("demo-1.0"),
                    "dist-info of another" => wheel.DistInfo("other-1.0.dist-info"),
                    "dist-info of another version" => wheel.DistInfo("demo-2.0.dist-info"),
                    "METADATA of another" => wheel.Metadata("Name: other\nVersion: 1.0\n"),
                    "METADATA without version" => wheel.Metadata("Name: demo\n"),
                    "METADATA that is none" => wheel.Metadata("nothing that has a colon\n"),
                    "no RECORD" => wheel.OmitRecord(),
                    "RECORD with a wrong digest" => wheel.EditRecord(text =>
                        WheelBuilder.Line("demo.py", "y = 1\n"u8.ToArray())
                        + text[(text.IndexOf('\n', StringComparison.Ordinal) + 1)..]
                    ),
                    "RECORD with a wrong size" => wheel.EditRecord(text =>
                        text.Replace(",6\n", ",7\n", StringComparison.Ordinal)
                    ),
                    "RECORD with a wrong SHA-384" => wheel.EditRecord(text =>
                        Long(text, "demo.py", SHA384.HashData("y"u8))
                    ),
                    "RECORD with a wrong SHA-512 of a script" => wheel
                        .AddScript("demo", "#!python\n")
                        .EditRecord(text => Long(text, "demo-1.0.data/scripts/demo", SHA512.HashData("y"u8))),
                    "RECORD with MD5" => wheel.EditRecord(text =>
                        text.Replace("sha256=", "md5=", StringComparison.Ordinal)
                    ),
                    "RECORD that is none" => wheel.EditRecord(_ => "\"not closed"),
                    "unknown data" => wheel.AddFile("demo-1.0.data/elsewhere/x", ""),
                    "encrypted" => wheel.AddFile("secret.py", [], stored with { SaysEncrypted = true }),
                    "a command that leaves bin" => wheel.AddCommand("../evil = demo:main"),
                    "a command that is Python" => wheel.AddCommand("python3 = demo:main"),
                    "a command twice" => wheel.AddCommand("a = demo:main").AddCommand("a = demo:other"),
                    "a command that is code" => wheel.AddCommand("a = demo:main();evil"),
                    "bomb" => wheel.AddFile("zeros", new byte[64 << 20], stored with { Deflate = true }),
                    _ => wheel,
                }
            ).ToBytes()
                is var bytes
            && kind == "not a zip"
            ? "PK, but no more than that"u8.ToArray()
            : bytes;
    }

    // A line of RECORD with another digest.
    private static string Long(string record, string path, byte[] digest) =>
        string.Join(
            '\n',
            record
                .Split('\n')
                .Select(line =>
                    line.StartsWith($"{path},", StringComparison.Ordinal)
                        ? $"{path},sha{8 * digest.Length}={Convert.ToHexStringLower(digest)},"
                        : line
                )
        );
}
