using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Packhorse.Model;
using Packhorse.Os.Interop;

namespace Packhorse.Os;

/// <summary>What came over a <see cref="PacketSocket"/>.</summary>
/// <param name="Bytes">Empty when the other side is gone.</param>
/// <param name="Descriptors">What it passed along.</param>
public sealed record Packet(byte[] Bytes, IReadOnlyList<Descriptor> Descriptors);

/// <summary>Messages between processes of one machine, whole or not at all, with open descriptors beside them.</summary>
[SupportedOSPlatform("linux")]
public sealed unsafe class PacketSocket : IDisposable
{
    private const int MostBytes = 16 << 10;
    private const int MostDescriptors = 4;

    // struct cmsghdr: length (8 bytes), level, type; then the data.
    private const int ControlHeader = 16;
    private const int ControlBytes = ControlHeader + (MostDescriptors * sizeof(int));

    private readonly Descriptor _descriptor;

    /// <param name="descriptor">An open socket; closed with this.</param>
    public PacketSocket(Descriptor descriptor) => _descriptor = descriptor;

    public int Number => _descriptor.Number;

    /// <summary>Two ends of one connection.</summary>
    public static (PacketSocket One, PacketSocket Other) Pair()
    {
        int* ends = stackalloc int[2];
        if (LibC.socketpair(LibC.AF_UNIX, LibC.SOCK_SEQPACKET | LibC.SOCK_CLOEXEC, 0, ends) != 0)
        {
            throw SystemErrors.LastError("make", "a pair of sockets");
        }
        return (new PacketSocket(new Descriptor(ends[0])), new PacketSocket(new Descriptor(ends[1])));
    }

    /// <summary>Listens at a name in a directory, which must be private to this user. A name that is there already is replaced.</summary>
    public static PacketSocket Listen(string directory, string name)
    {
        FileTree.DeleteFile(Path.Combine(directory, name));
        return At(directory, name, (fd, address, length) => LibC.bind(fd, address, length), "listen at", 16);
    }

    /// <summary>Connects to whoever listens there.</summary>
    /// <exception cref="PackhorseException">Nobody does.</exception>
    public static PacketSocket Connect(string directory, string name) =>
        At(directory, name, (fd, address, length) => LibC.connect(fd, address, length), "connect to", 0);

    private delegate int AddressCall(int fd, byte* address, uint length);

    private static PacketSocket At(string directory, string name, AddressCall call, string operation, int backlog)
    {
        string path = Path.Combine(directory, name);
        using Descriptor parent = Descriptor.Open(directory, LibC.O_RDONLY | LibC.O_DIRECTORY | LibC.O_NOFOLLOW);
        var socket = new Descriptor(LibC.socket(LibC.AF_UNIX, LibC.SOCK_SEQPACKET | LibC.SOCK_CLOEXEC, 0));
        // An address is short, and scratch directories are not always.
        byte[] address = new byte[LibC.UnixAddressBytes];
        address[0] = LibC.AF_UNIX;
        _ = System.Text.Encoding.UTF8.GetBytes($"/proc/self/fd/{parent.Number}/{name}", address.AsSpan(2));
        fixed (byte* start = address)
        {
            if (
                socket.Number < 0
                || call(socket.Number, start, LibC.UnixAddressBytes) != 0
                || (backlog > 0 && LibC.listen(socket.Number, backlog) != 0)
            )
            {
                PackhorseException error = SystemErrors.LastError(operation, path);
                socket.Dispose();
                throw error;
            }
        }
        return new PacketSocket(socket);
    }

    /// <returns>Null when nobody waits.</returns>
    public PacketSocket? Accept()
    {
        int fd = LibC.accept4(_descriptor.Number, null, null, LibC.SOCK_CLOEXEC);
        return fd < 0 ? null : new PacketSocket(new Descriptor(fd));
    }

    /// <summary>The user of the other side; null where the system does not tell.</summary>
    public uint? PeerUser
    {
        get
        {
            uint* credentials = stackalloc uint[3]; // struct ucred: process, user, group
            uint length = 3 * sizeof(uint);
            return LibC.getsockopt(Number, LibC.SOL_SOCKET, LibC.SO_PEERCRED, credentials, &length) == 0
                ? credentials[1]
                : null;
        }
    }

    /// <returns>False when the other side is gone.</returns>
    public bool Send(ReadOnlySpan<byte> bytes, params ReadOnlySpan<int> descriptors)
    {
        byte* control = stackalloc byte[ControlBytes];
        new Span<byte>(control, ControlBytes).Clear();
        fixed (byte* start = bytes)
        {
            LibC.IoVector vector = new() { iov_base = start, iov_len = (nuint)bytes.Length };
            LibC.MessageHeader header = new() { msg_iov = &vector, msg_iovlen = 1 };
            if (descriptors.Length > 0)
            {
                *(long*)control = ControlHeader + (descriptors.Length * sizeof(int));
                ((int*)control)[2] = LibC.SOL_SOCKET;
                ((int*)control)[3] = LibC.SCM_RIGHTS;
                descriptors.CopyTo(new Span<int>(control + ControlHeader, MostDescriptors));
                header.msg_control = control;
                header.msg_controllen = (uint)((ControlHeader + (descriptors.Length * sizeof(int)) + 7) & ~7);
            }
            return LibC.sendmsg(Number, &header, LibC.MSG_NOSIGNAL) >= 0;
        }
    }

    /// <summary>Waits for a message.</summary>
    public Packet Receive()
    {
        byte* control = stackalloc byte[ControlBytes];
        var bytes = new byte[MostBytes];
        var passed = new List<Descriptor>();
        fixed (byte* start = bytes)
        {
            LibC.IoVector vector = new() { iov_base = start, iov_len = MostBytes };
            LibC.MessageHeader header = new()
            {
                msg_iov = &vector,
                msg_iovlen = 1,
                msg_control = control,
                msg_controllen = ControlBytes,
            };
            nint count;
            do
            {
                count = LibC.recvmsg(Number, &header, LibC.MSG_CMSG_CLOEXEC);
            } while (count < 0 && Marshal.GetLastPInvokeError() == SystemErrors.EINTR);
            if (
                count > 0
                && header.msg_controllen >= ControlHeader
                && ((int*)control)[2] == LibC.SOL_SOCKET
                && ((int*)control)[3] == LibC.SCM_RIGHTS
            )
            {
                int numbers = (int)((*(long*)control - ControlHeader) / sizeof(int));
                for (int i = 0; i < Math.Min(numbers, MostDescriptors); i++)
                {
                    passed.Add(new Descriptor(((int*)(control + ControlHeader))[i]));
                }
            }
            return new Packet(bytes[..(int)Math.Max(0, count)], passed);
        }
    }

    /// <summary>Waits until one of several has something to read, or its other side is gone.</summary>
    /// <param name="descriptors">Negative ones are passed over.</param>
    /// <param name="milliseconds">-1: as long as it takes.</param>
    /// <returns>For each whether it has.</returns>
    public static bool[] Wait(ReadOnlySpan<int> descriptors, int milliseconds)
    {
        var waiting = new LibC.PollFd[descriptors.Length];
        for (int i = 0; i < waiting.Length; i++)
        {
            waiting[i] = new LibC.PollFd { fd = descriptors[i], events = LibC.POLLIN };
        }
        fixed (LibC.PollFd* start = waiting)
        {
            if (LibC.poll(start, (nuint)waiting.Length, milliseconds) < 0)
            {
                return new bool[descriptors.Length];
            }
        }
        return [.. waiting.Select(poll => poll.fd >= 0 && poll.revents != 0)];
    }

    public void Dispose() => _descriptor.Dispose();
}
