using System.Runtime.Versioning;
using System.Text;
using Packhorse.Model;
using Packhorse.Os;

namespace Packhorse.Mount;

/// <summary>
/// A mount made by <c>fusermount3</c>, which may do so for users, where they may have no namespaces. Such a mount is seen by every
/// process of the machine; it goes away when this process ends, however it ends.
/// </summary>
[SupportedOSPlatform("linux")]
internal sealed class FuserMount : IDisposable
{
    // By this variable the program learns over which socket the device is wanted.
    private const string SocketVariable = "_FUSE_COMMFD";
    private const string Options =
        "ro,nosuid,nodev,default_permissions,auto_unmount,fsname=packhorse,subtype=packhorse";

    private readonly string _program;
    private readonly string _directory;

    // The program waits for the end of this connection, and unmounts then.
    private readonly PacketSocket _connection;

    private FuserMount(string program, string directory, PacketSocket connection, FuseDevice device)
    {
        _program = program;
        _directory = directory;
        _connection = connection;
        Device = device;
    }

    public FuseDevice Device { get; }

    public static FuserMount Mount(string program, string directory)
    {
        (PacketSocket own, PacketSocket other) = PacketSocket.Pair();
        using (other)
        {
            _ = ChildProcess.Start(
                new ChildRequest
                {
                    Program = program,
                    Arguments = Encode(program, "-o", Options, "--", directory),
                    Environment = Encode($"{SocketVariable}={other.Number}"),
                    OtherDescriptor = other.Number,
                }
            );
        }
        if (own.Receive().Descriptors is [var device, ..])
        {
            return new FuserMount(program, directory, own, new FuseDevice(device));
        }
        own.Dispose();
        throw new SystemRefusedException(ErrorCodes.SystemRefused, $"{program} does not mount here");
    }

    public void Dispose()
    {
        int process = ChildProcess.Start(
            new ChildRequest
            {
                Program = _program,
                Arguments = Encode(_program, "-u", "-q", "-z", "--", _directory),
                Environment = [],
            }
        );
        Processes.WaitFor(process);
        _connection.Dispose();
    }

    private static byte[][] Encode(params ReadOnlySpan<string> texts)
    {
        var encoded = new byte[texts.Length][];
        for (int i = 0; i < texts.Length; i++)
        {
            encoded[i] = Encoding.UTF8.GetBytes(texts[i]);
        }
        return encoded;
    }
}
