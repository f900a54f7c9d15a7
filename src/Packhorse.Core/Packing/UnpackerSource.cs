using Packhorse.Fetch;
using Packhorse.Model;

namespace Packhorse.Packing;

/// <summary>Where the program comes from that a self-extracting file is to carry: <c>PATH</c> or <c>URL</c>, and <c>#sha256=HEX</c> after it.</summary>
public sealed class UnpackerSource
{
    private const string DigestLabel = "#sha256=";

    private readonly string _location;
    private readonly Digest? _sha256;

    private UnpackerSource(string location, Digest? sha256) => (_location, _sha256) = (location, sha256);

    /// <exception cref="UsageException">What stands after <c>#sha256=</c> is no digest.</exception>
    public static UnpackerSource Parse(string text)
    {
        int label = text.LastIndexOf(DigestLabel, StringComparison.Ordinal);
        if (label < 0)
        {
            return new UnpackerSource(text, null);
        }
        return Digest.TryParse(text[(label + DigestLabel.Length)..], out Digest sha256)
            ? new UnpackerSource(text[..label], sha256)
            : throw new UsageException(
                ErrorCodes.BadArguments,
                $"{Redaction.Quote(text)}: after {DigestLabel} come 64 hexadecimal digits"
            );
    }

    /// <summary>Without secrets, for messages.</summary>
    public override string ToString() => Redaction.Quote(_location);

    /// <summary>Brings it, and compares it with its digest; one from the network without a digest is warned of.</summary>
    /// <exception cref="PackhorseException">It cannot be read, is not what its digest says, or is far too large.</exception>
    public async Task<byte[]> ReadAsync((Fetcher Fetcher, IReporter Reporter) through, CancellationToken cancellation)
    {
        through.Reporter.BeginStage("Bringing the unpacker", 0, 0);
        var target = new MemoryTarget(this);
        FetchedContent content = await through
            .Fetcher.FetchAsync(
                new FetchRequest
                {
                    Url = _location,
                    Name = ToString(),
                    Expected = new ExpectedContent(null, _sha256, null),
                },
                target,
                cancellation
            )
            .ConfigureAwait(false);
        if (_sha256 is null && Source.Parse(_location).Url is not null)
        {
            through.Reporter.Warn(
                $"nothing vouches for {this}: if it is what you mean, write {DigestLabel}{content.Sha256} after it"
            );
        }
        return target.Content[..(int)content.Length];
    }

    private sealed class MemoryTarget(UnpackerSource source) : IFetchTarget
    {
        private byte[] _content = [];

        public byte[] Content => _content;

        public void Begin(long? totalLength) => Require(totalLength ?? 0);

        public void Write(long offset, ReadOnlySpan<byte> bytes)
        {
            long end = offset + bytes.Length;
            Require(end);
            if (end > _content.Length)
            {
                Array.Resize(ref _content, (int)Math.Max(end, Math.Min(2L * _content.Length, RuntimeImage.MostBytes)));
            }
            bytes.CopyTo(_content.AsSpan((int)offset));
        }

        public void Restart() { }

        private void Require(long length)
        {
            if (length > RuntimeImage.MostBytes)
            {
                throw new UsageException(
                    ErrorCodes.NotARuntime,
                    $"{source} has more than {RuntimeImage.MostBytes >> 20} MiB: it is no unpacker"
                );
            }
        }
    }
}
