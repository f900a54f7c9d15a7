using System.Runtime.Versioning;
using System.Text;
using Packhorse.Os;

namespace Packhorse.Mount;

/// <summary>What the processes of a mount tell each other: a letter, and a text behind some.</summary>
[SupportedOSPlatform("linux")]
internal static class MountMessage
{
    /// <summary>To the server: its user namespace has its user, so that it may begin.</summary>
    public const char Begin = 'b';

    /// <summary>From the server: the environment is there. To one that joins: with the prefix, and the namespaces as descriptors.</summary>
    public const char Ready = 'r';

    /// <summary>From the server: it is not possible, with the reason.</summary>
    public const char Refused = 'x';

    /// <summary>From the server: a sentence for the job's log.</summary>
    public const char Tell = 't';

    /// <summary>From the server: somebody got an error of reading, with a sentence for the job's log.</summary>
    public const char Unreadable = 'u';

    /// <summary>To the server: the command has ended.</summary>
    public const char End = 'e';

    /// <summary>To the server, from another process of the job: image and job, to be compared.</summary>
    public const char Join = 'j';

    public static bool Send(PacketSocket to, char letter, string text = "", params ReadOnlySpan<int> descriptors) =>
        to.Send(Encoding.UTF8.GetBytes(letter + text), descriptors);

    /// <returns>Letter NUL when the other side is gone.</returns>
    public static (char Letter, string Text, IReadOnlyList<Descriptor> Descriptors) Receive(PacketSocket from)
    {
        Packet packet = from.Receive();
        string text = Encoding.UTF8.GetString(packet.Bytes);
        return text.Length == 0 ? ('\0', "", packet.Descriptors) : (text[0], text[1..], packet.Descriptors);
    }
}
