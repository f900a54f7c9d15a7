using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace Packhorse.TestChannel;

/// <summary>How one member of a zip is written (APPNOTE 4.3 to 4.5).</summary>
public sealed record ZipMemberOptions
{
    /// <summary>Method 8 instead of 0.</summary>
    public bool Deflate { get; init; }

    /// <summary>Flag bit 3: CRC and sizes come after the data, and are 0 in the local header.</summary>
    public bool DataDescriptor { get; init; }

    /// <summary>Permission bits in the external attributes; 0600 is what conda-package-handling writes.</summary>
    public int Mode { get; init; } = 0b110_000_000;

    /// <summary>Flag bit 0: nothing is encrypted, but readers have to believe so.</summary>
    public bool SaysEncrypted { get; init; }

    /// <summary>Sizes and offsets in zip64 extra fields although they would fit.</summary>
    public bool Zip64 { get; init; }
}

/// <summary>
/// Writes a zip to a seekable stream, each member in any of the ways that readers of .conda meet. All times are 1980-01-01, so
/// that the same members give the same bytes. Members of 4 GiB and more are not supported.
/// </summary>
public sealed class ZipWriter(Stream output)
{
    private const ushort Zip64Version = 45;
    private const ushort DosDate = (1 << 5) | 1;

    private readonly List<Member> _members = [];

    public void Add(string name, FileContent content, ZipMemberOptions? options = null) =>
        Add(name, content.CopyTo, options);

    /// <param name="write">Writes the member's content, whose length need not be known before.</param>
    public void Add(string name, Action<Stream> write, ZipMemberOptions? options = null)
    {
        Member member = new(name, options ?? new ZipMemberOptions()) { Offset = output.Position };
        _members.Add(member);
        WriteLocalHeader(member);
        long start = output.Position;
        WriteData(member, write);
        member.CompressedSize = output.Position - start;
        if (member.Options.DataDescriptor)
        {
            WriteDataDescriptor(member);
            return;
        }
        long end = output.Position;
        output.Position = member.Offset;
        WriteLocalHeader(member);
        output.Position = end;
    }

    /// <summary>Writes the central directory; nothing may be added after it.</summary>
    public void Finish()
    {
        long start = output.Position;
        foreach (Member member in _members)
        {
            WriteCentralHeader(member);
        }
        long size = output.Position - start;
        bool zip64 = _members.Exists(member => member.Options.Zip64);
        if (zip64)
        {
            WriteZip64End(start, size);
        }
        Fields end = new();
        end.U32(0x06054B50).U16(0).U16(0).U16((ushort)_members.Count).U16((ushort)_members.Count);
        end.U32(zip64 ? uint.MaxValue : (uint)size).U32(zip64 ? uint.MaxValue : (uint)start).U16(0);
        end.WriteTo(output);
    }

    private void WriteData(Member member, Action<Stream> write)
    {
        Crc32 crc = new();
        using Stream? deflate = member.Options.Deflate
            ? new DeflateStream(output, CompressionLevel.Optimal, leaveOpen: true)
            : null;
        using ObservingStream observing = new(
            deflate ?? output,
            bytes =>
            {
                crc.Append(bytes);
                member.Size += bytes.Length;
            }
        );
        write(observing);
        member.Crc = crc.Value;
    }

    private void WriteLocalHeader(Member member)
    {
        bool later = member.Options.DataDescriptor;
        Fields extra = new();
        if (member.Options.Zip64)
        {
            extra.U16(1).U16(16).U64(later ? 0 : member.Size).U64(later ? 0 : member.CompressedSize);
        }
        Fields header = new();
        header.U32(0x04034B50).U16(member.VersionNeeded).U16(member.Flags).U16(member.Method).U16(0).U16(DosDate);
        header.U32(later ? 0 : member.Crc);
        header.U32(
            member.Options.Zip64 ? uint.MaxValue
            : later ? 0
            : checked((uint)member.CompressedSize)
        );
        header.U32(
            member.Options.Zip64 ? uint.MaxValue
            : later ? 0
            : checked((uint)member.Size)
        );
        header.U16((ushort)member.NameBytes.Length).U16((ushort)extra.Count);
        header.WriteTo(output);
        output.Write(member.NameBytes);
        extra.WriteTo(output);
    }

    private void WriteDataDescriptor(Member member)
    {
        Fields descriptor = new();
        descriptor.U32(0x08074B50).U32(member.Crc);
        if (member.Options.Zip64)
        {
            descriptor.U64(member.CompressedSize).U64(member.Size);
        }
        else
        {
            descriptor.U32((uint)member.CompressedSize).U32((uint)member.Size);
        }
        descriptor.WriteTo(output);
    }

    private void WriteCentralHeader(Member member)
    {
        Fields extra = new();
        if (member.Options.Zip64)
        {
            extra.U16(1).U16(24).U64(member.Size).U64(member.CompressedSize).U64(member.Offset);
        }
        Fields header = new();
        header.U32(0x02014B50).U16((3 << 8) | 20).U16(member.VersionNeeded).U16(member.Flags).U16(member.Method);
        header.U16(0).U16(DosDate).U32(member.Crc);
        header.U32(member.Options.Zip64 ? uint.MaxValue : (uint)member.CompressedSize);
        header.U32(member.Options.Zip64 ? uint.MaxValue : (uint)member.Size);
        header.U16((ushort)member.NameBytes.Length).U16((ushort)extra.Count).U16(0).U16(0).U16(0);
        header.U32((uint)member.Options.Mode << 16).U32(member.Options.Zip64 ? uint.MaxValue : (uint)member.Offset);
        header.WriteTo(output);
        output.Write(member.NameBytes);
        extra.WriteTo(output);
    }

    private void WriteZip64End(long start, long size)
    {
        long at = output.Position;
        Fields end = new();
        end.U32(0x06064B50).U64(44).U16((3 << 8) | Zip64Version).U16(Zip64Version).U32(0).U32(0);
        end.U64(_members.Count).U64(_members.Count).U64(size).U64(start);
        end.U32(0x07064B50).U32(0).U64(at).U32(1);
        end.WriteTo(output);
    }

    private sealed class Member(string name, ZipMemberOptions options)
    {
        public byte[] NameBytes { get; } = Encoding.UTF8.GetBytes(name);

        public ZipMemberOptions Options => options;

        public ushort Method => (ushort)(options.Deflate ? 8 : 0);

        public ushort VersionNeeded => options.Zip64 ? Zip64Version : (ushort)20;

        public ushort Flags =>
            (ushort)(
                (options.SaysEncrypted ? 1 : 0) | (options.DataDescriptor ? 8 : 0) | (Ascii.IsValid(name) ? 0 : 1 << 11)
            );

        public long Offset { get; init; }

        public uint Crc { get; set; }

        public long Size { get; set; }

        public long CompressedSize { get; set; }
    }

    /// <summary>Little-endian fields one after the other.</summary>
    private sealed class Fields
    {
        private readonly List<byte> _bytes = [];

        public int Count => _bytes.Count;

        public Fields U16(ushort value)
        {
            Span<byte> field = stackalloc byte[2];
            BinaryPrimitives.WriteUInt16LittleEndian(field, value);
            _bytes.AddRange(field);
            return this;
        }

        public Fields U32(uint value)
        {
            Span<byte> field = stackalloc byte[4];
            BinaryPrimitives.WriteUInt32LittleEndian(field, value);
            _bytes.AddRange(field);
            return this;
        }

        public Fields U64(long value)
        {
            Span<byte> field = stackalloc byte[8];
            BinaryPrimitives.WriteInt64LittleEndian(field, value);
            _bytes.AddRange(field);
            return this;
        }

        public void WriteTo(Stream stream) => stream.Write([.. _bytes]);
    }
}
