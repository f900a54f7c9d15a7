using Packhorse.Model;

namespace Packhorse.Fetch;

/// <summary>One file to bring.</summary>
public sealed class FetchRequest
{
    /// <summary>As <see cref="Source.Parse"/> takes it; mirrors apply to it. May hold secrets: never shown as it is.</summary>
    public required string Url { get; init; }

    /// <summary>What messages call the file, such as <c>numpy-2.3.1-py313h17eae1a_0.conda</c>.</summary>
    public required string Name { get; init; }

    /// <summary>What the bytes must be. SHA-256 is compared where there is one, else MD5.</summary>
    public ExpectedContent Expected { get; init; }

    /// <summary>What the bytes must be where <see cref="Expected"/> has no digest: digits in a name.</summary>
    public ContentRule? Rule { get; init; }

    /// <summary>Further URLs of the same file, asked in this order when those before fail. Mirrors do not apply to them.</summary>
    public IReadOnlyList<string> Alternatives { get; init; } = [];

    /// <summary>The first wrong bytes end the download: the caller knows where right ones are.</summary>
    public bool EndsAtWrongBytes { get; init; }

    /// <summary>
    /// Bytes that an earlier run has left in the target, from offset 0: read to its end and hashed before the first request, which
    /// then asks for what follows. Without a digest to check the whole by it is not used: <see cref="IFetchTarget.Restart"/> comes
    /// first. The caller disposes it.
    /// </summary>
    public Stream? Prefix { get; init; }
}

/// <summary>
/// Takes the bytes of one download. Called by one thread at a time, though not always the same; what it throws ends the download
/// and reaches the caller as it is.
/// </summary>
public interface IFetchTarget
{
    /// <summary>Before the first <see cref="Write"/>, and again before the first one after a <see cref="Restart"/>.</summary>
    /// <param name="totalLength">Bytes of the whole file, or null when nobody has said so.</param>
    void Begin(long? totalLength);

    /// <summary>The next bytes: <paramref name="offset"/> is where the last ones ended, or where the prefix did.</summary>
    void Write(long offset, ReadOnlySpan<byte> bytes);

    /// <summary>All bytes so far, the prefix too, are void; the next ones come for offset 0.</summary>
    void Restart();
}

/// <summary>What a whole file must be, where its digest is not fully known.</summary>
/// <param name="Wanted">For messages, such as "a digest that begins with 1a2b3c4d".</param>
/// <param name="Accepts">Asked with the SHA-256 of all bytes, which are in the target.</param>
public sealed record ContentRule(string Wanted, Func<Digest, bool> Accepts);

/// <summary>What was brought: compared with what was expected, as far as something was.</summary>
/// <param name="Length">Bytes.</param>
public readonly record struct FetchedContent(long Length, Digest Sha256);
