using Packhorse.Model;
using Packhorse.Pack;

namespace Packhorse.Publish;

/// <summary>The base of a delta where the delta is published: jobs need both.</summary>
/// <param name="Name">The name that it has there, or would get.</param>
/// <param name="Size">Bytes.</param>
/// <param name="IsThere">A file of that name and size is there.</param>
public sealed record PublishedBase(string Name, long Size, bool IsThere)
{
    /// <returns>Null of what is no delta, and where the base was a directory, which cannot be published.</returns>
    public static async Task<PublishedBase?> OfAsync(
        PackDelta? delta,
        IDestination destination,
        CancellationToken cancellation
    )
    {
        if (delta is not { BaseSha256: { } sha256, BaseSize: { } size })
        {
            return null;
        }
        bool isNamed = NameHash.Find(delta.BaseName) is { } hash && hash.Fits(sha256);
        string name = isNamed ? delta.BaseName : NameTemplate.WithHash(delta.BaseName).Fill(sha256);
        long? there = await destination.SizeOfAsync(name, cancellation).ConfigureAwait(false);
        return new PublishedBase(name, size, there == size);
    }
}
