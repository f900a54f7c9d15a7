using System.Text;
using CsCheck;
using Packhorse.Lock;
using Packhorse.Model;

namespace Packhorse.Tests.Lock;

public sealed class LockPropertyTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    [InlineData(7)]
    public void Whatever_happens_to_a_lock_only_documented_exceptions_leave_the_parser(int version)
    {
        byte[] original = Encoding.UTF8.GetBytes(SmallLocks.Of(version));
        // What is special in YAML or in the format, so that many changes stay readable.
        byte[] interesting = Encoding.UTF8.GetBytes("\n\t :-[]{}&*!|>'\"%@`#,?.~0123456789abEz\\/\0\u0080");
        Gen<byte> value = Gen.OneOf(Gen.Byte, Gen.Int[0, interesting.Length - 1].Select(i => interesting[i]));
        Gen<Func<byte[], byte[]>> change = Gen.OneOf(
            Gen.Select(
                Gen.Int[0, original.Length - 1],
                value,
                (at, with) =>
                    (Func<byte[], byte[]>)(
                        bytes => at < bytes.Length ? [.. bytes[..at], with, .. bytes[(at + 1)..]] : bytes
                    )
            ),
            Gen.Int[0, original.Length]
                .Select(length => (Func<byte[], byte[]>)(bytes => bytes[..Math.Min(length, bytes.Length)])),
            Gen.Int[0, 60].Select(line => (Func<byte[], byte[]>)(bytes => WithoutLine(bytes, line))),
            Gen.Select(
                Gen.Int[0, original.Length - 1],
                Gen.Int[1, 40],
                (at, length) =>
                    (Func<byte[], byte[]>)(
                        bytes => at + length < bytes.Length ? [.. bytes[..(at + length)], .. bytes[at..]] : bytes
                    )
            )
        );

        change
            .Array[1, 4]
            .Sample(
                changes =>
                {
                    byte[] changed = changes.Aggregate(original, (bytes, next) => next(bytes));
                    try
                    {
                        LockFile file = LockFile.Parse(changed, "pixi.lock");
                        return file.Version is >= 1 and <= LockFile.NewestVersion;
                    }
                    catch (PackhorseException error)
                    {
                        return error is CorruptDataException or IncompatibleException;
                    }
                },
                iter: 500,
                threads: 1
            );
    }

    [Fact]
    public void Whatever_is_read_has_safe_names()
    {
        string[] texts =
        [
            "..",
            ".",
            "a/b",
            @"a\b",
            "a b",
            "a\nb",
            "%2e%2e",
            "..%2f..%2fetc",
            "a%00",
            "a-1-0.conda",
            "a-1-0.tar.bz2",
            "noarch",
            "linux-64",
            "",
            "x.whl",
        ];
        Gen<string> text = Gen.Int[0, texts.Length - 1].Select(i => texts[i]);
        Gen.Select(text, text, text, text, text)
            .Sample(
                (name, build, subdir, directory, file) =>
                {
                    string location = $"https://example.org/{directory}/{file}";
                    string entry =
                        $"conda: {Quote(location)}, name: {Quote(name)}, version: {Quote(build)}, build: {Quote(build)}, subdir: {Quote(subdir)}";
                    string lockText =
                        $"version: 6\nenvironments: {{default: {{channels: [], packages: {{linux-64: [{{conda: {Quote(location)}}}]}}}}}}\npackages: [{{{entry}}}]\n";
                    try
                    {
                        LockedPackage package = SmallLocks.Parse(lockText).Select("default", "linux-64").Packages[0];
                        return package is not LockedCondaPackage conda
                            || (
                                EntryPath.IsSafe($"{conda.Record.Subdir}/{conda.FileName}")
                                && EntryPath.IsSafe(conda.Record.DistributionName)
                                && !conda.FileName.Contains('/', StringComparison.Ordinal)
                                && !conda.Record.Subdir.Contains('/', StringComparison.Ordinal)
                                && !conda.Record.DistributionName.Contains('/', StringComparison.Ordinal)
                            );
                    }
                    catch (CorruptDataException)
                    {
                        return true;
                    }
                },
                iter: 500,
                threads: 1
            );
    }

    private static string Quote(string text) =>
        "\""
        + text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal)
        + "\"";

    private static byte[] WithoutLine(byte[] bytes, int line)
    {
        string[] lines = Encoding.Latin1.GetString(bytes).Split('\n');
        return Encoding.Latin1.GetBytes(string.Join('\n', lines.Where((_, i) => i != line)));
    }
}
