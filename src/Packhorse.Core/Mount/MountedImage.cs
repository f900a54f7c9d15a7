using System.Runtime.Versioning;
using Packhorse.Model;
using Packhorse.Os;

namespace Packhorse.Mount;

/// <summary>An image that is mounted for this process, by a server that it has started or that it has joined.</summary>
[SupportedOSPlatform("linux")]
public sealed class MountedImage : IDisposable
{
    private readonly PacketSocket _control;
    private readonly NamespaceHandles? _namespaces;

    // 0 when another process has started it.
    private readonly int _server;

    private MountedImage(
        (string Prefix, string Name) what,
        PacketSocket control,
        NamespaceHandles? namespaces,
        int server
    )
    {
        (Prefix, Name) = what;
        (_control, _namespaces, _server) = (control, namespaces, server);
    }

    /// <summary>The environment's name.</summary>
    public string Name { get; }

    /// <summary>Where the environment is, for those whom <see cref="Start"/> starts.</summary>
    public string Prefix { get; }

    /// <summary>What is not as good as it could be on another machine; null: nothing.</summary>
    public string? Shortcoming { get; private init; }

    // What the server throws away is collected after every 4 MiB of it; by itself the collector waits for as much as the processor's cache
    // holds, which on servers are tens of megabytes that the job would have to ask for. Of .NET's settings only this one does it.
    private static IReadOnlyList<byte[]> MemorySettings { get; } = ["DOTNET_GCgen0size=400000"u8.ToArray()];

    /// <summary>Starts a server in namespaces of its own, or without where a program mounts for it, and waits until it serves.</summary>
    /// <param name="image">Open for reading.</param>
    /// <param name="environment">Of the server.</param>
    /// <exception cref="PackhorseException">It is not possible; nothing of it is left.</exception>
    public static MountedImage Serve(MountRequest request, InputFile image, IReadOnlyList<byte[]> environment)
    {
        (PacketSocket control, PacketSocket other) = PacketSocket.Pair();
        int server = 0;
        try
        {
            using (other)
            {
                server = ChildProcess.Start(
                    new ChildRequest
                    {
                        Program = ChildRequest.ThisProgram,
                        Arguments = MountServer.Arguments(request, image.Descriptor, other.Number),
                        Environment = [.. environment.Where(entry => !IsMemorySetting(entry)), .. MemorySettings],
                        MakesNamespaces = request.Mounter is null,
                        OverridesPermissions = request.Changes is not null,
                        OwnSession = true,
                        Descriptor = image.Descriptor,
                        OtherDescriptor = other.Number,
                    }
                );
            }
            _ = MountMessage.Send(control, MountMessage.Begin);
            (char letter, string text, _) = MountMessage.Receive(control);
            if (letter != MountMessage.Ready)
            {
                throw new SystemRefusedException(
                    ErrorCodes.SystemRefused,
                    letter == MountMessage.Refused ? text : "the server of the mount ended at once"
                );
            }
            NamespaceHandles? namespaces = request.Mounter is null ? NamespaceHandles.Of(server) : null;
            return new MountedImage((request.Prefix, request.Name), control, namespaces, server)
            {
                Shortcoming = text.Length > 0 ? text : null,
            };
        }
        catch (PackhorseException)
        {
            control.Dispose();
            if (server > 0)
            {
                ChildProcess.End(server);
            }
            throw;
        }
    }

    private static bool IsMemorySetting(byte[] entry) => entry.AsSpan().StartsWith("DOTNET_GCgen0size="u8);

    /// <summary>Joins the mount of another process.</summary>
    /// <param name="directory">Where the other process may be met.</param>
    /// <param name="name">The name of its socket; null: after the image.</param>
    /// <param name="root">The image's root; null with a name.</param>
    /// <param name="job">Compared with the other's.</param>
    /// <returns>Null when there is none.</returns>
    public static MountedImage? Join(string directory, string? name, Digest? root, string job) =>
        MeetingPlace.Join(directory, name ?? MeetingPlace.NameOf(root!.Value), root, job)
            is var (control, what, handles)
            ? new MountedImage(what, control, handles, 0)
            : null;

    /// <summary>All mounts of this user that can be met in a directory.</summary>
    public static IReadOnlyList<MountedImage> JoinAll(string directory) =>
        [.. MeetingPlace.List(directory).Select(name => Join(directory, name, null, "")).OfType<MountedImage>()];

    /// <summary>
    /// Starts a program where the environment is. This process becomes the one that stands in its place: with its exit code, and passing
    /// signals on. Returns only by an exception.
    /// </summary>
    public void Start(IReadOnlyList<byte[]> arguments, IReadOnlyList<byte[]> environment)
    {
        ulong mask = SignalQueue.Block();
        int command;
        try
        {
            command = ChildProcess.Start(
                new ChildRequest
                {
                    Program = ChildRequest.ThisProgram,
                    Arguments = arguments,
                    Environment = environment,
                    Enters = _namespaces,
                    Directory = FileTree.CurrentDirectory,
                    EndsWithParent = true,
                    SignalMask = mask,
                }
            );
        }
        catch (PackhorseException)
        {
            SignalQueue.Restore(mask);
            throw;
        }
        Supervisor.Become(command, _server, _control, environment);
    }

    /// <summary>Ends the server where this process has started it.</summary>
    public void Dispose()
    {
        _ = MountMessage.Send(_control, MountMessage.End);
        // It closes its side when it has put away what it made.
        if (_server > 0 && PacketSocket.Wait([_control.Number], 2000)[0])
        {
            _ = MountMessage.Receive(_control);
        }
        _control.Dispose();
        _namespaces?.Dispose();
        if (_server > 0)
        {
            ChildProcess.End(_server);
        }
    }
}
