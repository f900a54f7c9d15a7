namespace Packhorse.Codecs;

/// <summary>SHA-512 or SHA-384, which wheels may have in their lists. Bound as <see cref="Sha256"/>. Not thread-safe.</summary>
public sealed partial class Sha512 : IDisposable
{
    /// <summary>Of SHA-512.</summary>
    public const int Bytes = 64;

    /// <summary>Of SHA-384.</summary>
    public const int ShortBytes = 48;
}
