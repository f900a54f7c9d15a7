using Packhorse.Codecs;
using Packhorse.Fetch;
using Packhorse.Model;
using Packhorse.Os;

namespace Packhorse.Packing;

/// <summary>Brings a member into a file of its own, or finds what an earlier run has brought there.</summary>
internal static class MemberFile
{
    /// <returns>Size and SHA-256 of what is there now.</returns>
    public static async Task<ExpectedContent> BringAsync(
        PlannedMember member,
        string path,
        Fetcher fetcher,
        CancellationToken cancellation
    )
    {
        FileTree.CreateDirectory(Path.GetDirectoryName(path)!);
        var request = new FetchRequest
        {
            Url = member.Source,
            Name = member.FileName,
            Expected = member.Expected,
        };
        // What an earlier run left is complete, but has to prove what it is.
        if (FileTree.FileExists(path) && member.Expected.IsVerifiable && IsAsExpected(path, member.Expected))
        {
            return Describe(path);
        }
        using OutputFile file = OutputFile.Create(path, FilePermissions.ReadWrite);
        FetchedContent fetched = await fetcher
            .FetchAsync(request, new FileTarget(file), cancellation)
            .ConfigureAwait(false);
        file.SetLength(fetched.Length);
        file.Complete();
        return new ExpectedContent(fetched.Length, fetched.Sha256, null);
    }

    private static bool IsAsExpected(string path, ExpectedContent expected)
    {
        try
        {
            using InputFile file = InputFile.Open(path);
            using Stream content = file.AsStream();
            using var hashing = new HashingStream(content, expected);
            hashing.Verify(path);
            return true;
        }
        catch (CorruptDataException)
        {
            return false;
        }
    }

    /// <summary>Size and SHA-256 of a file.</summary>
    public static ExpectedContent Describe(string path)
    {
        using InputFile file = InputFile.Open(path);
        using Stream content = file.AsStream();
        using var hash = new DigestingStream(content, withMd5: false, _ => { });
        hash.CopyTo(Stream.Null);
        return new ExpectedContent(hash.Count, hash.Finish().Sha256, null);
    }

    private sealed class FileTarget(OutputFile file) : IFetchTarget
    {
        public void Begin(long? totalLength) { }

        public void Write(long offset, ReadOnlySpan<byte> bytes) => file.Write(bytes, offset);

        public void Restart() => file.SetLength(0);
    }
}
