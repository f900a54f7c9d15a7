using System.Buffers;
using System.Runtime.Versioning;
using System.Text;
using Packhorse.Codecs;
using Packhorse.Image;
using Packhorse.Install;
using Packhorse.Model;
using Packhorse.Os;

namespace Packhorse.Pack;

/// <summary>
/// Makes an environment of an image, at any prefix: every file is read through the digest tree, moved to the prefix on the way, and
/// written once.
/// </summary>
[SupportedOSPlatform("linux")]
public static class ImageUnpacker
{
    // Several blocks: whole ones are decoded where they are wanted.
    private const int BufferBytes = 1 << 20;

    /// <exception cref="PackhorseException">Whatever went wrong; the environment is then as it was before.</exception>
    public static UnpackResult Unpack(
        EnvironmentImage image,
        UnpackRequest request,
        IReporter reporter,
        CancellationToken cancellation
    )
    {
        (IImageTree tree, ImageListing listing) = Plan(image, request);
        using var transaction = EnvironmentTransaction.Begin(request.Prefix, request.Wait, reporter, cancellation);
        CheckSpace(listing, request);
        PackageRecord[] records = [.. image.Manifest.Packages.Select(package => package.Record)];
        PackSupport.WarnOfMachine(records, request.Machine, reporter);
        WarnOfScripts(image.Manifest, listing, request, reporter);
        transaction.Stage.TryCreateDirectory(CondaMeta.Directory);
        var sink = new DirectorySink(transaction.Stage);
        sink.CreateDirectories(listing.Directories);
        reporter.BeginStage("Unpacking", listing.Entries.Count, listing.Bytes);
        Workers.Run(
            ImageSchedule.Plan(listing.Entries, image, request.First),
            request.Workers,
            (job, token) => new Job(tree, sink, reporter).Write(job, token),
            cancellation
        );
        foreach ((string path, string existing) in listing.HardLinks)
        {
            sink.CreateHardLink(existing, path);
        }
        // After the files of which they have the digests.
        Workers.Run(
            records,
            request.Workers,
            (record, token) =>
            {
                ImageEntry entry = listing.Records[CondaMeta.RecordPath(record)];
                transaction.NoteRecord(record, new Job(tree, sink, reporter).WriteRecord(record, entry, token));
            },
            cancellation
        );
        UnpackRequest rest = image.Manifest.HasRunLinkScripts ? request with { LinkScripts = null } : request;
        return Unpacker.Finish(transaction, Arrival(image.Manifest, listing, records, request), (rest, reporter));
    }

    // Not of an image that holds what they do.
    private static void WarnOfScripts(
        ImageManifest manifest,
        ImageListing listing,
        UnpackRequest request,
        IReporter reporter
    )
    {
        if (manifest.HasRunLinkScripts || request.LinkScripts is not null)
        {
            return;
        }
        HashSet<string> paths = [.. listing.Entries.Select(entry => entry.Path).Where(LinkScripts.IsOne)];
        foreach (PackageRecord record in manifest.Packages.Select(package => package.Record))
        {
            if (paths.Contains(LinkScripts.PathOf(record)))
            {
                reporter.Warn(InstallPlan.NoteOfScripts(record, [LinkScripts.PathOf(record)]));
            }
        }
    }

    /// <summary>Looks at everything that can be known before anything is written.</summary>
    /// <returns>Bytes and files that there would be.</returns>
    /// <inheritdoc cref="Unpack" path="/exception"/>
    public static (long Bytes, int Files) Measure(EnvironmentImage image, UnpackRequest request)
    {
        (_, ImageListing listing) = Plan(image, request);
        return (listing.Bytes, listing.Entries.Count + listing.HardLinks.Count + listing.Records.Count);
    }

    private static (IImageTree Tree, ImageListing Listing) Plan(EnvironmentImage image, UnpackRequest request)
    {
        request.Check();
        image.Manifest.CheckPlatform(request.Here);
        IImageTree tree = image.TreeAt(request.Prefix);
        bool leavesOut = image.Manifest.HasByteCode && !request.KeepByteCode;
        return (tree, ImageListing.Read(image, tree, leavesOut ? image.ReadRelocations() : null));
    }

    private static void CheckSpace(ImageListing listing, UnpackRequest request)
    {
        int block = FreeSpace.Of(request.OutputDirectory)?.BlockBytes ?? 1;
        long bytes = listing.Entries.Sum(entry => (Math.Max(1, entry.Size) + block - 1) / block * block);
        long files = listing.Entries.Count + listing.Directories.Count + listing.Records.Count;
        SpaceCheck.Check(request.OutputDirectory, bytes, files, "unpacking");
    }

    private static EnvironmentArrival Arrival(
        ImageManifest manifest,
        ImageListing listing,
        PackageRecord[] records,
        UnpackRequest request
    )
    {
        PythonScheme? python = PythonScheme.Find(records, manifest.Platform);
        return new EnvironmentArrival
        {
            Directories = listing.Directories,
            Arrived = records,
            Paths = listing.Entries.Select(entry => entry.Path).Concat(listing.HardLinks.Select(link => link.Path)),
            Records = records,
            SitePackages = python?.SitePackages,
            Marker = new EnvironmentMarker(request.Prefix, manifest.Platform.Subdir, python?.Version),
        };
    }

    /// <summary>A piece of work of one thread.</summary>
    private sealed class Job(IImageTree tree, DirectorySink sink, IReporter reporter)
    {
        private readonly RelocatedTree? _relocated = tree as RelocatedTree;

        public void Write(IReadOnlyList<ImageEntry> entries, CancellationToken cancellation)
        {
            byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
            try
            {
                foreach (ImageEntry entry in entries)
                {
                    cancellation.ThrowIfCancellationRequested();
                    Write(entry, buffer, cancellation);
                    reporter.ItemDone(entry.Path);
                }
            }
            finally
            {
                ArrayPool<byte>.Shared.Return(buffer);
            }
        }

        /// <returns>Of what was written.</returns>
        public Digest WriteRecord(PackageRecord record, ImageEntry entry, CancellationToken cancellation)
        {
            byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
            try
            {
                using var hash = new Sha256();
                WriteFile(entry, EnvironmentTransaction.RecordFile(record, entry.Size), buffer, hash, cancellation);
                return hash.Finish();
            }
            finally
            {
                ArrayPool<byte>.Shared.Return(buffer);
            }
        }

        private void Write(ImageEntry entry, byte[] buffer, CancellationToken cancellation)
        {
            InodeAttributes attributes = tree.Attributes(entry.Inode);
            if (entry.Kind == InodeKind.SymbolicLink)
            {
                string target = Encoding.UTF8.GetString(tree.ReadLink(entry.Inode));
                sink.CreateSymbolicLink(entry.Path, target, attributes.Modified);
                return;
            }
            const UnixFileMode Permissions = (UnixFileMode)0x1FF;
            var file = new InstallFile(entry.Path, attributes.Mode & Permissions, attributes.Modified, entry.Size);
            using Sha256? hash = _relocated?.IsDigested(entry.Inode) == true ? new Sha256() : null;
            WriteFile(entry, file, buffer, hash, cancellation);
            if (hash is not null)
            {
                _relocated!.Remember(entry.Inode, hash.Finish());
            }
        }

        private void WriteFile(
            ImageEntry entry,
            in InstallFile asWhat,
            byte[] buffer,
            Sha256? hash,
            CancellationToken cancellation
        )
        {
            using IInstallFile file = sink.CreateFile(asWhat);
            for (long offset = 0; offset < entry.Size; )
            {
                cancellation.ThrowIfCancellationRequested();
                int count = tree.Read(entry.Inode, offset, buffer.AsSpan(0, BufferBytes));
                ReadOnlySpan<byte> read = buffer.AsSpan(0, count);
                hash?.Append(read);
                file.Write(read);
                reporter.Advance(count);
                offset += count;
            }
            file.Complete();
        }
    }
}
