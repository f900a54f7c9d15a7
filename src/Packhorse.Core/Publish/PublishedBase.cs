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
    public static PublishedBase? Of(PackDelta? delta, IDestination destination)
    {
        if (delta is not { BaseSha256: { } sha256, BaseSize: { } size })
        {
            return null;
        }
        bool isNamed = NameHash.Find(delta.BaseName) is { } hash && hash.Fits(sha256);
        string name = isNamed ? delta.BaseName : NameTemplate.WithHash(delta.BaseName).Fill(sha256);
        return new PublishedBase(name, size, destination.SizeOf(name) == size);
    }
}
