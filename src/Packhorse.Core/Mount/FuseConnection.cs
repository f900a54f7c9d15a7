using System.Buffers.Binary;

namespace Packhorse.Mount;

/// <summary>What the kernel and this server have agreed on in the kernel's first request (FUSE_INIT).</summary>
internal sealed record FuseConnection
{
    /// <summary>Bytes of an answer to FUSE_INIT, its header not counted.</summary>
    public const int AnswerBytes = 64;

    /// <summary>The most that a read asks for: 256 pages.</summary>
    public const int MostReadBytes = 1 << 20;

    /// <summary>Reads that the kernel has under way ahead of programs; who asks for more waits.</summary>
    public const int MostInBackground = 64;

    private const uint Major = 7;
    private const uint Minor = 31;

    // From 7.23 on the answer is longer than its first 24 bytes.
    private const uint MinorOfLongAnswer = 23;
    private const int ShortAnswerBytes = 24;

    private const int MostPages = 256;
    private const int MostWriteBytes = 4096;
    private const int CongestedFrom = 48;

    private const uint AsyncRead = 1 << 0;
    private const uint ReadDirectoryPlus = 1 << 13;
    private const uint ReadDirectoryPlusWhereUseful = 1 << 14;
    private const uint NoOpen = 1 << 17;
    private const uint ParallelDirectories = 1 << 18;
    private const uint MaxPages = 1 << 22;
    private const uint CachedLinks = 1 << 23;
    private const uint NoOpenDirectory = 1 << 24;
    private const uint KeepsData = 1 << 25;

    private const uint Wanted =
        AsyncRead
        | ReadDirectoryPlus
        | ReadDirectoryPlusWhereUseful
        | NoOpen
        | ParallelDirectories
        | MaxPages
        | CachedLinks
        | NoOpenDirectory
        | KeepsData;

    /// <summary>Files need not be opened: the kernel takes "no such call" for a success once and for all.</summary>
    public bool WithoutOpen { get; private init; }

    /// <summary>Directories need not be opened.</summary>
    public bool WithoutOpenDirectory { get; private init; }

    /// <summary>Answers the request.</summary>
    /// <param name="request">struct fuse_init_in.</param>
    /// <returns>The bytes of the answer, and what was agreed; null when the kernel has to ask again, or cannot be served.</returns>
    public static (int Length, FuseConnection? Agreed) Negotiate(ReadOnlySpan<byte> request, Span<byte> answer)
    {
        answer[..AnswerBytes].Clear();
        uint major = BinaryPrimitives.ReadUInt32LittleEndian(request);
        BinaryPrimitives.WriteUInt32LittleEndian(answer, Major);
        BinaryPrimitives.WriteUInt32LittleEndian(answer[4..], Minor);
        if (major != Major)
        {
            // A newer kernel asks again with our version; there are no older ones.
            return (AnswerBytes, null);
        }
        uint minor = BinaryPrimitives.ReadUInt32LittleEndian(request[4..]);
        uint readAhead = BinaryPrimitives.ReadUInt32LittleEndian(request[8..]);
        uint flags = BinaryPrimitives.ReadUInt32LittleEndian(request[12..]) & Wanted;
        BinaryPrimitives.WriteUInt32LittleEndian(answer[8..], Math.Max(readAhead, MostReadBytes));
        BinaryPrimitives.WriteUInt32LittleEndian(answer[12..], flags);
        BinaryPrimitives.WriteUInt16LittleEndian(answer[16..], MostInBackground);
        BinaryPrimitives.WriteUInt16LittleEndian(answer[18..], CongestedFrom);
        BinaryPrimitives.WriteUInt32LittleEndian(answer[20..], MostWriteBytes);
        BinaryPrimitives.WriteUInt32LittleEndian(answer[24..], 1); // nanoseconds that times are exact to
        BinaryPrimitives.WriteUInt16LittleEndian(answer[28..], MostPages);
        var agreed = new FuseConnection
        {
            WithoutOpen = (flags & NoOpen) != 0,
            WithoutOpenDirectory = (flags & NoOpenDirectory) != 0,
        };
        return (minor < MinorOfLongAnswer ? ShortAnswerBytes : AnswerBytes, agreed);
    }
}
