using System.Collections.Concurrent;
using Packhorse.Fetch;
using Packhorse.Model;
using Packhorse.Os;

namespace Packhorse.Packing;

/// <summary>
/// Brings members whose size or digest the lock file does not tell, so that their place in the pack can be computed: into
/// <c>members/</c> of a directory for unfinished things.
/// </summary>
/// <param name="place">The absolute path of a name in that directory.</param>
internal sealed class MemberBringer(Func<string, string> place, Fetcher fetcher, PackRequest request)
{
    private readonly ConcurrentDictionary<PlannedMember, string> _brought = new();

    /// <summary>Where a member that was brought lies; null for the others.</summary>
    public string? PathOf(PlannedMember member) => _brought.GetValueOrDefault(member);

    /// <returns>Size and SHA-256 of every member of the plan, in their order.</returns>
    public async Task<ExpectedContent[]> BringUnknownAsync(CancellationToken cancellation)
    {
        IReadOnlyList<PlannedMember> members = request.Plan.Members;
        // Of a wheel the lock file has no size, but the base of a delta may have the wheel.
        ExpectedContent[] contents = [.. members.Select(member => request.Since?.ContentOf(member) ?? member.Expected)];
        int[] unknown =
        [
            .. Enumerable
                .Range(0, members.Count)
                .Where(index => contents[index] is not { Size: not null, Sha256: not null }),
        ];
        await Parallel
            .ForEachAsync(
                unknown,
                new ParallelOptions { MaxDegreeOfParallelism = request.Downloads, CancellationToken = cancellation },
                async (index, token) => contents[index] = await BringAsync(members[index], token).ConfigureAwait(false)
            )
            .ConfigureAwait(false);
        return contents;
    }

    private async Task<ExpectedContent> BringAsync(PlannedMember member, CancellationToken cancellation)
    {
        string path = place($"members/{member.Path}");
        FileTree.CreateDirectory(Path.GetDirectoryName(path)!);
        using OutputFile file = OutputFile.Create(path, FilePermissions.OwnerReadWrite);
        FetchedContent fetched = await fetcher
            .FetchAsync(
                new FetchRequest
                {
                    Url = member.Source,
                    Name = member.FileName,
                    Expected = member.Expected,
                },
                new FileTarget(file),
                cancellation
            )
            .ConfigureAwait(false);
        file.SetLength(fetched.Length);
        file.Complete();
        _brought[member] = path;
        return new ExpectedContent(fetched.Length, fetched.Sha256, null);
    }

    private sealed class FileTarget(OutputFile file) : IFetchTarget
    {
        public void Begin(long? totalLength) { }

        public void Write(long offset, ReadOnlySpan<byte> bytes) => file.Write(bytes, offset);

        public void Restart() => file.SetLength(0);
    }
}
