using System.Net;
using Packhorse.Codecs;
using Packhorse.Fetch;
using Packhorse.Model;
using Packhorse.Os;

namespace Packhorse.Publish;

/// <summary>The bytes of a file as the body of a request. The last of them are held back where the file has changed meanwhile.</summary>
internal sealed class UploadContent : HttpContent
{
    private readonly LocalFile _file;
    private readonly CancellationTokenSource _limit;
    private readonly FetchOptions _options;
    private readonly IReporter _reporter;

    /// <param name="limit">Of the whole exchange; moved on by each block that the server takes.</param>
    public UploadContent(LocalFile file, CancellationTokenSource limit, FetchOptions options, IReporter reporter)
    {
        (_file, _limit, _options, _reporter) = (file, limit, options, reporter);
        Headers.ContentLength = file.Size;
    }

    /// <summary>Bytes that the server took.</summary>
    public long Sent { get; private set; }

    protected override bool TryComputeLength(out long length)
    {
        length = _file.Size;
        return true;
    }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(
        Stream stream,
        TransportContext? context,
        CancellationToken cancellationToken
    )
    {
        using InputFile input = InputFile.Open(_file.Path);
        using var hash = new Sha256();
        var block = new byte[LocalFile.BlockBytes];
        while (Sent < _file.Size)
        {
            int count = input.Read(block.AsSpan(0, (int)Math.Min(block.Length, _file.Size - Sent)), Sent);
            hash.Append(block.AsSpan(0, count));
            bool isLast = Sent + count == _file.Size;
            if (count == 0 || (isLast && (input.Length != _file.Size || hash.Finish() != _file.Sha256)))
            {
                throw DirectoryDestination.Changed(_file);
            }
            _limit.CancelAfter(_options.SilenceTimeout);
            await stream.WriteAsync(block.AsMemory(0, count), cancellationToken).ConfigureAwait(false);
            Sent += count;
            _reporter.Advance(count);
        }
        _limit.CancelAfter(_options.FirstByteTimeout);
    }
}
