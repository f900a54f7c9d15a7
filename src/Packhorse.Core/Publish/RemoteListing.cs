using System.Globalization;
using Packhorse.Image;
using Packhorse.Model;

namespace Packhorse.Publish;

/// <summary>What is in a directory of another machine that files are published to.</summary>
internal sealed class RemoteListing(RemoteShell shell, RemoteDestination destination)
{
    // Of the year 9999.
    private const long LastSecond = 253_402_300_799;

    public IReadOnlyList<PublishedFile> Read(IReporter reporter, CancellationToken cancellation)
    {
        List<Entry> entries = List(cancellation);
        reporter.BeginStage(
            "Reading",
            0,
            entries.Where(entry => NameHash.Find(entry.Name) is not null).Sum(entry => entry.Size)
        );
        var files = new List<PublishedFile>();
        foreach (Entry entry in entries)
        {
            files.Add(
                new PublishedFile(
                    destination.Location(entry.Name),
                    StateOf(entry, reporter, cancellation),
                    entry.Size,
                    entry.Changed
                )
                {
                    Removal = destination.RemovalOf(entry.Name),
                }
            );
        }
        return PublishedFiles.InContext(files);
    }

    private readonly record struct Entry(string Name, long Size, DateTimeOffset Changed, bool IsBusy);

    private List<Entry> List(CancellationToken cancellation)
    {
        var entries = new List<Entry>();
        string[] answer = shell.Ask(["list"], cancellation);
        while (answer is ["entry", var name, var size, var changed, var busy])
        {
            entries.Add(
                new Entry(
                    // "./" is before it.
                    RemoteShell.Text(name)[2..],
                    Number(size),
                    DateTimeOffset.FromUnixTimeSeconds(Math.Min(Number(changed), LastSecond)),
                    busy == "true"
                )
            );
            if (entries.Count > Limits.Members)
            {
                throw new CorruptDataException(
                    ErrorCodes.LimitExceeded,
                    $"there are more than {Limits.Members:N0} files"
                );
            }
            answer = shell.Next(cancellation);
        }
        return [.. entries.OrderBy(entry => entry.Name, StringComparer.Ordinal)];
    }

    private PublishedState StateOf(Entry entry, IReporter reporter, CancellationToken cancellation)
    {
        if (TemporaryNames.IsOne(entry.Name))
        {
            return entry.IsBusy ? PublishedState.OnItsWay : PublishedState.LeftOver;
        }
        if (NameHash.Find(entry.Name) is not { } hash)
        {
            return PublishedState.Unnamed;
        }
        string[] answer = shell.Ask(["look", entry.Name], cancellation);
        reporter.Advance(entry.Size);
        return answer is ["file", _, var text] && Digest.TryParse(text, out Digest digest) && hash.Fits(digest)
                ? PublishedState.Right
            : HasRoot(entry, hash, cancellation) ? PublishedState.NamedByRoot
            : PublishedState.Broken;
    }

    // All of an image would have to be brought here to compare it with its root.
    private bool HasRoot(Entry entry, NameHash hash, CancellationToken cancellation)
    {
        string bytes = ImageFooter.Bytes.ToString(CultureInfo.InvariantCulture);
        if (shell.Ask(["ending", entry.Name, bytes], cancellation) is not ["ending", var digits])
        {
            return false;
        }
        try
        {
            return hash.Fits(ImageFooter.Parse(RemoteShell.Bytes(digits), entry.Size, entry.Name).Root);
        }
        catch (Exception error) when (error is CorruptDataException or IncompatibleException)
        {
            return false;
        }
    }

    private static long Number(string text) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long number) ? number : 0;
}
