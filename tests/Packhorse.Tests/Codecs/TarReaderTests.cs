using System.Formats.Tar;
using System.Text;
using CsCheck;
using Packhorse.TestChannel;
using Packhorse.Tests.Support;
using TarEntry = Packhorse.Codecs.TarEntry;
using TarEntryType = Packhorse.Codecs.TarEntryType;
using TarReader = Packhorse.Codecs.TarReader;

namespace Packhorse.Tests.Codecs;

public sealed class TarReaderTests
{
    private static readonly DateTimeOffset Time = DateTimeOffset.FromUnixTimeSeconds(1_234_567_890);

    [Fact]
    public void The_prefix_field_of_ustar_stands_before_the_name()
    {
        TarEntry entry = One(
            Header(
                "name",
                '0',
                block =>
                {
                    "ustar\000"u8.CopyTo(block.AsSpan(257));
                    Encoding.UTF8.GetBytes("a/b").CopyTo(block, 345);
                }
            )
        );
        Assert.Equal("a/b/name", entry.Name);
    }

    [Fact]
    public void GNU_headers_have_no_prefix_field()
    {
        TarEntry entry = One(
            Header(
                "name",
                '0',
                block =>
                {
                    "ustar  \0"u8.CopyTo(block.AsSpan(257));
                    "12345670123"u8.CopyTo(block.AsSpan(345));
                }
            )
        );
        Assert.Equal("name", entry.Name);
    }

    [Fact]
    public void A_name_of_100_bytes_needs_no_NUL()
    {
        string name = new('n', 100);
        Assert.Equal(name, One(Header(name, '0')).Name);
    }

    [Theory]
    [InlineData('0', TarEntryType.File)]
    [InlineData('\0', TarEntryType.File)]
    [InlineData('7', TarEntryType.File)]
    [InlineData('1', TarEntryType.HardLink)]
    [InlineData('2', TarEntryType.SymbolicLink)]
    [InlineData('5', TarEntryType.Directory)]
    [InlineData('3', TarEntryType.Other)]
    [InlineData('6', TarEntryType.Other)]
    [InlineData('S', TarEntryType.Other)]
    public void Types_are_told_apart(char flag, TarEntryType type)
    {
        TarEntry entry = One(Header("name", flag));
        Assert.Equal(type, entry.Type);
        Assert.Equal(flag, entry.TypeFlag);
    }

    [Theory]
    [InlineData('0')]
    [InlineData('\0')]
    public void A_file_whose_name_ends_in_a_slash_is_a_directory(char flag) =>
        Assert.Equal(TarEntryType.Directory, One(Header("old/style/", flag)).Type);

    [Theory]
    [InlineData(new byte[] { 0x80, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0 }, 1L << 33)]
    [InlineData(new byte[] { 0x80, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF }, (1L << 40) - 1)]
    [InlineData(new byte[] { (byte)'7', (byte)'7', (byte)'7', 0, 0, 0, 0, 0, 0, 0, 0, 0 }, 511)]
    [InlineData(new byte[] { 32, 32, 32, (byte)'1', (byte)'7', 32, 0, 0, 0, 0, 0, 0 }, 15)]
    [InlineData(new byte[] { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 }, 0)]
    public void Sizes_are_octal_or_base_256(byte[] field, long size)
    {
        byte[] block = Header("name", '0', header => field.CopyTo(header, 124));
        var reader = new TarReader(new MemoryStream(block), "test");
        Assert.True(reader.MoveNext());
        Assert.Equal(size, reader.Current.Size);
    }

    [Fact]
    public void Times_may_be_before_1970()
    {
        TarEntry entry = One(Header("name", '0', block => block.AsSpan(136, 12).Fill(0xFF)));
        Assert.Equal(-1, entry.Modified);
    }

    [Fact]
    public void Pax_records_win_over_the_header()
    {
        string path = new string('p', 150) + "/é";
        byte[] pax = Pax($"path={path}", "mtime=1700000000.75", "comment=ignored", "size=3", "uname=nobody");
        byte[] tar = [.. pax, .. Header("short", '0'), .. Pad("abc"u8.ToArray())];
        var reader = new TarReader(new MemoryStream(tar), "test");
        Assert.True(reader.MoveNext());
        Assert.Equal(path, reader.Current.Name);
        Assert.Equal(1_700_000_000, reader.Current.Modified);
        Assert.Equal(3, reader.Current.Size);
        Assert.Equal("abc"u8, reader.ReadAllBytes(10));
    }

    [Fact]
    public void Pax_records_are_for_one_member_and_global_ones_change_nothing()
    {
        byte[] global =
        [
            .. Header("g", 'g', block => "00000000021"u8.CopyTo(block.AsSpan(124))),
            .. Pad("17 path=not this\n"u8.ToArray()),
        ];
        byte[] tar = [.. global, .. Pax("path=long", "linkpath=to"), .. Header("a", '2'), .. Header("b", '2')];
        var reader = new TarReader(new MemoryStream(tar), "test");
        Assert.True(reader.MoveNext());
        Assert.Equal(("long", "to"), (reader.Current.Name, reader.Current.LinkName));
        Assert.True(reader.MoveNext());
        Assert.Equal(("b", ""), (reader.Current.Name, reader.Current.LinkName));
    }

    [Fact]
    public void GNU_long_names_and_links_are_joined()
    {
        string name = "dir/" + new string('n', 250);
        string link = new('l', 300);
        var tar = new TarArchive([new TarMember(name, TarMember.SymbolicLink) { LinkName = link }], TarFormat.Gnu);
        TarEntry entry = One(tar.ToArray());
        Assert.Equal((name, link), (entry.Name, entry.LinkName));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Content_may_be_read_in_part_or_not_at_all(bool seekable)
    {
        byte[] content = Enumerable.Range(0, 5000).Select(i => (byte)i).ToArray();
        var members = new[] { "a", "b", "c", "d" }.Select(name => new TarMember(name) { Content = content });
        byte[] tar = new TarArchive(members, TarFormat.Gnu).ToArray();
        using Stream stream = seekable ? new MemoryStream(tar) : new OneWayStream(new MemoryStream(tar), 100, 1000);
        var reader = new TarReader(stream, "test");
        Assert.True(reader.MoveNext());
        Assert.Equal(512, reader.Position);
        Assert.True(reader.MoveNext());
        byte[] some = new byte[10];
        Assert.Equal(10, reader.Read(some));
        Assert.Equal(content[..10], some);
        Assert.True(reader.MoveNext());
        Assert.Equal("c", reader.Current.Name);
        using (Stream whole = reader.OpenContent())
        using (var copy = new MemoryStream())
        {
            whole.CopyTo(copy);
            Assert.Equal(content, copy.ToArray());
        }
        Assert.True(reader.MoveNext());
        Assert.False(reader.MoveNext());
        Assert.True(reader.EndMarkerSeen);
    }

    [Fact]
    public void A_tar_without_its_end_is_told()
    {
        var reader = new TarReader(new MemoryStream(Header("a", '0')), "test");
        Assert.True(reader.MoveNext());
        Assert.False(reader.MoveNext());
        Assert.False(reader.EndMarkerSeen);
    }

    [Fact]
    public void An_empty_tar_has_no_members()
    {
        var reader = new TarReader(new MemoryStream(new byte[1024]), "test");
        Assert.False(reader.MoveNext());
        Assert.True(reader.EndMarkerSeen);
    }

    [Fact]
    public void Tars_of_another_writer_are_read_as_they_were_written()
    {
        Gen<string> name = Gen.Char["abcdeé/-"]
            .Array[1, 130]
            .Select(characters => new string(characters).Replace("//", "/x", StringComparison.Ordinal).Trim('/'))
            .Where(text => text.Length > 0);
        Gen.Select(
                Gen.OneOf(Gen.Const(TarEntryFormat.Pax), Gen.Const(TarEntryFormat.Gnu)),
                Gen.Select(name, Gen.Byte.Array[0, 1100], Gen.Int[0, 2]).Array[1, 6]
            )
            .Sample(
                (format, members) =>
                {
                    var reader = new TarReader(new MemoryStream(Write(format, members)), "test");
                    foreach ((string expected, byte[] content, int kind) in members)
                    {
                        Assert.True(reader.MoveNext());
                        Assert.Equal(expected, reader.Current.Name.TrimEnd('/'));
                        Assert.Equal(Time.ToUnixTimeSeconds(), reader.Current.Modified);
                        Assert.Equal(kind == 1 ? expected + "-target" : "", reader.Current.LinkName);
                        Assert.Equal(kind == 0 ? content : [], reader.ReadAllBytes(2000));
                        Assert.Equal(Modes.FromOctal(640), reader.Current.Mode);
                    }
                    Assert.False(reader.MoveNext());
                    Assert.True(reader.EndMarkerSeen);
                },
                iter: 300
            );
    }

    private static byte[] Write(TarEntryFormat format, (string Name, byte[] Content, int Kind)[] members)
    {
        using var output = new MemoryStream();
        using (var writer = new TarWriter(output, format, leaveOpen: true))
        {
            foreach ((string name, byte[] content, int kind) in members)
            {
                System.Formats.Tar.TarEntryType type = kind switch
                {
                    0 => System.Formats.Tar.TarEntryType.RegularFile,
                    1 => System.Formats.Tar.TarEntryType.SymbolicLink,
                    _ => System.Formats.Tar.TarEntryType.Directory,
                };
                System.Formats.Tar.TarEntry entry =
                    format == TarEntryFormat.Pax ? new PaxTarEntry(type, name) : new GnuTarEntry(type, name);
                entry.Mode = (UnixFileMode)Modes.FromOctal(640);
                entry.ModificationTime = Time;
                if (kind == 0)
                {
                    entry.DataStream = new MemoryStream(content);
                }
                if (kind == 1)
                {
                    entry.LinkName = name + "-target";
                }
                writer.WriteEntry(entry);
            }
        }
        return output.ToArray();
    }

    private static TarEntry One(byte[] tar)
    {
        var reader = new TarReader(new MemoryStream(tar), "test");
        Assert.True(reader.MoveNext());
        return reader.Current;
    }

    private static byte[] Header(string name, char type, Action<byte[]>? change = null)
    {
        byte[] block = new byte[512];
        Encoding.UTF8.GetBytes(name).CopyTo(block, 0);
        "0000644\0"u8.CopyTo(block.AsSpan(100));
        block[156] = (byte)type;
        change?.Invoke(block);
        block.AsSpan(148, 8).Fill((byte)' ');
        string sum = Convert.ToString(block.Sum(value => value), 8).PadLeft(6, '0');
        Encoding.ASCII.GetBytes(sum + "\0 ").CopyTo(block, 148);
        return block;
    }

    private static byte[] Pax(params string[] records)
    {
        string text = "";
        foreach (string record in records)
        {
            int rest = Encoding.UTF8.GetByteCount(record) + 2;
            int length = rest + (rest + 2).ToString(System.Globalization.CultureInfo.InvariantCulture).Length;
            text += $"{length} {record}\n";
        }
        byte[] content = Encoding.UTF8.GetBytes(text);
        string size = Convert.ToString(content.Length, 8).PadLeft(11, '0');
        return [.. Header("x", 'x', block => Encoding.ASCII.GetBytes(size).CopyTo(block, 124)), .. Pad(content)];
    }

    private static byte[] Pad(byte[] content)
    {
        Array.Resize(ref content, (content.Length + 511) / 512 * 512);
        return content;
    }
}
