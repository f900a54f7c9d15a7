using System.Collections.Concurrent;
using Packhorse.Codecs;
using Packhorse.Model;
using Packhorse.Os;

namespace Packhorse.Pack;

/// <summary>What verifying a pack came to.</summary>
/// <param name="Members">Members whose content is what it should be.</param>
/// <param name="Bytes">Bytes of them.</param>
/// <param name="Unverifiable">Members that nothing gives a digest of.</param>
public sealed record VerifyResult(int Members, long Bytes, int Unverifiable)
{
    /// <exception cref="CorruptDataException">There are members that nothing gives a digest of.</exception>
    public void RequireComplete()
    {
        if (Unverifiable > 0)
        {
            throw new CorruptDataException(
                ErrorCodes.NotVerified,
                $"{Unverifiable} member(s) could not be verified: the pack has no digest of them"
            );
        }
    }
}

/// <summary>
/// Compares every member of a pack with its digest, and nothing is written. Of a delta opened alone these are its own members.
/// </summary>
public static class PackVerifier
{
    /// <exception cref="CorruptDataException">A member is not what it should be; all that are not were told as warnings.</exception>
    public static VerifyResult Verify(
        PackContents pack,
        int workers,
        IReporter reporter,
        CancellationToken cancellation
    )
    {
        if (pack.Header is { } header)
        {
            header.CheckRuntime(pack.File!, pack.Where);
        }
        (string Path, ExpectedContent Expected)[] members = pack.Manifest.Members is { } listed
            ?
            [
                .. listed
                    .Where(member => pack.Holds(member.Path))
                    .Select(member => (member.Path, new ExpectedContent(member.Size, member.Sha256, null))),
            ]
            : [.. pack.Packages.Select(package => (package.Path, package.Expected))];
        (string Path, ExpectedContent Expected)[] verifiable =
        [
            .. members.Where(member => member.Expected.IsVerifiable),
        ];
        reporter.BeginStage("Verifying", members.Length, verifiable.Sum(member => pack.Member(member.Path).Length));
        var failures = new ConcurrentBag<CorruptDataException>();
        long bytes = 0;
        Workers.Run(
            verifiable,
            workers,
            (member, token) =>
            {
                token.ThrowIfCancellationRequested();
                try
                {
                    Interlocked.Add(ref bytes, Verify(pack, member.Path, member.Expected, reporter));
                }
                catch (CorruptDataException error)
                {
                    reporter.Warn(error.Message);
                    failures.Add(error);
                }
                reporter.ItemDone(member.Path);
            },
            cancellation
        );
        if (failures.TryPeek(out CorruptDataException? first))
        {
            throw new CorruptDataException(
                first.Code,
                $"{failures.Count} of {members.Length} members of {pack.Where} are not what they should be"
            )
            {
                Hint = "copy or download the pack again",
            };
        }
        return new VerifyResult(verifiable.Length, bytes, members.Length - verifiable.Length);
    }

    private static long Verify(PackContents pack, string path, ExpectedContent expected, IReporter reporter)
    {
        using Stream content = pack.Member(path).AsStream();
        using var hashing = new HashingStream(content, expected, count => reporter.Advance(count));
        hashing.Verify(pack.Name(path));
        return hashing.Count;
    }
}
