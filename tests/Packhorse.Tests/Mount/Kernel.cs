using System.Buffers.Binary;
using System.Text;
using Packhorse.Mount;

namespace Packhorse.Tests.Mount;

/// <summary>The kernel's side of the protocol: requests as Linux writes them, answers taken apart.</summary>
internal sealed class Kernel(Func<byte[], byte[]> exchange)
{
    public const uint EveryFlag = uint.MaxValue;

    private ulong _unique;

    /// <summary>An answer: its error number, positive, and what follows the header.</summary>
    internal readonly record struct Reply(int Error, byte[] Body)
    {
        public ulong Word(int offset) => BinaryPrimitives.ReadUInt64LittleEndian(Body.AsSpan(offset));

        public uint Half(int offset) => BinaryPrimitives.ReadUInt32LittleEndian(Body.AsSpan(offset));
    }

    /// <summary>One entry of a listing.</summary>
    internal readonly record struct Listed(string Name, ulong Node, ulong Number, uint Type, long Next);

    public Reply Initialize(uint flags = EveryFlag, uint major = 7, uint minor = 45)
    {
        byte[] body = new byte[64];
        BinaryPrimitives.WriteUInt32LittleEndian(body, major);
        BinaryPrimitives.WriteUInt32LittleEndian(body.AsSpan(4), minor);
        BinaryPrimitives.WriteUInt32LittleEndian(body.AsSpan(8), 128 << 10);
        BinaryPrimitives.WriteUInt32LittleEndian(body.AsSpan(12), flags);
        return Ask(FuseOpcode.Initialize, 0, body);
    }

    public Reply Lookup(ulong directory, string name) =>
        Ask(FuseOpcode.Lookup, directory, Encoding.UTF8.GetBytes(name + '\0'));

    /// <summary>The node of a path below the root.</summary>
    public ulong Walk(string path) => path.Split('/').Aggregate(1UL, (node, name) => Lookup(node, name).Word(0));

    public Reply Read(ulong node, long offset, int size) => Ask(FuseOpcode.Read, node, ReadRequest(offset, size));

    public List<Listed> List(ulong node, bool plus, int size)
    {
        var all = new List<Listed>();
        long position = 0;
        while (true)
        {
            FuseOpcode opcode = plus ? FuseOpcode.ReadDirectoryPlus : FuseOpcode.ReadDirectory;
            Reply reply = Ask(opcode, node, ReadRequest(position, size));
            Assert.Equal(0, reply.Error);
            Assert.InRange(reply.Body.Length, 0, size);
            if (reply.Body.Length == 0)
            {
                return all;
            }
            for (int at = 0; at < reply.Body.Length; )
            {
                ulong entryNode = plus ? reply.Word(at) : 0;
                int entry = at + (plus ? 128 : 0);
                int length = (int)reply.Half(entry + 16);
                position = (long)reply.Word(entry + 8);
                string name = Encoding.UTF8.GetString(reply.Body, entry + 24, length);
                all.Add(new Listed(name, entryNode, reply.Word(entry), reply.Half(entry + 20), position));
                at = entry + ((24 + length + 7) & ~7);
            }
        }
    }

    public Reply Ask(FuseOpcode opcode, ulong node, params byte[] body)
    {
        byte[] request = new byte[40 + body.Length];
        BinaryPrimitives.WriteInt32LittleEndian(request, request.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(request.AsSpan(4), (uint)opcode);
        BinaryPrimitives.WriteUInt64LittleEndian(request.AsSpan(8), ++_unique);
        BinaryPrimitives.WriteUInt64LittleEndian(request.AsSpan(16), node);
        body.CopyTo(request, 40);
        byte[] answer = exchange(request);
        if (answer.Length == 0)
        {
            return default;
        }
        Assert.Equal(answer.Length, BinaryPrimitives.ReadInt32LittleEndian(answer));
        Assert.Equal(_unique, BinaryPrimitives.ReadUInt64LittleEndian(answer.AsSpan(8)));
        return new Reply(-BinaryPrimitives.ReadInt32LittleEndian(answer.AsSpan(4)), answer[16..]);
    }

    public static byte[] ReadRequest(long offset, int size)
    {
        byte[] body = new byte[40];
        BinaryPrimitives.WriteInt64LittleEndian(body.AsSpan(8), offset);
        BinaryPrimitives.WriteInt32LittleEndian(body.AsSpan(16), size);
        return body;
    }
}
