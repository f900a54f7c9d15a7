using Packhorse.Fetch;
using Packhorse.Model;
using Packhorse.Os;
using Packhorse.Pack;

namespace Packhorse.Packing;

/// <summary>
/// Makes a tar. Every member's place is known beforehand, so that all of them are brought at once, each straight to its final place
/// and past its digest on the way.
/// </summary>
public static class PackFileWriter
{
    /// <exception cref="PackhorseException">Nothing is then at the output's name.</exception>
    public static async Task<PackResult> WriteAsync(
        PackRequest request,
        Fetcher fetcher,
        IReporter reporter,
        CancellationToken cancellation
    )
    {
        OutputName name = OutputName.Parse(request.Output);
        OutputFile.CheckReplaceable(request.Output);
        using var directory = new PartDirectory(request.Output);
        UnixFileMode mode = request.Runtime is null ? FilePermissions.ReadWrite : FilePermissions.All;
        using OutputFile tar = OutputFile.Resume(directory["pack"], request.Output, mode);
        var bringer = new MemberBringer(name => directory[name], fetcher, request);
        reporter.BeginStage("Packing", request.Arriving.Count, request.ArrivingBytes);
        ExpectedContent[] contents = await bringer.BringUnknownAsync(cancellation).ConfigureAwait(false);
        PackLayoutPlan layout = PackLayoutPlan.Create(request, contents);
        using var journal = new PackJournal(directory, layout);
        try
        {
            long there = journal.HasAny ? Enumerable.Range(0, layout.Entries.Count).Sum(journal.Written) : 0;
            SpaceCheck.Check(directory.Path, layout.FileLength - there, files: 1, "the pack");
            if (!journal.HasAny)
            {
                // What is there was made for another layout: its bytes would show in the padding.
                tar.SetLength(0);
            }
            tar.SetLength(layout.FileLength);
            WriteFrame(tar, request, layout);
            WriteHeaders(tar, layout);
            await FetchMembersAsync(new Work(request, layout, tar, journal, fetcher, bringer, reporter), cancellation)
                .ConfigureAwait(false);
        }
        catch
        {
            if (journal.HasAny)
            {
                directory.Keep();
                reporter.Warn(
                    $"what was brought is kept in {directory.Path}: the same command goes on from there; remove it to begin anew"
                );
            }
            throw;
        }
        name.Complete(tar, cancellation);
        directory.Complete();
        return new PackResult(tar.Path, layout.FileLength, layout.Packages);
    }

    // What a self-extracting file has around the tar.
    private static void WriteFrame(OutputFile file, PackRequest request, PackLayoutPlan layout)
    {
        if (layout.Executable is { } executable)
        {
            file.Write(SelfExtractingScript.Write(executable, request.Runtime!.IsOwn), 0);
            file.Write(request.Runtime!.Padded, SelfExtractingHeader.Bytes);
            file.Write(SelfExtractingHeader.EndMark, executable.TotalBytes - SelfExtractingHeader.EndMark.Length);
        }
    }

    private static void WriteHeaders(OutputFile tar, PackLayoutPlan layout)
    {
        foreach (LayoutEntry entry in layout.Entries)
        {
            tar.Write(entry.Header, layout.TarOffset + entry.HeaderOffset);
            if (entry.Content is not null)
            {
                tar.Write(entry.Content, layout.TarOffset + entry.ContentOffset);
            }
        }
    }

    private static Task FetchMembersAsync(Work work, CancellationToken cancellation) =>
        Parallel.ForEachAsync(
            // The biggest first: the last one to end should be a small one.
            Enumerable
                .Range(0, work.Layout.Entries.Count)
                .Where(index => work.Layout.Entries[index].Member is not null)
                .OrderByDescending(index => work.Layout.Entries[index].Size),
            new ParallelOptions { MaxDegreeOfParallelism = work.Request.Downloads, CancellationToken = cancellation },
            async (index, token) => await FetchMemberAsync(work, index, token).ConfigureAwait(false)
        );

    private static async Task FetchMemberAsync(Work work, int index, CancellationToken cancellation)
    {
        LayoutEntry entry = work.Layout.Entries[index];
        long place = work.Layout.TarOffset + entry.ContentOffset;
        PlannedMember member = entry.Member!;
        string? local = work.Bringer.PathOf(member);
        long written = work.Journal.Written(index);
        using Stream? prefix = written > 0 ? new WrittenRange(work.Tar, place, written) : null;
        await work
            .Fetcher.FetchAsync(
                new FetchRequest
                {
                    Url = local ?? member.Source,
                    Name = member.FileName,
                    Expected = local is null ? member.Expected : member.Expected with { Size = entry.Size },
                    Prefix = prefix,
                },
                new RegionTarget(
                    work.Tar,
                    (entry, place),
                    written,
                    reached => work.Journal.Note(index, reached, final: false)
                ),
                cancellation
            )
            .ConfigureAwait(false);
        work.Journal.Note(index, entry.Size, final: true);
        work.Reporter.ItemDone(member.FileName);
    }

    private sealed record Work(
        PackRequest Request,
        PackLayoutPlan Layout,
        OutputFile Tar,
        PackJournal Journal,
        Fetcher Fetcher,
        MemberBringer Bringer,
        IReporter Reporter
    );

    /// <summary>The place of one member in the tar; it is never left.</summary>
    private sealed class RegionTarget(
        OutputFile tar,
        (LayoutEntry Entry, long Offset) region,
        long written,
        Action<long> reached
    ) : IFetchTarget
    {
        private readonly LayoutEntry _entry = region.Entry;

        public void Begin(long? totalLength)
        {
            if (totalLength is { } total && total != _entry.Size)
            {
                throw new CorruptDataException(
                    ErrorCodes.SizeMismatch,
                    $"{_entry.Member!.FileName} has {total:N0} bytes where it comes from, {_entry.Size:N0} were expected"
                );
            }
        }

        public void Write(long offset, ReadOnlySpan<byte> bytes)
        {
            if (offset < 0 || offset + bytes.Length > _entry.Size)
            {
                throw new CorruptDataException(
                    ErrorCodes.SizeMismatch,
                    $"{_entry.Member!.FileName} has more than the {_entry.Size:N0} bytes that were expected"
                );
            }
            tar.Write(bytes, region.Offset + offset);
            written = offset + bytes.Length;
            reached(written);
        }

        public void Restart()
        {
            written = 0;
            reached(0);
        }
    }

    /// <summary>What an earlier run has written of a member.</summary>
    private sealed class WrittenRange(OutputFile tar, long offset, long length) : ReadOnlyStream
    {
        private long _position;

        public override int Read(Span<byte> buffer)
        {
            int wanted = (int)Math.Min(buffer.Length, length - _position);
            int count = wanted == 0 ? 0 : tar.Read(buffer[..wanted], offset + _position);
            _position += count;
            return count;
        }
    }
}
