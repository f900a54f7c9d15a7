using System.Text;
using Packhorse.Codecs;
using Packhorse.Model;
using Packhorse.Os;

namespace Packhorse.Condor.Init;

/// <summary>What happens to a file of a job.</summary>
public enum JobFileState
{
    New,

    /// <summary>It is there, with the same content.</summary>
    Same,

    /// <summary>It is there as an earlier call wrote it.</summary>
    Replaced,

    /// <summary>It is there, and somebody has changed it or written it by hand.</summary>
    Changed,
}

/// <summary>A file that belongs to a job, with a line in it by which later calls see whether somebody has changed it.</summary>
public sealed record JobFile(string Name, string Text, bool IsProgram)
{
    private const string Stamp = "written by packhorse condor init, ";
    private const int Digits = 12;

    /// <param name="comment">What begins and ends a comment.</param>
    internal static JobFile Make(string name, string body, bool isProgram, (string Begin, string End) comment)
    {
        string line = $"{comment.Begin}{Stamp}{DigestOf(body)}{comment.End}\n";
        // A script's first line says what runs it.
        int at = body.StartsWith("#!", StringComparison.Ordinal) ? body.IndexOf('\n', StringComparison.Ordinal) + 1 : 0;
        return new JobFile(name, body.Insert(at, line), isProgram);
    }

    /// <summary>Looks at what is there.</summary>
    public JobFileState StateIn(string directory)
    {
        string path = Path.Combine(directory, Name);
        if (!FileTree.Exists(path))
        {
            return JobFileState.New;
        }
        string there = FileTree.KindOf(path) == FileKind.File ? TextFiles.Read(path) : "";
        return there == Text ? JobFileState.Same
            : IsUntouched(there) ? JobFileState.Replaced
            : JobFileState.Changed;
    }

    /// <exception cref="SystemRefusedException">It cannot be written.</exception>
    public void Write(string directory)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(Text);
        UnixFileMode mode = IsProgram ? FilePermissions.All : FilePermissions.ReadWrite;
        using var file = OutputFile.Create(Path.Combine(directory, Name), mode);
        file.Write(bytes, 0);
        file.Complete();
    }

    private static bool IsUntouched(string text)
    {
        int at = text.IndexOf(Stamp, StringComparison.Ordinal);
        if (at < 0 || at + Stamp.Length + Digits > text.Length)
        {
            return false;
        }
        int begin = text.LastIndexOf('\n', at) + 1;
        int end = text.IndexOf('\n', at);
        string body = text[..begin] + (end < 0 ? "" : text[(end + 1)..]);
        return text.AsSpan(at + Stamp.Length, Digits).SequenceEqual(DigestOf(body));
    }

    private static string DigestOf(string body) => Sha256.Hash(Encoding.UTF8.GetBytes(body)).ToString()[..Digits];
}
