using System.Text.Json;
using Packhorse.Image;
using Packhorse.Install;
using Packhorse.Packing.Squashfs;

namespace Packhorse.Packing;

/// <summary>
/// Writes what conda-meta holds into an image, and notes the places where it speaks of the prefix or of files that the prefix changes.
/// </summary>
internal static class ImageRecords
{
    public static void WriteRecord(ImageSink sink, SquashfsWriter writer, LinkedPackage linked)
    {
        byte[] record = CondaMeta.WriteRecord(linked);
        FileNode?[] changed = [.. CondaMeta.Ordered(linked).Select(path => writer.Find(path.Target) as FileNode)];
        sink.WriteFile(
            CondaMeta.RecordPath(linked.Plan.Package.Record),
            record,
            new RelocationNote { Kind = RelocationKind.Record, Pieces = FindPieces(record, changed) }
        );
    }

    public static void WriteOthers(ImageSink sink, EnvironmentMarker marker)
    {
        sink.WriteFile(CondaMeta.HistoryPath, CondaMeta.History, null);
        sink.WriteFile(CondaMeta.CacheTagPath, CondaMeta.CacheTag, null);
        byte[] content = marker.Write();
        sink.WriteFile(
            EnvironmentMarker.Path,
            content,
            new RelocationNote { Kind = RelocationKind.Record, Pieces = [FindPrefix(content)] }
        );
    }

    private static RecordPiece FindPrefix(ReadOnlySpan<byte> marker)
    {
        var json = new Utf8JsonReader(marker);
        while (json.Read())
        {
            if (json.TokenType == JsonTokenType.PropertyName && json.ValueTextEquals("prefix"u8))
            {
                json.Read();
                return Inside(ref json, RecordPieceKind.Prefix, null);
            }
        }
        throw new InvalidOperationException("the marker of an environment has no prefix");
    }

    // The paths stand in the record in the order in which they are given.
    private static List<RecordPiece> FindPieces(ReadOnlySpan<byte> record, FileNode?[] files)
    {
        var pieces = new List<RecordPiece>();
        var json = new Utf8JsonReader(record);
        SkipTo(ref json, "paths"u8);
        int depth = json.CurrentDepth + 1;
        int index = -1;
        while (json.Read() && json.CurrentDepth >= depth)
        {
            if (json.TokenType == JsonTokenType.StartObject)
            {
                index++;
            }
            else if (json.TokenType == JsonTokenType.PropertyName && files[index] is { Relocation.IsEmpty: false } file)
            {
                AddPiece(ref json, file, pieces);
            }
        }
        return pieces;
    }

    private static void AddPiece(ref Utf8JsonReader json, FileNode file, List<RecordPiece> pieces)
    {
        bool inPrefix = json.ValueTextEquals("sha256_in_prefix"u8);
        // Of a script that was made here the digest is its own, and the size is the one it has.
        bool own = file.Relocation!.IsMadeHere && json.ValueTextEquals("sha256"u8);
        bool size = file.Relocation.IsMadeHere && json.ValueTextEquals("size_in_bytes"u8);
        if (inPrefix || own)
        {
            json.Read();
            pieces.Add(Inside(ref json, RecordPieceKind.Sha256, file));
        }
        else if (size)
        {
            json.Read();
            pieces.Add(new RecordPiece(json.TokenStartIndex, json.ValueSpan.Length, RecordPieceKind.Size, file));
        }
    }

    private static RecordPiece Inside(ref Utf8JsonReader json, RecordPieceKind kind, FileNode? file) =>
        new(json.TokenStartIndex + 1, json.ValueSpan.Length, kind, file);

    // To the array that is the value of a member of that name.
    private static void SkipTo(ref Utf8JsonReader json, ReadOnlySpan<byte> member)
    {
        while (json.Read())
        {
            if (json.TokenType == JsonTokenType.PropertyName && json.ValueTextEquals(member))
            {
                json.Read();
                if (json.TokenType == JsonTokenType.StartArray)
                {
                    return;
                }
            }
        }
        throw new InvalidOperationException("a record of conda-meta has no paths");
    }
}
