using Packhorse.Image;
using Packhorse.Model;
using Packhorse.Os;
using Packhorse.Pack;

namespace Packhorse.Packing;

/// <summary>Puts the parts of an image behind its file system, and what is around them (<c>docs/FORMAT.md</c>, "The image").</summary>
internal sealed class ImageParts(OutputFile file, ImagePart fileSystem)
{
    private ImagePart _manifest;
    private ImagePart _relocations;
    private ImagePart _hotSet;

    /// <summary>Where the next part may begin.</summary>
    public long End { get; private set; } = fileSystem.End;

    /// <summary>Bytes of the whole file; known when it is complete.</summary>
    public long FileBytes { get; private set; }

    public void AddManifest(ReadOnlySpan<byte> bytes) => _manifest = Append(bytes);

    public void AddRelocations(ReadOnlySpan<byte> bytes) => _relocations = Append(bytes);

    public void AddHotSet(ReadOnlySpan<byte> bytes) => _hotSet = Append(bytes);

    /// <summary>Writes what comes before the file system, the digest tree and the footer.</summary>
    /// <param name="runtime">Of a self-extracting file.</param>
    /// <param name="manifest">SHA-256 of the manifest.</param>
    /// <returns>The root.</returns>
    public Digest Complete(RuntimeImage? runtime, Digest manifest, int workers, CancellationToken cancellation)
    {
        Align();
        long tree = DigestTreeShape.Of(End).Bytes;
        FileBytes = End + tree + ImageFooter.Bytes;
        file.SetLength(FileBytes);
        if (runtime is not null)
        {
            WriteFrame(runtime, manifest);
        }
        long written = DigestTreeWriter.Write(file, End, workers, out Digest top, cancellation);
        var footer = new ImageFooter
        {
            FileBytes = FileBytes,
            FileSystem = fileSystem,
            Manifest = _manifest,
            Relocations = _relocations,
            HotSet = _hotSet,
            DigestTree = new ImagePart(End, written),
            Top = top,
        };
        var bytes = new byte[ImageFooter.Bytes];
        Digest root = footer.Write(bytes);
        file.Write(bytes, End + written);
        return root;
    }

    private void WriteFrame(RuntimeImage runtime, Digest manifest)
    {
        var header = new SelfExtractingHeader
        {
            Platform = runtime.Platform,
            RuntimeBytes = runtime.Padded.Length,
            RuntimeSha256 = runtime.Sha256,
            // The footer's last bytes are the file's end mark.
            PayloadBytes = FileBytes - fileSystem.Offset - SelfExtractingHeader.EndMark.Length,
            ManifestSha256 = manifest,
        };
        file.Write(SelfExtractingScript.Write(header, runtime.IsOwn), 0);
        file.Write(runtime.Padded, SelfExtractingHeader.Bytes);
    }

    private ImagePart Append(ReadOnlySpan<byte> bytes)
    {
        Align();
        var part = new ImagePart(End, bytes.Length);
        file.Write(bytes, End);
        End += bytes.Length;
        return part;
    }

    // What is skipped is zero: the file is written from its begin to its end and longer parts were cut off.
    private void Align()
    {
        long aligned = (End + ImageFooter.PartAlignment - 1) / ImageFooter.PartAlignment * ImageFooter.PartAlignment;
        file.Write(new byte[aligned - End], End);
        End = aligned;
    }
}
