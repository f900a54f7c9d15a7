using System.Globalization;
using System.Runtime.Versioning;
using Packhorse.Image;
using Packhorse.Model;
using Packhorse.Os;

namespace Packhorse.Mount;

/// <summary>
/// The process that serves a mount, in namespaces of its own where it has them. It ends with the process that started it, or when the
/// last of the job that joined has ended.
/// </summary>
[SupportedOSPlatform("linux")]
internal sealed class MountServer
{
    private static readonly TimeSpan PatienceWithKernel = TimeSpan.FromSeconds(10);

    private readonly MountRequest _request;
    private readonly PacketSocket _control;
    private readonly List<PacketSocket> _joined = [];

    // Held while any of them changes, or is told something.
    private readonly System.Threading.Lock _audience = new();
    private string? _unreadable;
    private bool _ownerEnded;

    private MountServer(MountRequest request, PacketSocket control) => (_request, _control) = (request, control);

    /// <summary>Arguments of a process that serves.</summary>
    public static IReadOnlyList<byte[]> Arguments(MountRequest request, int image, int control) =>
        [
            "packhorse"u8.ToArray(),
            .. new[] { MountRole.Serve, Text(image), Text(control) }.Select(System.Text.Encoding.UTF8.GetBytes),
            .. request.ToArguments(),
        ];

    /// <param name="arguments">As <see cref="Arguments"/> gave them, without the first two.</param>
    public static int Run(ReadOnlySpan<string> arguments)
    {
        int image = int.Parse(arguments[0], CultureInfo.InvariantCulture);
        var socket = new Descriptor(int.Parse(arguments[1], CultureInfo.InvariantCulture));
        socket.KeepOnExecute(false);
        using var control = new PacketSocket(socket);
        // What the job reads and writes is none of the server's, which would keep it open.
        Processes.ForgetStandard(StandardDescriptors.Input, StandardDescriptors.Output, StandardDescriptors.Error);
        Processes.CloseInherited(3, image);
        MountRequest request = MountRequest.Parse(arguments[2..]);
        var server = new MountServer(request, control);
        try
        {
            using InputFile file = InputFile.Inherited(image, request.File);
            server.Serve(file);
            return 0;
        }
        catch (PackhorseException refused)
        {
            _ = MountMessage.Send(control, MountMessage.Refused, refused.Message);
            return (int)refused.ExitClass;
        }
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private void Serve(InputFile file)
    {
        ServedImage image = ServedImage.Open(file, _request);
        if (MountMessage.Receive(_control).Letter != MountMessage.Begin)
        {
            return;
        }
        // What the kernel asks when it mounts is in memory then: it does not wait for the file, which may be on storage that hangs.
        _ = image.Tree.Attributes(image.Tree.Root);
        using MountPoint point = MountPoint.Make(_request);
        var owner = new FuseOwner(ProcessImage.UserId, ProcessImage.GroupId);
        RecordingTree? recording = _request.Record is null ? null : new RecordingTree(image.Tree);
        // A recorded program's needs are known, and what is recorded is not to be more than the program's.
        bool watches = recording is null && !image.HasHotSet;
        IImageTree tree = watches
            ? new PackageWatchingTree(image.Tree, new PackagesAhead(image.Tree, _request.Prefix).Start())
            : recording ?? image.Tree;
        var responder = new FuseResponder(tree, owner, image.Bytes, TellUnreadable);
        using var server = new FuseServer(responder, point.Device, _request.Processors);
        server.Start();
        if (!server.WaitConnected(PatienceWithKernel))
        {
            throw new SystemRefusedException(ErrorCodes.SystemRefused, "the kernel does not use the mount");
        }
        string shortcoming = point.Complete() ?? "";
        using PacketSocket? meeting = Meet(image);
        _ = MountMessage.Send(_control, MountMessage.Ready, shortcoming);
        if (image.HasHotSet && recording is null)
        {
            image.ReadAhead();
            AheadReader.Start(_request.Prefix, file.Descriptor);
        }
        Watch(meeting, image);
        if (recording is not null)
        {
            Save(recording);
        }
    }

    private void Save(RecordingTree recording)
    {
        try
        {
            using OutputFile file = OutputFile.Create(_request.Record!, FilePermissions.ReadWrite);
            file.Write(UsageRecord.Write(recording.Ranges()), 0);
            file.Complete();
        }
        catch (PackhorseException failed)
        {
            Tell(failed.Message);
        }
    }

    private void Tell(string sentence) => _ = MountMessage.Send(_control, MountMessage.Tell, sentence);

    // Each of those who stand in for a command has to know it when theirs fails.
    private void TellUnreadable(string sentence)
    {
        lock (_audience)
        {
            _unreadable = sentence;
            foreach (PacketSocket listener in (IEnumerable<PacketSocket>)[_control, .. _joined])
            {
                _ = MountMessage.Send(listener, MountMessage.Unreadable, sentence);
            }
        }
    }

    private PacketSocket? Meet(ServedImage image)
    {
        try
        {
            return _request.Meeting is { } directory
                ? PacketSocket.Listen(directory, MeetingPlace.NameOf(image.Root))
                : null;
        }
        catch (PackhorseException)
        {
            // Nobody joins then; the mount is as good as without.
            return null;
        }
    }

    private void Watch(PacketSocket? meeting, ServedImage image)
    {
        while (!_ownerEnded || _joined.Count > 0)
        {
            int[] descriptors =
            [
                _ownerEnded ? -1 : _control.Number,
                meeting?.Number ?? -1,
                .. _joined.Select(joined => joined.Number),
            ];
            bool[] ready = PacketSocket.Wait(descriptors, -1);
            for (int i = _joined.Count - 1; i >= 0; i--)
            {
                if (ready[i + 2])
                {
                    // Whether it says that it has ended, or is gone. Taken, as the other side loses what it was told when a message to this
                    // one is left unread.
                    _ = MountMessage.Receive(_joined[i]);
                    lock (_audience)
                    {
                        _joined[i].Dispose();
                        _joined.RemoveAt(i);
                    }
                }
            }
            if (ready[1] && meeting?.Accept() is { } visitor)
            {
                Admit(visitor, image);
            }
            if (ready[0])
            {
                HearOwner();
            }
        }
    }

    private void HearOwner()
    {
        _ownerEnded = true;
        if (MountMessage.Receive(_control).Letter != MountMessage.End && _joined.Count == 0)
        {
            // It was killed. What it started would only see errors from now on.
            Processes.KillOwnNamespace();
        }
        if (_joined.Count > 0)
        {
            // It waits for this side to be closed, and is not to wait for the others. To send it something does nothing from now on.
            lock (_audience)
            {
                _control.Dispose();
            }
        }
    }

    private void Admit(PacketSocket visitor, ServedImage image)
    {
        if (!MeetingPlace.IsWelcome(visitor, image.Root, _request.Job))
        {
            visitor.Dispose();
            return;
        }
        using NamespaceHandles? own = _request.Mounter is null ? NamespaceHandles.Of(Processes.Own) : null;
        string what = $"{_request.Prefix}\n{_request.Name}";
        // At once: what its command cannot read, as soon as it is started, is told to it too.
        lock (_audience)
        {
            _ = own is null
                ? MountMessage.Send(visitor, MountMessage.Ready, what)
                : MountMessage.Send(visitor, MountMessage.Ready, what, own.UserSpace.Number, own.MountSpace.Number);
            _joined.Add(visitor);
            if (_unreadable is { } before)
            {
                _ = MountMessage.Send(visitor, MountMessage.Unreadable, before);
            }
        }
    }
}
