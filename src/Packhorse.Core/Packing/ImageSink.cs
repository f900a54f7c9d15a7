using System.Text;
using Packhorse.Conda;
using Packhorse.Image;
using Packhorse.Install;
using Packhorse.Packing.Squashfs;

namespace Packhorse.Packing;

/// <summary>
/// Installs into the file system of an image, and notes what another prefix would change. For one thread, one file at a time.
/// </summary>
internal sealed class ImageSink(SquashfsWriter writer) : IInstallSink
{
    private const UnixFileMode ReadableByAll =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    private SquashfsWriter Writer => writer;

    /// <summary>Gets the modules; null where no byte-code is made.</summary>
    public ByteCodeWriter? ByteCode { get; set; }

    /// <summary>Names of files and links.</summary>
    public long Files { get; private set; }

    /// <summary>Of all files, each name counted once.</summary>
    public long Bytes { get; private set; }

    public void CreateDirectories(IReadOnlyList<string> paths)
    {
        foreach (string path in paths)
        {
            writer.AddDirectory(path);
        }
    }

    public IInstallFile CreateFile(InstallFile file) =>
        new ImageFile(this, file, file.Placeholder is { } placeholder ? NoteFor(placeholder) : null);

    public void CreateSymbolicLink(string path, string target, long modified)
    {
        writer.Add(path, new LinkNode(Encoding.UTF8.GetBytes(target), modified));
        Files++;
    }

    public void CreateHardLink(string existing, string path)
    {
        writer.AddName(existing, path);
        Files++;
    }

    /// <summary>Writes a small file with a note of its own.</summary>
    public void WriteFile(string path, ReadOnlySpan<byte> content, RelocationNote? note)
    {
        using var file = new ImageFile(
            this,
            new InstallFile(path, ReadableByAll, SquashfsWriter.FixedTime, content.Length),
            note
        );
        file.Write(content);
        file.Complete();
    }

    /// <summary>Byte-code made here: no part of what is installed elsewhere, and not counted.</summary>
    public void WriteByteCode(string path, byte[] code)
    {
        writer.Data.Begin();
        writer.Data.Write(code);
        FileData data = writer.Data.End(out _);
        writer.Add(
            path,
            new FileNode(ReadableByAll, SquashfsWriter.FixedTime, data)
            {
                Relocation = new RelocationNote { Kind = RelocationKind.ByteCode },
            }
        );
    }

    private static RelocationNote NoteFor(PrefixPlaceholder placeholder) =>
        placeholder.Mode == PrefixFileMode.Text
            ? new RelocationNote
            {
                Kind = RelocationKind.Text,
                IsMadeHere = ReferenceEquals(placeholder, EntryPointScript.Placeholder),
            }
            : new RelocationNote
            {
                Kind = RelocationKind.Binary,
                LongestPrefix = Math.Min(Encoding.UTF8.GetByteCount(placeholder.Text), ushort.MaxValue),
            };

    private sealed class ImageFile : IInstallFile, IPrefixObserver
    {
        private readonly ImageSink _sink;
        private readonly SquashfsWriter _writer;
        private readonly InstallFile _file;
        private readonly RelocationNote? _note;
        private readonly MemoryStream? _module;
        private bool _completed;

        public ImageFile(ImageSink sink, InstallFile file, RelocationNote? note)
        {
            _sink = sink;
            _writer = sink.Writer;
            _file = file;
            _note = note;
            _module =
                sink.ByteCode is not null && ByteCodeWriter.Wants(file.Path, file.Size) ? new MemoryStream() : null;
            _writer.Data.Begin();
        }

        public void Write(ReadOnlySpan<byte> bytes)
        {
            _writer.Data.Write(bytes);
            _module?.Write(bytes);
        }

        public void OnFirstLine(ReadOnlySpan<byte> line, ReadOnlySpan<byte> placeholder, int written) =>
            _note?.OnFirstLine(line, placeholder, written);

        public void OnPrefix(long offset) => _note?.OnPrefix(offset);

        public void OnStringEnd(long offset) => _note?.OnStringEnd(offset);

        public void Complete()
        {
            FileData data = _writer.Data.End(out _);
            _writer.Add(_file.Path, new FileNode(_file.Mode, _file.Modified, data) { Relocation = _note });
            if (_module is not null)
            {
                _sink.ByteCode!.Add(_file.Path, _module.ToArray());
            }
            _sink.Files++;
            _sink.Bytes += data.Size;
            _completed = true;
        }

        public void Dispose()
        {
            _module?.Dispose();
            if (!_completed)
            {
                _writer.Data.Abandon();
            }
        }
    }
}
