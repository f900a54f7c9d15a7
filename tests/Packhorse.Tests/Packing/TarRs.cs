using System.Text;

namespace Packhorse.Tests.Packing;

/// <summary>
/// The bytes of the Rust crate <c>tar</c> in its deterministic mode, written down a second time, field by field as text: pixi-pack's
/// packs are made by it.
/// </summary>
internal static class TarRs
{
    public static byte[] Directory(string name) => Member(name, "5", "0000755", []);

    public static byte[] File(string name, byte[] content) =>
        [.. Member(name, "0", "0000644", Octal(content.LongLength, 11)), .. Pad(content)];

    public static byte[] End => new byte[1024];

    /// <summary>The header or headers of a member.</summary>
    /// <param name="size">12 bytes; empty for zero.</param>
    public static byte[] Member(string name, string type, string mode, byte[] size)
    {
        byte[] utf8 = Encoding.UTF8.GetBytes(name);
        byte[] header = Block(utf8.Take(100), mode, size, "10461020230", type, "0000000\00000000\0");
        return utf8.Length <= 100
            ? header
            :
            [
                .. Block("././@LongLink"u8.ToArray(), "0000644", Octal(utf8.Length + 1, 11), "00000000000", "L", ""),
                .. Pad([.. utf8, 0]),
                .. header,
            ];
    }

    public static byte[] Octal(long value, int digits) =>
        Encoding.ASCII.GetBytes(Convert.ToString(value, 8).PadLeft(digits, '0') + "\0");

    private static byte[] Block(
        IEnumerable<byte> name,
        string mode,
        byte[] size,
        string modified,
        string type,
        string devices
    )
    {
        byte[] before =
        [
            .. Fill(name, 100),
            .. Encoding.ASCII.GetBytes($"{mode}\00000000\00000000\0"),
            .. size.Length == 0 ? Octal(0, 11) : size,
            .. Encoding.ASCII.GetBytes($"{modified}\0"),
        ];
        byte[] after =
        [
            .. Encoding.ASCII.GetBytes(type),
            .. new byte[100],
            .. "ustar  \0"u8,
            .. new byte[64],
            .. Encoding.ASCII.GetBytes(devices),
        ];
        int sum = before.Sum(value => value) + after.Sum(value => value) + (8 * ' ');
        return Fill([.. before, .. Octal(sum, 7), .. after], 512);
    }

    private static byte[] Fill(IEnumerable<byte> bytes, int length)
    {
        byte[] filled = [.. bytes];
        Array.Resize(ref filled, length);
        return filled;
    }

    private static byte[] Pad(byte[] content) => Fill(content, (content.Length + 511) / 512 * 512);
}
