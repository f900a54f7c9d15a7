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
        reporter.BeginStage("Packing", request.Plan.Members.Count, request.Plan.Size);
        string root = directory["pack"];
        SpaceCheck.Check(directory.Path, request.Plan.Size, request.Plan.Members.Count, "the pack");
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
                        contents[index] = await MemberFile
                            .BringAsync(member, Path.Combine(root, member.Path), fetcher, token)
                            .ConfigureAwait(false);
                        directory.Keep();
                        reporter.ItemDone(member.FileName);
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
        PackLayoutPlan layout = PackLayoutPlan.Create(request, contents);
        WriteDocuments(root, layout);
        RemoveStrangers(root, layout);
        Exchange(request.Output, root, directory);
        directory.Complete();
        return new PackResult(request.Output, layout.Entries.Sum(entry => entry.Size), contents.Length);
    }

    // Only what is a pack and nothing else, or nothing at all, is replaced.
    private static void CheckOutput(string output)
    {
        if (!FileTree.Exists(output) || FileTree.IsEmptyDirectory(output))
        {
            return;
        }
        bool isPack = FileTree.IsRealDirectory(output) && FileTree.FileExists(Path.Combine(output, PackManifest.Path));
        string? stranger = isPack ? FileTree.List(output).FirstOrDefault(name => !PackLayout.IsOwn(name)) : null;
        if (!isPack || stranger is not null)
        {
            string what = isPack ? $"holds {EntryPath.Quote(stranger!)} beside a pack" : "is no directory pack";
            throw new UsageException(
                ErrorCodes.OutputInTheWay,
                $"the output {EntryPath.Quote(output)} exists and {what}"
            )
            {
                Hint = "remove it, or choose another output with -o",
            };
        }
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
        string old = directory["old"];
        FileTree.DeleteDirectory(old);
        bool replaces = FileTree.Exists(output);
        if (replaces)
        {
            FileTree.Move(output, old);
        }
        try
        {
            FileTree.Move(root, output);
        }
        catch when (replaces)
        {
            FileTree.Move(old, output);
            throw;
        }
        FileTree.FlushDirectory(Path.GetDirectoryName(output)!);
    }
}
