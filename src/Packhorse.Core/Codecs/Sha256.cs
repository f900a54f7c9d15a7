using Packhorse.Model;

namespace Packhorse.Codecs;

/// <summary>
/// SHA-256 over bytes as they come. OpenSSL's libcrypto where it is linked in statically (it uses the processor's SHA extensions),
/// the system's implementation elsewhere. Not thread-safe.
/// </summary>
public sealed partial class Sha256 : IDisposable
{
    public static Digest Hash(ReadOnlySpan<byte> bytes)
    {
        using var hash = new Sha256();
        hash.Append(bytes);
        return hash.Finish();
    }
}

/// <summary>MD5, for the few lock files that have nothing better.</summary>
public sealed partial class Md5 : IDisposable;
