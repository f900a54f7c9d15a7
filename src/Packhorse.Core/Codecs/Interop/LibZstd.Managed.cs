using System.Runtime.InteropServices;
using ZstdSharp.Unsafe;

namespace Packhorse.Codecs.Interop;

/// <summary>The calls of zstd.h that are used here, answered by the managed port.</summary>
internal static unsafe class LibZstd
{
    public const int ZSTD_d_windowLogMax = 100;

    public static void* ZSTD_createDCtx() => Methods.ZSTD_createDCtx();

    public static nuint ZSTD_freeDCtx(void* context) => Methods.ZSTD_freeDCtx((ZSTD_DCtx_s*)context);

    public static nuint ZSTD_DCtx_setParameter(void* context, int parameter, int value) =>
        Methods.ZSTD_DCtx_setParameter((ZSTD_DCtx_s*)context, (ZSTD_dParameter)parameter, value);

    public static nuint ZSTD_decompressStream(void* context, Buffer* output, Buffer* input) =>
        Methods.ZSTD_decompressStream((ZSTD_DCtx_s*)context, (ZSTD_outBuffer_s*)output, (ZSTD_inBuffer_s*)input);

    public static void* ZSTD_createCCtx() => Methods.ZSTD_createCCtx();

    public static nuint ZSTD_freeCCtx(void* context) => Methods.ZSTD_freeCCtx((ZSTD_CCtx_s*)context);

    public static nuint ZSTD_compressCCtx(
        void* context,
        byte* destination,
        nuint capacity,
        byte* source,
        nuint size,
        int level
    ) => Methods.ZSTD_compressCCtx((ZSTD_CCtx_s*)context, destination, capacity, source, size, level);

    public static nuint ZSTD_compressBound(nuint size) => Methods.ZSTD_compressBound(size);

    public static nuint ZSTD_decompressDCtx(
        void* context,
        void* destination,
        nuint capacity,
        void* source,
        nuint length
    ) => Methods.ZSTD_decompressDCtx((ZSTD_DCtx_s*)context, destination, capacity, source, length);

    public static uint ZSTD_isError(nuint code) => Methods.ZSTD_isError(code) ? 1u : 0u;

    public static string ErrorName(nuint code) => Methods.ZSTD_getErrorName(code);

    /// <summary>ZSTD_inBuffer and ZSTD_outBuffer have the same layout.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct Buffer
    {
        public byte* Start;
        public nuint Size;
        public nuint Position;
    }
}
