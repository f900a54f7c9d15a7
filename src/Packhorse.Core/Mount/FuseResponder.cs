using System.Buffers.Binary;
using Packhorse.Image;
using Packhorse.Model;

namespace Packhorse.Mount;

/// <summary>
/// Answers the kernel's requests from a tree: bytes in, bytes out, without state but what was agreed at first. Thread-safe. Damage is an
/// error of reading to the program that reads, and is told once for each kind of request.
/// </summary>
/// <param name="bytes">Of the file system, for <c>df</c>.</param>
/// <param name="tell">Gets a sentence on damage; may be called by any thread.</param>
internal sealed class FuseResponder(IImageTree tree, FuseOwner owner, long bytes, Action<string> tell)
{
    /// <summary>No answer is longer: a full read and the header.</summary>
    public const int MostAnswerBytes = FuseConnection.MostReadBytes + FuseFormat.AnswerHeaderBytes;

    private const int ENOENT = 2;
    private const int EIO = 5;
    private const int ENOTDIR = 20;
    private const int EINVAL = 22;
    private const int ENOTTY = 25;
    private const int EROFS = 30;
    private const int ENOSYS = 38;

    // struct fuse_read_in: handle (8), offset (8), size (4), flags (4), lock owner (8), open flags (4), padding (4).
    private const int ReadRequestBytes = 40;

    private readonly FuseNodes _nodes = new(tree.Root);
    private volatile FuseConnection? _connection;
    private readonly System.Threading.Lock _telling = new();
    private bool _told;

    /// <summary>True when the kernel's first request has been answered.</summary>
    public bool IsConnected => _connection is not null;

    /// <summary>Answers one request.</summary>
    /// <param name="request">Header and body as the device gives them.</param>
    /// <param name="answer">At least <see cref="MostAnswerBytes"/>.</param>
    /// <returns>Bytes of the answer, header included; 0 when none is wanted.</returns>
    public int Answer(ReadOnlySpan<byte> request, Span<byte> answer)
    {
        if (request.Length < FuseFormat.RequestHeaderBytes)
        {
            return 0;
        }
        var opcode = (FuseOpcode)BinaryPrimitives.ReadUInt32LittleEndian(request[4..]);
        if (opcode is FuseOpcode.Forget or FuseOpcode.BatchForget)
        {
            // Nodes are places in the image: there is nothing to forget.
            return 0;
        }
        ulong unique = BinaryPrimitives.ReadUInt64LittleEndian(request[8..]);
        ulong node = BinaryPrimitives.ReadUInt64LittleEndian(request[16..]);
        int result;
        try
        {
            result = Carry(
                opcode,
                node,
                request[FuseFormat.RequestHeaderBytes..],
                answer[FuseFormat.AnswerHeaderBytes..]
            );
        }
        catch (PackhorseException damage)
        {
            result = -EIO;
            string hint = damage.Hint is null ? "" : $"; {damage.Hint}";
            Tell($"a program got an error of reading: {damage.Message}{hint}");
        }
        catch (Exception unexpected) when (unexpected is not OutOfMemoryException)
        {
            result = -EIO;
            Tell($"a program got an error of reading, which is a fault of Packhorse: {unexpected.GetType().Name}");
        }
        catch (OutOfMemoryException)
        {
            result = -EIO;
            Tell("a program got an error of reading: the server of the mount has no more memory");
        }
        int length = FuseFormat.AnswerHeaderBytes + Math.Max(0, result);
        FuseFormat.WriteHeader(answer, length, Math.Min(0, result), unique);
        return length;
    }

    // One sentence: what follows from the same damage would fill the job's log. It is told before anybody gets such an error, whichever
    // thread answers: a command may end by it at once.
    private void Tell(string sentence)
    {
        lock (_telling)
        {
            if (!_told)
            {
                tell(sentence);
                _told = true;
            }
        }
    }

    /// <returns>Bytes written to <paramref name="answer"/>, or an error number with a minus.</returns>
    private int Carry(FuseOpcode opcode, ulong node, ReadOnlySpan<byte> body, Span<byte> answer)
    {
        switch (opcode)
        {
            case FuseOpcode.Lookup:
                return Lookup(_nodes.InodeOf(node), body, answer);
            case FuseOpcode.Read:
                return Read(_nodes.InodeOf(node), body, answer);
            case FuseOpcode.GetAttributes:
                FuseFormat.WriteAttributesAnswer(answer, tree.Attributes(_nodes.InodeOf(node)), owner);
                return FuseFormat.AttributesAnswerBytes;
            case FuseOpcode.ReadDirectoryPlus:
                return List(_nodes.InodeOf(node), body, answer, plus: true);
            case FuseOpcode.ReadDirectory:
                return List(_nodes.InodeOf(node), body, answer, plus: false);
            case FuseOpcode.ReadLink:
                byte[] text = tree.ReadLink(_nodes.InodeOf(node));
                text.CopyTo(answer);
                return text.Length;
            case FuseOpcode.Open:
                return Open(_connection?.WithoutOpen == true, FuseFormat.KeepsCache, answer);
            case FuseOpcode.OpenDirectory:
                uint flags = FuseFormat.KeepsCache | FuseFormat.CachesDirectory;
                return Open(_connection?.WithoutOpenDirectory == true, flags, answer);
            case FuseOpcode.Release:
            case FuseOpcode.ReleaseDirectory:
            case FuseOpcode.Destroy:
                return 0;
            case FuseOpcode.StatFileSystem:
                FuseFormat.WriteFileSystem(answer, bytes, tree.InodeCount);
                return FuseFormat.FileSystemBytes;
            case FuseOpcode.Initialize:
                return Initialize(body, answer);
            // What open() of many languages asks to find out whether a file is a terminal.
            case FuseOpcode.IoControl:
                return -ENOTTY;
            default:
                // Of the rest the kernel takes this for an answer for good: no extended attributes, no locks of ours, no holes.
                return Changes(opcode) ? -EROFS : -ENOSYS;
        }
    }

    private static bool Changes(FuseOpcode opcode) =>
        opcode
            is FuseOpcode.SetAttributes
                or FuseOpcode.SymbolicLink
                or FuseOpcode.MakeNode
                or FuseOpcode.MakeDirectory
                or FuseOpcode.Unlink
                or FuseOpcode.RemoveDirectory
                or FuseOpcode.Rename
                or FuseOpcode.Rename2
                or FuseOpcode.Link
                or FuseOpcode.Write
                or FuseOpcode.Create
                or FuseOpcode.Allocate
                or FuseOpcode.SetExtendedAttribute
                or FuseOpcode.RemoveExtendedAttribute;

    private int Initialize(ReadOnlySpan<byte> body, Span<byte> answer)
    {
        if (body.Length < 16)
        {
            return -EINVAL;
        }
        (int length, FuseConnection? agreed) = FuseConnection.Negotiate(body, answer);
        _connection = agreed;
        return length;
    }

    private int Lookup(InodeReference directory, ReadOnlySpan<byte> body, Span<byte> answer)
    {
        int end = body.IndexOf((byte)0);
        if (end < 0)
        {
            return -EINVAL;
        }
        if (tree.TryLookup(directory, body[..end], out InodeReference inode))
        {
            FuseFormat.WriteEntry(answer, _nodes.NodeOf(inode), tree.Attributes(inode), owner);
        }
        else if (tree.Attributes(directory).Kind != InodeKind.Directory)
        {
            return -ENOTDIR;
        }
        else
        {
            FuseFormat.WriteAbsence(answer);
        }
        return FuseFormat.EntryBytes;
    }

    private int Read(InodeReference file, ReadOnlySpan<byte> body, Span<byte> answer)
    {
        if (body.Length < ReadRequestBytes)
        {
            return -EINVAL;
        }
        long offset = BinaryPrimitives.ReadInt64LittleEndian(body[8..]);
        uint size = BinaryPrimitives.ReadUInt32LittleEndian(body[16..]);
        int wanted = (int)Math.Min(size, FuseConnection.MostReadBytes);
        return offset < 0 ? -EINVAL : tree.Read(file, offset, answer[..wanted]);
    }

    private static int Open(bool needless, uint flags, Span<byte> answer)
    {
        if (needless)
        {
            return -ENOSYS;
        }
        FuseFormat.WriteOpened(answer, flags);
        return FuseFormat.OpenBytes;
    }

    // Positions: 1 after ".", 2 after "..", then what the tree calls the next one plus 2.
    private int List(InodeReference directory, ReadOnlySpan<byte> body, Span<byte> answer, bool plus)
    {
        if (body.Length < ReadRequestBytes)
        {
            return -EINVAL;
        }
        long position = BinaryPrimitives.ReadInt64LittleEndian(body[8..]);
        uint size = BinaryPrimitives.ReadUInt32LittleEndian(body[16..]);
        Span<byte> room = answer[..(int)Math.Min(size, FuseConnection.MostReadBytes)];
        int done = 0;
        if (position < 0)
        {
            return -ENOENT;
        }
        if (position <= 1)
        {
            done += ListSpecial(directory, position, room, plus);
            position = 2;
        }
        IDirectoryCursor cursor = tree.OpenDirectory(directory, position - 2);
        while (cursor.MoveNext())
        {
            int length = FuseFormat.ListedBytes(cursor.Name.Length, plus);
            if (length > room.Length - done)
            {
                break;
            }
            Span<byte> entry = room[done..];
            InodeAttributes attributes = tree.Attributes(cursor.Inode);
            if (plus)
            {
                FuseFormat.WriteEntry(entry, _nodes.NodeOf(cursor.Inode), attributes, owner);
            }
            done += FuseFormat.WriteListed(entry, cursor.Name, attributes.Number, cursor.Kind, cursor.Next + 2, plus);
        }
        return done;
    }

    // "." and ".."; a listing always has room for both.
    private int ListSpecial(InodeReference directory, long position, Span<byte> room, bool plus)
    {
        int done = 0;
        if (position == 0 && FuseFormat.ListedBytes(1, plus) <= room.Length)
        {
            done += ListSpecial(room, "."u8, directory, 1, plus);
        }
        if (FuseFormat.ListedBytes(2, plus) <= room.Length - done)
        {
            done += ListSpecial(room[done..], ".."u8, tree.Parent(directory), 2, plus);
        }
        return done;
    }

    private int ListSpecial(Span<byte> room, ReadOnlySpan<byte> name, InodeReference inode, long next, bool plus)
    {
        if (plus)
        {
            room[..FuseFormat.EntryBytes].Clear();
        }
        uint number = tree.Attributes(inode).Number;
        return FuseFormat.WriteListed(room, name, number, InodeKind.Directory, next, plus);
    }
}

/// <summary>Inodes of an image as nodes of the kernel, of which 1 is the root and 0 none.</summary>
internal readonly struct FuseNodes(InodeReference root)
{
    private const ulong Shift = 2;

    public ulong NodeOf(InodeReference inode) => inode == root ? FuseFormat.RootNode : inode.Value + Shift;

    public InodeReference InodeOf(ulong node) => node <= FuseFormat.RootNode ? root : new InodeReference(node - Shift);
}
