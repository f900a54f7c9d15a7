using Packhorse.Codecs;

namespace Packhorse.Install;

/// <summary>Writes the scripts of a package's entry points.</summary>
public static class EntryPointWriter
{
    public static IReadOnlyList<LinkedPath> Write(PlannedPackage plan, IInstallSink sink)
    {
        long modified = PackageLinker.Time((plan.Package.Info.AboutModified ?? 0) + 1);
        var written = new List<LinkedPath>(plan.EntryPoints.Count);
        foreach (PlannedEntryPoint entryPoint in plan.EntryPoints)
        {
            Write(entryPoint, sink, modified);
            written.Add(
                new LinkedPath
                {
                    Target = entryPoint.Target,
                    ClobberedPath = entryPoint.ClobberedPath,
                    Kind = LinkedPathKind.EntryPoint,
                    Sha256InPrefix = Sha256.Hash(entryPoint.Content),
                    Size = entryPoint.Content.Length,
                }
            );
        }
        return written;
    }

    private static void Write(PlannedEntryPoint entryPoint, IInstallSink sink, long modified)
    {
        var described = new InstallFile(entryPoint.Target, EntryPointScript.Mode, modified, entryPoint.Content.Length)
        {
            Placeholder = EntryPointScript.Placeholder,
        };
        using IInstallFile file = sink.CreateFile(described);
        (file as IPrefixObserver)?.OnFirstLine(
            EntryPointScript.PackagedFirstLine(entryPoint.Interpreter),
            EntryPointScript.PlaceholderBytes,
            EntryPointScript.FirstLineBytes(entryPoint.Content)
        );
        file.Write(entryPoint.Content);
        file.Complete();
    }
}
