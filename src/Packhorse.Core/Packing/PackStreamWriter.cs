using Packhorse.Codecs;
using Packhorse.Fetch;
using Packhorse.Model;
using Packhorse.Os;
using Packhorse.Pack;

namespace Packhorse.Packing;

/// <summary>
/// Writes a tar to a pipe: members in their order, the next few being brought while one is written. A failure leaves the tar without
/// its end, which every reader notices.
/// </summary>
public static class PackStreamWriter
{
    // Members on their way at once, and bytes held of each.
    private const int Ahead = 4;
    private const int BufferBytes = 8 << 20;

    // How soon a wait notices that the process is interrupted.
    private const int WaitMilliseconds = 100;

    /// <param name="output">Gets the tar; not owned.</param>
    /// <exception cref="PackhorseException">The output is then cut off.</exception>
    public static async Task<PackResult> WriteAsync(
        PackRequest request,
        Stream output,
        (Fetcher Fetcher, IReporter Reporter) through,
        CancellationToken cancellation
    )
    {
        using var directory = new TemporaryDirectory(request.Output);
        through.Reporter.BeginStage("Packing", request.Arriving.Count, request.ArrivingBytes);
        var bringer = new MemberBringer(name => directory[name], through.Fetcher, request);
        ExpectedContent[] contents = await bringer.BringUnknownAsync(cancellation).ConfigureAwait(false);
        PackLayoutPlan layout = PackLayoutPlan.Create(request, contents);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var coming = new Queue<ComingMember>();
        using IEnumerator<LayoutEntry> next = layout.Entries.Where(entry => entry.Member is not null).GetEnumerator();
        try
        {
            if (layout.Executable is { } executable)
            {
                output.Write(SelfExtractingScript.Write(executable, request.Runtime!.IsOwn));
                output.Write(request.Runtime!.Padded);
            }
            foreach (LayoutEntry entry in layout.Entries)
            {
                while (coming.Count < Ahead && next.MoveNext())
                {
                    coming.Enqueue(Begin(next.Current, through.Fetcher, bringer, stop.Token));
                }
                output.Write(entry.Header);
                output.Write(entry.Content);
                if (entry.Member is not null)
                {
                    await coming.Peek().CopyToAsync(output).ConfigureAwait(false);
                    coming.Dequeue();
                    through.Reporter.ItemDone(entry.Member.FileName);
                }
                output.Write(new byte[TarHeader.PaddedLength(entry.Size) - entry.Size]);
            }
            output.Write(new byte[TarHeader.EndBytes]);
            output.Write(layout.Executable is null ? default : SelfExtractingHeader.EndMark);
            output.Flush();
        }
        catch
        {
            await stop.CancelAsync().ConfigureAwait(false);
            foreach (ComingMember member in coming)
            {
                await member.AbandonAsync().ConfigureAwait(false);
            }
            throw;
        }
        return new PackResult("-", layout.FileLength, layout.Packages);
    }

    private static ComingMember Begin(
        LayoutEntry entry,
        Fetcher fetcher,
        MemberBringer bringer,
        CancellationToken cancellation
    )
    {
        PlannedMember member = entry.Member!;
        string? local = bringer.PathOf(member);
        var buffer = new PipeTarget(BufferBytes, entry, cancellation);
        Task<FetchedContent> fetching = Task.Run(
            async () =>
            {
                try
                {
                    return await fetcher
                        .FetchAsync(
                            new FetchRequest
                            {
                                Url = local ?? member.Source,
                                Name = member.FileName,
                                Expected = member.Expected with { Size = entry.Size },
                            },
                            buffer,
                            cancellation
                        )
                        .ConfigureAwait(false);
                }
                finally
                {
                    buffer.End();
                }
            },
            cancellation
        );
        return new ComingMember(entry, buffer, fetching);
    }

    private sealed record ComingMember(LayoutEntry Entry, PipeTarget Buffer, Task<FetchedContent> Fetching)
    {
        public async Task CopyToAsync(Stream output)
        {
            using var hash = new Sha256();
            long written = 0;
            var block = new byte[256 << 10];
            int count;
            while ((count = Buffer.Read(block)) > 0)
            {
                hash.Append(block.AsSpan(0, count));
                output.Write(block.AsSpan(0, count));
                written += count;
            }
            FetchedContent fetched = await Fetching.ConfigureAwait(false);
            // A download that began anew may have brought other bytes for what was already given out.
            if (written != Entry.Size || hash.Finish() != fetched.Sha256)
            {
                throw new CorruptDataException(
                    ErrorCodes.DigestMismatch,
                    $"{Entry.Member!.FileName} changed while it was brought"
                );
            }
        }

        public async Task AbandonAsync()
        {
            Buffer.End();
            try
            {
                await Fetching.ConfigureAwait(false);
            }
            catch (Exception error) when (error is PackhorseException or OperationCanceledException)
            {
                // The failure that ended the pack is on its way already.
            }
        }
    }

    /// <summary>A bounded buffer between a download and the pipe.</summary>
    private sealed class PipeTarget(int capacity, LayoutEntry entry, CancellationToken cancellation) : IFetchTarget
    {
        private readonly object _gate = new();
        private readonly Queue<byte[]> _blocks = new();
        private long _held;
        private long _accepted;
        private bool _ended;

        public void Begin(long? totalLength) { }

        public void Write(long offset, ReadOnlySpan<byte> bytes)
        {
            if (offset + bytes.Length > entry.Size)
            {
                throw new CorruptDataException(
                    ErrorCodes.SizeMismatch,
                    $"{entry.Member!.FileName} has more than the {entry.Size:N0} bytes that were expected"
                );
            }
            lock (_gate)
            {
                // After a restart what was given out already is not given out again.
                int known = (int)Math.Clamp(_accepted - offset, 0, bytes.Length);
                byte[] block = bytes[known..].ToArray();
                while (_held > 0 && _held + block.Length > capacity && !_ended)
                {
                    Monitor.Wait(_gate, WaitMilliseconds);
                    cancellation.ThrowIfCancellationRequested();
                }
                _accepted += block.Length;
                _held += block.Length;
                _blocks.Enqueue(block);
                Monitor.PulseAll(_gate);
            }
        }

        public void Restart() { }

        /// <summary>No more bytes come, or nobody wants them.</summary>
        public void End()
        {
            lock (_gate)
            {
                _ended = true;
                Monitor.PulseAll(_gate);
            }
        }

        /// <returns>0 at the end.</returns>
        public int Read(Span<byte> destination)
        {
            lock (_gate)
            {
                while (_blocks.Count == 0 && !_ended)
                {
                    Monitor.Wait(_gate, WaitMilliseconds);
                    cancellation.ThrowIfCancellationRequested();
                }
                if (!_blocks.TryDequeue(out byte[]? block))
                {
                    return 0;
                }
                int count = Math.Min(block.Length, destination.Length);
                block.AsSpan(0, count).CopyTo(destination);
                if (count < block.Length)
                {
                    // Blocks of downloads are smaller than the reader's, so that this is rare.
                    byte[][] rest = [block[count..], .. _blocks];
                    _blocks.Clear();
                    foreach (byte[] one in rest)
                    {
                        _blocks.Enqueue(one);
                    }
                }
                _held -= count;
                Monitor.PulseAll(_gate);
                return count;
            }
        }
    }
}
