using System.Runtime.InteropServices;

namespace Packhorse.Codecs.Interop;

/// <summary>zstd.h.</summary>
internal static unsafe partial class LibZstd
{
    public const int ZSTD_d_windowLogMax = 100;

    [LibraryImport("libzstd")]
    public static partial void* ZSTD_createDCtx();

    [LibraryImport("libzstd")]
    public static partial nuint ZSTD_freeDCtx(void* context);

    [LibraryImport("libzstd")]
    public static partial nuint ZSTD_DCtx_setParameter(void* context, int parameter, int value);

    [LibraryImport("libzstd")]
    public static partial nuint ZSTD_decompressStream(void* context, Buffer* output, Buffer* input);

    [LibraryImport("libzstd")]
    public static partial void* ZSTD_createCCtx();

    [LibraryImport("libzstd")]
    public static partial nuint ZSTD_freeCCtx(void* context);

    [LibraryImport("libzstd")]
    public static partial nuint ZSTD_compressCCtx(
        void* context,
        byte* destination,
        nuint capacity,
        byte* source,
        nuint size,
        int level
    );

    [LibraryImport("libzstd")]
    public static partial nuint ZSTD_compressBound(nuint size);

    [LibraryImport("libzstd")]
    public static partial nuint ZSTD_decompressDCtx(
        void* context,
        void* destination,
        nuint capacity,
        void* source,
        nuint length
    );

    [LibraryImport("libzstd")]
    public static partial uint ZSTD_isError(nuint code);

    [LibraryImport("libzstd")]
    private static partial byte* ZSTD_getErrorName(nuint code);

    public static string ErrorName(nuint code) => Marshal.PtrToStringUTF8((nint)ZSTD_getErrorName(code)) ?? "";

    /// <summary>ZSTD_inBuffer and ZSTD_outBuffer have the same layout.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct Buffer
    {
        public byte* Start;
        public nuint Size;
        public nuint Position;
    }
}
