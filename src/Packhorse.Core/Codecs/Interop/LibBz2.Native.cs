using System.Runtime.InteropServices;

namespace Packhorse.Codecs.Interop;

/// <summary>bzlib.h.</summary>
internal static unsafe partial class LibBz2
{
    public const int BZ_OK = 0;
    public const int BZ_STREAM_END = 4;

    [LibraryImport("libbz2")]
    public static partial int BZ2_bzDecompressInit(Stream* stream, int verbosity, int small);

    [LibraryImport("libbz2")]
    public static partial int BZ2_bzDecompress(Stream* stream);

    [LibraryImport("libbz2")]
    public static partial int BZ2_bzDecompressEnd(Stream* stream);

    /// <summary>bz_stream.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct Stream
    {
        public byte* NextIn;
        public uint AvailableIn;
        public uint TotalInLow;
        public uint TotalInHigh;
        public byte* NextOut;
        public uint AvailableOut;
        public uint TotalOutLow;
        public uint TotalOutHigh;
        public void* State;
        public void* Allocate;
        public void* Free;
        public void* Opaque;
    }
}
