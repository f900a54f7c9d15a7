using System.Runtime.InteropServices;

namespace Packhorse.Codecs.Interop;

/// <summary>openssl/sha.h and openssl/md5.h: the low-level calls, which need no provider and no configuration.</summary>
internal static unsafe partial class LibCrypto
{
    /// <summary>Room for SHA256_CTX (112 bytes) and MD5_CTX (92 bytes).</summary>
    public const int ContextBytes = 128;

    [LibraryImport("libcrypto")]
    public static partial int SHA256_Init(void* context);

    [LibraryImport("libcrypto")]
    public static partial int SHA256_Update(void* context, void* data, nuint length);

    [LibraryImport("libcrypto")]
    public static partial int SHA256_Final(byte* digest, void* context);

    /// <summary>Room for SHA512_CTX (216 bytes), of SHA-384 too.</summary>
    public const int WideContextBytes = 256;

    [LibraryImport("libcrypto")]
    public static partial int SHA384_Init(void* context);

    [LibraryImport("libcrypto")]
    public static partial int SHA512_Init(void* context);

    [LibraryImport("libcrypto")]
    public static partial int SHA512_Update(void* context, void* data, nuint length);

    [LibraryImport("libcrypto")]
    public static partial int SHA512_Final(byte* digest, void* context);

    [LibraryImport("libcrypto")]
    public static partial int MD5_Init(void* context);

    [LibraryImport("libcrypto")]
    public static partial int MD5_Update(void* context, void* data, nuint length);

    [LibraryImport("libcrypto")]
    public static partial int MD5_Final(byte* digest, void* context);
}
