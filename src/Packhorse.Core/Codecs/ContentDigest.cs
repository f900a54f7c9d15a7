using Packhorse.Model;

namespace Packhorse.Codecs;

/// <summary>The SHA-256 of something that lies there, read from its begin to its end.</summary>
public static class ContentDigest
{
    private const int BlockBytes = 1 << 20;

    /// <param name="reporter">Told of each block.</param>
    public static Digest Of(IRandomAccess content, IReporter reporter, CancellationToken cancellation) =>
        Of(content, long.MaxValue, reporter, cancellation);

    /// <summary>Of no more than the first bytes.</summary>
    /// <inheritdoc cref="Of(IRandomAccess, IReporter, CancellationToken)"/>
    public static Digest Of(IRandomAccess content, long most, IReporter reporter, CancellationToken cancellation)
    {
        using var hash = new Sha256();
        var block = new byte[BlockBytes];
        long offset = 0;
        int count;
        while ((count = content.Read(block.AsSpan(0, (int)Math.Min(block.Length, most - offset)), offset)) > 0)
        {
            cancellation.ThrowIfCancellationRequested();
            hash.Append(block.AsSpan(0, count));
            offset += count;
            reporter.Advance(count);
        }
        return hash.Finish();
    }
}
