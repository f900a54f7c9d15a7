using System.Formats.Tar;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text.Json;
using Packhorse.Model;
using SharpCompress.Compressors.BZip2;
using ZstdSharp;

namespace Packhorse.TestChannel;

/// <summary>Reads just enough of a package that somebody else made to write a lock over it.</summary>
internal static class PackageReading
{
    /// <exception cref="InvalidDataException">There is no index.json in it.</exception>
    public static BuiltPackage Describe(string path)
    {
        if (!PackageFileName.TryGetKind(Path.GetFileName(path), out PackageArchiveKind kind))
        {
            throw new InvalidDataException($"{path} is no package");
        }
        using JsonDocument index = JsonDocument.Parse(ReadIndex(path, kind));
        PackageRecord record = PackageRecordJson.Read(index.RootElement, path);
        FileContent content = FileContent.FromFile(path);
        using FileStream file = File.OpenRead(path);
#pragma warning disable CA5351 // Lock files carry it beside the SHA-256.
        Md5Digest md5 = new(MD5.HashData(file));
#pragma warning restore CA5351
        // Old packages do not say it themselves.
        string subdir = record.Subdir.Length > 0 ? record.Subdir : Path.GetFileName(Path.GetDirectoryName(path)!);
        record = record with { Subdir = subdir, Size = content.Length, Sha256 = content.Sha256, Md5 = md5 };
        return new BuiltPackage(record, kind, content);
    }

    private static byte[] ReadIndex(string path, PackageArchiveKind kind)
    {
        using FileStream file = File.OpenRead(path);
        if (kind == PackageArchiveKind.TarBz2)
        {
            using BZip2Stream bzip2 = BZip2Stream.Create(
                file,
                SharpCompress.Compressors.CompressionMode.Decompress,
                decompressConcatenated: true
            );
            return FindIndex(bzip2, path);
        }
        using ZipArchive zip = new(file, ZipArchiveMode.Read);
        ZipArchiveEntry? info = zip.Entries.FirstOrDefault(entry =>
            entry.Name.StartsWith("info-", StringComparison.Ordinal)
            && entry.Name.EndsWith(".tar.zst", StringComparison.Ordinal)
        );
        using Stream member = (info ?? throw new InvalidDataException($"{path} has no info-….tar.zst")).Open();
        using DecompressionStream zstd = new(member);
        return FindIndex(zstd, path);
    }

    private static byte[] FindIndex(Stream stream, string path)
    {
        using TarReader tar = new(stream);
        while (tar.GetNextEntry() is { } entry)
        {
            if (entry.Name == "info/index.json" && entry.DataStream is { } data)
            {
                using MemoryStream index = new();
                data.CopyTo(index);
                return index.ToArray();
            }
        }
        throw new InvalidDataException($"{path} has no info/index.json");
    }
}
