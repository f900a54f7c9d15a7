using System.Runtime.Versioning;
using Packhorse.Model;
using Packhorse.Os;

namespace Packhorse.Mount;

/// <summary>
/// Where processes of one job find a mount that another one of them has made: a socket in a directory private to the user, named after
/// the image. Job and image are compared, and on both sides the user.
/// </summary>
[SupportedOSPlatform("linux")]
public static class MeetingPlace
{
    private const int DigitsOfName = 16;
    private const string Extension = ".mount";

    internal static string NameOf(Digest root) => $"{root.ToString()[..DigitsOfName]}{Extension}";

    /// <summary>The mounts of this user in a directory, by the names of their sockets. Not all need be alive.</summary>
    public static IReadOnlyList<string> List(string directory) =>
        FileTree.DirectoryExists(directory)
            ? [.. FileTree.List(directory).Where(name => name.EndsWith(Extension, StringComparison.Ordinal))]
            : [];

    /// <summary>On the server's side.</summary>
    internal static bool IsWelcome(PacketSocket visitor, Digest root, string job)
    {
        // Somebody who connects and says nothing must not keep the server waiting.
        if (visitor.PeerUser != ProcessImage.UserId || !PacketSocket.Wait([visitor.Number], 1000)[0])
        {
            return false;
        }
        (char letter, string text, _) = MountMessage.Receive(visitor);
        return letter == MountMessage.Join && text.Split('\n') is [var wanted, var from] && Matches(wanted, from);

        // "enter" comes from another shell, and does not know either.
        bool Matches(string wanted, string from) =>
            (wanted.Length == 0 || wanted == root.ToString()) && (wanted.Length == 0 || from == job);
    }

    /// <summary>On the side of a process that looks for a mount.</summary>
    /// <param name="root">The image; null: whichever the socket stands for, in whichever job.</param>
    /// <returns>Null when nobody answers, or the mount is not what is wanted.</returns>
    internal static (PacketSocket Control, (string Prefix, string Name) What, NamespaceHandles? Namespaces)? Join(
        string directory,
        string name,
        Digest? root,
        string job
    )
    {
        PacketSocket server;
        try
        {
            server = PacketSocket.Connect(directory, name);
        }
        catch (PackhorseException)
        {
            return null;
        }
        if (
            server.PeerUser == ProcessImage.UserId
            && MountMessage.Send(server, MountMessage.Join, $"{root?.ToString() ?? ""}\n{job}")
            && MountMessage.Receive(server) is (MountMessage.Ready, var text, var passed)
            && text.Split('\n') is [var prefix, var environment]
        )
        {
            return (
                server,
                (prefix, environment),
                passed is [var user, var mount] ? new NamespaceHandles(user, mount) : null
            );
        }
        server.Dispose();
        return null;
    }
}
