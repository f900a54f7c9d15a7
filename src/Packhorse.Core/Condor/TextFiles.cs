using System.Text;
using Packhorse.Model;
using Packhorse.Os;

namespace Packhorse.Condor;

/// <summary>Submit files, job scripts, logs and ads: text that people and HTCondor write.</summary>
internal static class TextFiles
{
    /// <summary>Bytes that are no UTF-8 become replacement characters.</summary>
    /// <exception cref="NotFoundException">There is no such file.</exception>
    /// <exception cref="CorruptDataException">It has more than <see cref="Limits.TextBytes"/> bytes.</exception>
    public static string Read(string path) =>
        Encoding.UTF8.GetString(InputFile.ReadAllBytes(path, Limits.TextBytes)).TrimStart('\uFEFF');

    /// <returns>Null where there is no file of at most so many bytes, or one that is no text.</returns>
    public static string? TryRead(string path, int limit)
    {
        if (FileTree.KindOf(path) != FileKind.File)
        {
            return null;
        }
        using InputFile file = InputFile.Open(path);
        var bytes = new byte[(int)Math.Min(file.Length, limit)];
        int count = file.Read(bytes, 0);
        return file.Length > limit || bytes.AsSpan(0, count).Contains((byte)0)
            ? null
            : Encoding.UTF8.GetString(bytes, 0, count);
    }
}
