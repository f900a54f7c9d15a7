using System.IO.Compression;
using Packhorse.Codecs;
using Packhorse.Model;
using Packhorse.TestChannel;
using Packhorse.Tests.Support;

namespace Packhorse.Tests.Codecs;

/// <summary>The two ways into a zip, by its directory and from its beginning, against each other and the base class library.</summary>
public sealed class ZipTests
{
    [Fact]
    public void Both_readers_agree_on_every_real_package()
    {
        string[] packages =
        [
            .. new[] { "conda-forge", "rebuilt", "rattler", "conda", "cph", "pixi-pack-examples" }
                .SelectMany(folder =>
                    Directory.EnumerateFiles(Fixtures.Require(folder), "*.conda", SearchOption.AllDirectories)
                )
                // Python alone is as large as all others together.
                .Where(path => new FileInfo(path).Length is > 0 and < 1_000_000),
        ];
        Assert.True(packages.Length > 80, $"only {packages.Length} packages");
        foreach (string path in packages)
        {
            byte[] archive = File.ReadAllBytes(path);
            Dictionary<string, Digest> expected = ByLibrary(archive);
            Assert.NotEmpty(expected);
            Assert.Equal(expected, ByDirectory(archive));
            Assert.Equal(expected, FromBeginning(archive));
        }
    }

    [Theory]
    [InlineData(false, false, false)]
    [InlineData(true, false, false)]
    [InlineData(false, true, false)]
    [InlineData(true, true, false)]
    [InlineData(false, false, true)]
    [InlineData(true, false, true)]
    [InlineData(false, true, true)]
    [InlineData(true, true, true)]
    public void Both_readers_agree_on_every_form_of_member(bool deflate, bool descriptor, bool zip64)
    {
        var options = new ZipMemberOptions
        {
            Deflate = deflate,
            DataDescriptor = descriptor,
            Zip64 = zip64,
        };
        using var output = new MemoryStream();
        var writer = new ZipWriter(output);
        byte[] noise = new byte[200_000];
        new Random(3).NextBytes(noise);
        // What looks like a data descriptor is none.
        byte[] descriptors =
        [
            .. Enumerable.Repeat<byte[]>([0x50, 0x4b, 0x07, 0x08, 1, 2, 3, 4], 5000).SelectMany(x => x),
        ];
        writer.Add("noise", noise, options);
        writer.Add("some/where/descriptors", descriptors, options);
        writer.Add("one", "1", options);
        writer.Add("é", "name", options);
        writer.Finish();
        byte[] archive = output.ToArray();
        Dictionary<string, Digest> expected = ByLibrary(archive);
        Assert.Equal(4, expected.Count);
        Assert.Equal(Sha256.Hash(descriptors), expected["some/where/descriptors"]);
        Assert.Equal(expected, ByDirectory(archive));
        Assert.Equal(expected, FromBeginning(archive));
        Assert.Equal(expected, FromBeginning(archive, 1, 3, 1000));
    }

    [Fact]
    public void A_comment_after_the_directory_does_no_harm()
    {
        using var output = new MemoryStream();
        using (var zip = new ZipArchive(output, ZipArchiveMode.Create, leaveOpen: true))
        {
            zip.Comment = new string('c', 60_000);
            using Stream member = zip.CreateEntry("a").Open();
            member.Write("content"u8);
        }
        byte[] archive = output.ToArray();
        Assert.Equal(ByLibrary(archive), ByDirectory(archive));
    }

    [Fact]
    public void Members_may_be_left_unread()
    {
        using var output = new MemoryStream();
        var writer = new ZipWriter(output);
        writer.Add("a", new byte[300_000], new ZipMemberOptions { Deflate = true, DataDescriptor = true });
        writer.Add("b", new byte[300_000]);
        writer.Add("c", "last");
        writer.Finish();
        using var reader = new ZipStreamReader(new MemoryStream(output.ToArray()), "test");
        Assert.True(reader.MoveNext());
        Assert.True(reader.MoveNext());
        Assert.Equal(0, reader.OpenContent().ReadByte());
        Assert.True(reader.MoveNext());
        Assert.Equal("c", reader.Current.Name);
        Assert.Equal("last"u8, ReadAll(reader.OpenContent()));
        Assert.False(reader.MoveNext());
    }

    private static Dictionary<string, Digest> ByLibrary(byte[] archive)
    {
        using var zip = new ZipArchive(new MemoryStream(archive), ZipArchiveMode.Read);
        return zip.Entries.ToDictionary(
            entry => entry.FullName,
            entry =>
            {
                using Stream content = entry.Open();
                return Sha256.Hash(ReadAll(content));
            }
        );
    }

    private static Dictionary<string, Digest> ByDirectory(byte[] archive)
    {
        ZipDirectory zip = ZipDirectory.Read(new MemorySource(archive), "test");
        return zip.Members.ToDictionary(
            member => member.Name,
            member =>
            {
                using Stream content = zip.Open(member);
                byte[] bytes = ReadAll(content);
                Assert.Equal(member.Size, bytes.Length);
                return Sha256.Hash(bytes);
            }
        );
    }

    private static Dictionary<string, Digest> FromBeginning(byte[] archive, params int[] pieces)
    {
        var members = new Dictionary<string, Digest>();
        using var stream = new OneWayStream(new MemoryStream(archive), pieces);
        using var reader = new ZipStreamReader(stream, "test");
        while (reader.MoveNext())
        {
            members.Add(reader.Current.Name, Sha256.Hash(ReadAll(reader.OpenContent())));
        }
        return members;
    }

    private static byte[] ReadAll(Stream stream)
    {
        using var content = new MemoryStream();
        stream.CopyTo(content);
        return content.ToArray();
    }
}
