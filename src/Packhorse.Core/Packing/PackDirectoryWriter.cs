using Packhorse.Fetch;
using Packhorse.Model;
using Packhorse.Os;
using Packhorse.Pack;

namespace Packhorse.Packing;

/// <summary>Makes a directory pack: files of its own for all members, under the names that a tar would give them.</summary>
public static class PackDirectoryWriter
{
    /// <inheritdoc cref="PackFileWriter.WriteAsync"/>
    public static async Task<PackResult> WriteAsync(
        PackRequest request,
        Fetcher fetcher,
        IReporter reporter,
        CancellationToken cancellation
    )
    {
        CheckOutput(request.Output);
        using var directory = new PartDirectory(request.Output);
        // The lock against another process that makes the same output.
        using OutputFile held = OutputFile.Resume(directory["lock"], directory["lock"], FilePermissions.OwnerReadWrite);
        directory.Own();
        reporter.BeginStage("Packing", request.Plan.Members.Count, request.Plan.Size);
        string root = directory["pack"];
        var contents = new ExpectedContent[request.Plan.Members.Count];
        try
        {
            await Parallel
                .ForEachAsync(
                    Enumerable.Range(0, contents.Length).OrderByDescending(i => request.Plan.Members[i].Expected.Size),
                    new ParallelOptions
                    {
                        MaxDegreeOfParallelism = request.Downloads,
                        CancellationToken = cancellation,
                    },
                    async (index, token) =>
                    {
                        PlannedMember member = request.Plan.Members[index];
                        contents[index] = await FetchAsync(member, Path.Combine(root, member.Path), fetcher, token)
                            .ConfigureAwait(false);
                        directory.Keep();
                        reporter.ItemDone(member.Package.FileName);
                    }
                )
                .ConfigureAwait(false);
        }
        catch when (directory.IsKept)
        {
            reporter.Warn(
                $"what was brought is kept in {directory.Path}: the same command goes on from there; remove it to begin anew"
            );
            throw;
        }
        PackLayoutPlan layout = PackLayoutPlan.Create(request.Plan, contents, request.Layout);
        WriteDocuments(root, layout);
        RemoveStrangers(root, layout);
        Exchange(request.Output, root, directory);
        directory.Complete();
        return new PackResult(request.Output, layout.Entries.Sum(entry => entry.Size), contents.Length);
    }

    // Only what is a pack, or nothing, is replaced.
    private static void CheckOutput(string output)
    {
        if (
            FileTree.Exists(output)
            && !FileTree.IsEmptyDirectory(output)
            && !FileTree.FileExists(Path.Combine(output, PackManifest.Path))
        )
        {
            throw new UsageException(
                ErrorCodes.OutputInTheWay,
                $"the output {EntryPath.Quote(output)} exists and is no directory pack"
            )
            {
                Hint = "remove it, or choose another output with -o",
            };
        }
    }

    private static async Task<ExpectedContent> FetchAsync(
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
            Name = member.Package.FileName,
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
            using var hashing = new Codecs.HashingStream(content, expected);
            hashing.Verify(path);
            return true;
        }
        catch (CorruptDataException)
        {
            return false;
        }
    }

    private static ExpectedContent Describe(string path)
    {
        using InputFile file = InputFile.Open(path);
        using Stream content = file.AsStream();
        using var hash = new Codecs.DigestingStream(content, _ => { });
        hash.CopyTo(Stream.Null);
        return new ExpectedContent(hash.Count, hash.Finish().Sha256, null);
    }

    private static void WriteDocuments(string root, PackLayoutPlan layout)
    {
        foreach (LayoutEntry entry in layout.Entries.Where(entry => entry.Content is not null))
        {
            using OutputFile file = OutputFile.Create(Path.Combine(root, entry.Path), FilePermissions.ReadWrite);
            file.Write(entry.Content, 0);
            file.Complete();
        }
    }

    // Members that an interrupted run of another lock file left.
    private static void RemoveStrangers(string root, PackLayoutPlan layout)
    {
        HashSet<string> known = layout.Entries.Select(entry => entry.Path).ToHashSet(StringComparer.Ordinal);
        foreach (string file in FileTree.ListFiles(root).Where(file => !known.Contains(file)).ToArray())
        {
            FileTree.DeleteFile(Path.Combine(root, file));
        }
    }

    private static void Exchange(string output, string root, PartDirectory directory)
    {
        if (FileTree.Exists(output))
        {
            FileTree.Move(output, directory["old"]);
        }
        FileTree.Move(root, output);
        FileTree.FlushDirectory(Path.GetDirectoryName(output)!);
    }

    private sealed class FileTarget(OutputFile file) : IFetchTarget
    {
        public void Begin(long? totalLength) { }

        public void Write(long offset, ReadOnlySpan<byte> bytes) => file.Write(bytes, offset);

        public void Restart() => file.SetLength(0);
    }
}
