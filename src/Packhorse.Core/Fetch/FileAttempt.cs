using Packhorse.Model;
using Packhorse.Os;

namespace Packhorse.Fetch;

/// <summary>Brings the rest of a file of this machine.</summary>
internal static class FileAttempt
{
    private const int BlockBytes = 1 << 20;

    /// <exception cref="AttemptFailure">It cannot be read, or has another size than expected.</exception>
    public static void Run(Place place, Transfer transfer, CancellationToken cancellation)
    {
        using InputFile file = Translating(() => InputFile.Open(place.Source.Path!));
        if (transfer.ExpectedSize is { } expected && file.Length != expected)
        {
            throw new AttemptFailure(
                FetchIncidentKind.WrongBytes,
                $"it has {file.Length:N0} bytes, expected {expected:N0} bytes"
            )
            {
                IsInHead = true,
                IsAboutSize = true,
            };
        }
        if (transfer.Position > file.Length)
        {
            transfer.Restart();
        }
        transfer.Begin(place, file.Length, strongETag: null);
        var block = new byte[BlockBytes];
        int count;
        while ((count = Translating(() => file.Read(block, transfer.Position))) > 0)
        {
            cancellation.ThrowIfCancellationRequested();
            transfer.Write(place, block.AsSpan(0, count));
        }
    }

    private static T Translating<T>(Func<T> read)
    {
        try
        {
            return read();
        }
        catch (PackhorseException error)
        {
            FetchIncidentKind kind =
                error is NotFoundException ? FetchIncidentKind.NotFound : FetchIncidentKind.Unreadable;
            throw new AttemptFailure(kind, error.Message, error);
        }
    }
}
