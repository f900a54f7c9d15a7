using System.Text;
using Packhorse.Os;

namespace Packhorse.Output;

/// <summary>Writers over the process's standard streams.</summary>
internal static class SafeWriter
{
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false);

    /// <summary>Messages: where they cannot be written, the work goes on without them, and the exit code still tells.</summary>
    public static TextWriter ForMessages() =>
        OperatingSystem.IsLinux() && !StandardDescriptors.IsInherited(StandardDescriptors.Error)
            ? TextWriter.Null
            : Over(new ForgivingStream(Console.OpenStandardError()));

    /// <summary>Data: where they cannot be written, the command has failed.</summary>
    public static TextWriter ForData(Func<Stream> open) => Over(new LateStream(open));

    private static TextWriter Over(Stream stream) =>
        TextWriter.Synchronized(new StreamWriter(stream, Utf8) { AutoFlush = true });

    private abstract class WriteOnlyStream : Stream
    {
        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

        public override void Flush() { }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();
    }

    private sealed class ForgivingStream(Stream below) : WriteOnlyStream
    {
        public override void Write(ReadOnlySpan<byte> buffer)
        {
            try
            {
                below.Write(buffer);
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                // A full disk or a log that nobody reads any more is no reason to lose the work.
            }
        }
    }

    /// <summary>Opened with the first byte: a command that says nothing needs no standard output.</summary>
    private sealed class LateStream(Func<Stream> open) : WriteOnlyStream
    {
        private Stream? _below;

        public override void Write(ReadOnlySpan<byte> buffer)
        {
            if (!buffer.IsEmpty)
            {
                (_below ??= open()).Write(buffer);
            }
        }
    }
}
