using System.Globalization;
using System.Text;
using Packhorse.Codecs;
using Packhorse.Image;
using Packhorse.Model;

namespace Packhorse.Pack;

/// <summary>
/// The numbers in the header of a self-extracting file (<c>docs/FORMAT.md</c>, "The self-extracting file"): a shell script of
/// <see cref="Bytes"/> bytes, then a runtime, the payload, and the end mark.
/// </summary>
public sealed record SelfExtractingHeader
{
    /// <summary>The version of the format that is read and written.</summary>
    public const int FormatVersion = 1;

    /// <summary>Bytes of the header, and what the runtime's length is a multiple of.</summary>
    public const int Bytes = 8192;

    /// <summary>What every such file begins with, whatever its version.</summary>
    public static ReadOnlySpan<byte> Magic => "#!/bin/sh\n{ _ph_file='"u8;

    /// <summary>The last bytes of the file, by which the header sees that all of it has arrived.</summary>
    public static ReadOnlySpan<byte> EndMark => ImageFooter.EndMark;

    /// <summary>Stands before the header's own digest at its end.</summary>
    internal static ReadOnlySpan<byte> DigestLabel => "# sha256 "u8;

    /// <summary>The bytes that the header's digest covers: all before the line that holds it.</summary>
    public static int DigestedBytes => Bytes - DigestLabel.Length - (2 * Digest.Size) - 1;

    public required Platform Platform { get; init; }

    /// <summary>Bytes of the runtime with the zeros after it; a multiple of <see cref="Bytes"/>.</summary>
    public required long RuntimeBytes { get; init; }

    /// <summary>Of the runtime with the zeros after it.</summary>
    public required Digest RuntimeSha256 { get; init; }

    public required long PayloadBytes { get; init; }

    /// <summary>Of the payload's <c>pixi-pack.json</c>, which has the digests of the other members.</summary>
    public required Digest ManifestSha256 { get; init; }

    /// <summary>Where the payload begins.</summary>
    public long PayloadOffset => Bytes + RuntimeBytes;

    /// <summary>Bytes of the whole file.</summary>
    public long TotalBytes => checked(PayloadOffset + PayloadBytes + EndMark.Length);

    /// <summary>The fields as the file's second line has them between single quotes.</summary>
    public string Fields =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{FormatVersion} {Platform} {Bytes} {RuntimeBytes} {PayloadOffset} {PayloadBytes} {TotalBytes} {RuntimeSha256} {ManifestSha256}"
        );

    public static bool IsOne(ReadOnlySpan<byte> beginning) => beginning.StartsWith(Magic);

    /// <summary>Reads and checks the header and the end of a file that begins as one.</summary>
    /// <exception cref="CorruptDataException">The header is damaged, or the file has another length than it says.</exception>
    /// <exception cref="IncompatibleException">Of another version.</exception>
    public static SelfExtractingHeader Read(IRandomAccess file, string where)
    {
        var header = new byte[Bytes];
        int count = file.Read(header, 0);
        string[] fields = SplitFields(header.AsSpan(0, count), where);
        if (fields[0] != FormatVersion.ToString(CultureInfo.InvariantCulture))
        {
            throw new IncompatibleException(
                ErrorCodes.NewerFormat,
                $"{where} has version {EntryPath.Quote(fields[0])} of the self-extracting format, known is {FormatVersion}"
            )
            {
                Hint = "use a newer packhorse",
            };
        }
        if (count < Bytes)
        {
            throw Incomplete(where, file.Length, expected: null);
        }
        CheckOwnDigest(header, where);
        SelfExtractingHeader parsed = Parse(fields, where);
        if (file.Length < parsed.TotalBytes)
        {
            throw Incomplete(where, file.Length, parsed.TotalBytes);
        }
        Span<byte> end = stackalloc byte[EndMark.Length];
        file.ReadExactly(end, parsed.TotalBytes - EndMark.Length, where);
        if (file.Length > parsed.TotalBytes || !end.SequenceEqual(EndMark))
        {
            throw new CorruptDataException(
                file.Length > parsed.TotalBytes ? ErrorCodes.SizeMismatch : ErrorCodes.Truncated,
                $"{where} has {file.Length:N0} bytes and does not end after {parsed.TotalBytes:N0} as it should"
            )
            {
                Hint = "copy or download it again",
            };
        }
        return parsed;
    }

    /// <summary>Checks the runtime that the file carries.</summary>
    /// <exception cref="CorruptDataException">It is not what the header says.</exception>
    public void CheckRuntime(IRandomAccess file, string where)
    {
        using Stream runtime = new SourceSlice(file, Bytes, RuntimeBytes).AsStream();
        using var hashing = new HashingStream(runtime, new ExpectedContent(RuntimeBytes, RuntimeSha256, null));
        hashing.Verify($"{where}: the runtime");
    }

    private static string[] SplitFields(ReadOnlySpan<byte> header, string where)
    {
        ReadOnlySpan<byte> rest = header[Magic.Length..];
        int end = rest.IndexOf((byte)'\'');
        // A line of this version has some 200 bytes.
        if (end is < 0 or > 1024)
        {
            throw end < 0 && header.Length < Bytes ? Incomplete(where, header.Length, null) : Damaged(where);
        }
        return Encoding.ASCII.GetString(rest[..end]).Split(' ');
    }

    private static SelfExtractingHeader Parse(string[] fields, string where)
    {
        if (
            fields.Length == 9
            && Platform.TryParse(fields[1], out Platform platform)
            && TryParseNumber(fields[3], out long runtime)
            && TryParseNumber(fields[5], out long payload)
            && Digest.TryParse(fields[7], out Digest runtimeSha256)
            && Digest.TryParse(fields[8], out Digest manifestSha256)
        )
        {
            var header = new SelfExtractingHeader
            {
                Platform = platform,
                RuntimeBytes = runtime,
                PayloadBytes = payload,
                RuntimeSha256 = runtimeSha256,
                ManifestSha256 = manifestSha256,
            };
            // The other numbers follow from these.
            if (runtime % Bytes == 0 && header.Fields == string.Join(' ', fields))
            {
                return header;
            }
        }
        throw Damaged(where);
    }

    // Sums of two such numbers are still far from overflowing.
    private static bool TryParseNumber(string text, out long number) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number) && number < 1L << 60;

    private static void CheckOwnDigest(ReadOnlySpan<byte> header, string where)
    {
        Span<byte> line = stackalloc byte[Bytes - DigestedBytes];
        WriteDigestLine(Sha256.Hash(header[..DigestedBytes]), line);
        if (!header[DigestedBytes..].SequenceEqual(line))
        {
            throw Damaged(where);
        }
    }

    /// <summary>The last line of a header: the digest of all before it.</summary>
    internal static void WriteDigestLine(Digest digest, Span<byte> line)
    {
        DigestLabel.CopyTo(line);
        Encoding.ASCII.GetBytes(digest.ToString(), line[DigestLabel.Length..]);
        line[^1] = (byte)'\n';
    }

    private static CorruptDataException Damaged(string where) =>
        new(ErrorCodes.DigestMismatch, $"{where} is damaged: its header is not what was written")
        {
            Hint = "copy or download it again",
        };

    private static CorruptDataException Incomplete(string where, long length, long? expected) =>
        new(
            ErrorCodes.Truncated,
            $"{where} is cut off: it has {length:N0} bytes"
                + (expected is { } whole ? $" and should have {whole:N0}" : ", less than its header")
        )
        {
            Hint = "copy or download it again",
        };
}
