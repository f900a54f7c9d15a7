using System.Text;
using Packhorse.Commands;
using Packhorse.Output;

namespace Packhorse.Tests.BadInput;

/// <summary>What a run of the command line left behind: its exit code and what it said.</summary>
internal sealed record CliResult(int ExitCode, byte[] Output, string Error)
{
    public string Text => Encoding.UTF8.GetString(Output);
}

/// <summary>The command line in this process, with streams in memory.</summary>
internal static class Cli
{
    public static CliResult Run(params string[] arguments) => Run(ReadOnlyMemory<byte>.Empty, arguments);

    /// <param name="input">Standard input.</param>
    public static CliResult Run(ReadOnlyMemory<byte> input, params string[] arguments) =>
        Run(new MemoryStream(input.ToArray()), new Interruption(), arguments);

    public static CliResult Run(Stream input, Interruption interruption, params string[] arguments)
    {
        using var output = new MemoryStream();
        using var text = new StreamWriter(output, new UTF8Encoding(false)) { AutoFlush = true };
        var error = new StringWriter();
        int exitCode = CommandLine.Run(
            arguments,
            new Terminal
            {
                OpenInput = () => input,
                OpenOutput = () => new NotOwned(output),
                Out = text,
                Error = TextWriter.Synchronized(error),
                Interruption = interruption,
            }
        );
        return new CliResult(exitCode, output.ToArray(), error.ToString());
    }

    private sealed class NotOwned(MemoryStream below) : Stream
    {
        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => below.Length;

        public override long Position
        {
            get => below.Position;
            set => throw new NotSupportedException();
        }

        public override void Flush() { }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => below.Write(buffer, offset, count);
    }
}
