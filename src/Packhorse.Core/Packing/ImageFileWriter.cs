using Packhorse.Codecs;
using Packhorse.Fetch;
using Packhorse.Image;
using Packhorse.Install;
using Packhorse.Model;
using Packhorse.Os;
using Packhorse.Pack;
using Packhorse.Packing.Squashfs;

namespace Packhorse.Packing;

/// <summary>
/// Makes an image: packages are read one after the other, linked for the baked prefix on the way and compressed, never laid out; then come
/// the tables that describe, move and verify it.
/// </summary>
public static class ImageFileWriter
{
    /// <exception cref="PackhorseException">Nothing is then at the output's name.</exception>
    public static async Task<ImageResult> WriteAsync(
        ImageRequest request,
        Fetcher fetcher,
        IReporter reporter,
        CancellationToken cancellation
    )
    {
        OutputName name = OutputName.Parse(request.Output);
        OutputFile.CheckReplaceable(request.Output);
        request.Runtime?.CheckPlatform(request.Plan.Platform);
        using var directory = new PartDirectory(request.Output);
        try
        {
            ImagePackages packages = await ImagePackages
                .BringAsync(request, directory, (fetcher, reporter), cancellation)
                .ConfigureAwait(false);
            ImageResult result = Write(request, packages, (directory, name), reporter, cancellation);
            directory.Complete();
            return result;
        }
        catch when (directory.IsKept)
        {
            reporter.Warn(
                $"what was brought is kept in {directory.Path}: the same command goes on from there; remove it to begin anew"
            );
            throw;
        }
    }

    private static ImageResult Write(
        ImageRequest request,
        ImagePackages packages,
        (PartDirectory Directory, OutputName Name) output,
        IReporter reporter,
        CancellationToken cancellation
    )
    {
        PackageToInstall[] infos = packages.ReadInfos(request.Workers, cancellation);
        using var scripts = LinkScriptResults.Make(
            request,
            (infos, packages),
            output.Directory,
            reporter,
            cancellation
        );
        using var python = ByteCodeCompilers.Start(
            request,
            (infos, packages),
            output.Directory,
            reporter,
            cancellation
        );
        Digest digest = packages.EnvironmentDigest(request.Plan.Platform, python.Any, scripts is not null);
        string prefix = request.Prefix ?? CanonicalPrefix.Of(digest);
        InstallPlan plan = InstallPlan.Create(infos, new InstallTarget(prefix, request.Plan.Platform));
        plan.Warn(reporter, scriptsRun: scripts is not null);
        UnixFileMode mode = request.Runtime is null ? FilePermissions.ReadWrite : FilePermissions.All;
        using OutputFile file = OutputFile.CreateAt(output.Directory["image"], request.Output, mode);
        long begin = request.Runtime is { } runtime ? SelfExtractingHeader.Bytes + runtime.Padded.Length : 0;
        using var writer = new SquashfsWriter(
            file,
            begin,
            new SquashfsOptions { CompressionLevel = request.CompressionLevel, Workers = request.Workers },
            cancellation
        );
        ImageSink sink = Link((plan, packages), writer, (python, scripts), reporter, cancellation);
        var parts = new ImageParts(file, new ImagePart(begin, writer.Complete()));
        byte[] manifest = new ImageManifestContent
        {
            Plan = plan,
            Environment = request.Plan.Environment,
            EnvironmentDigest = digest,
            IsCanonical = request.Prefix is null,
            HasByteCode = python.Any,
            HasRunLinkScripts = scripts is not null,
            Files = sink.Files,
            Bytes = sink.Bytes,
        }.Write();
        parts.AddManifest(manifest);
        parts.AddRelocations(RelocationTableWriter.Write(prefix, writer.Relocated));
        parts.AddHotSet(HotSetWriter.Write(request.Record, writer, begin));
        reporter.BeginStage("Digesting", 1, parts.End);
        Digest root = parts.Complete(request.Runtime, Sha256.Hash(manifest), request.Workers, cancellation);
        output.Name.Complete(file, root, cancellation);
        return new ImageResult(file.Path, parts.FileBytes, prefix, infos.Length, sink.Files, sink.Bytes, root);
    }

    // In the order of the plan: the bytes of the image depend on it.
    private static ImageSink Link(
        (InstallPlan Plan, ImagePackages Packages) from,
        SquashfsWriter writer,
        (ByteCodeCompilers Python, LinkScriptResults? Scripts) programs,
        IReporter reporter,
        CancellationToken cancellation
    )
    {
        var sink = new ImageSink(writer);
        using ByteCodeWriter? byteCode = programs.Python.WriteTo(sink, from.Plan);
        sink.ByteCode = byteCode;
        LinkScriptResults? scripts = programs.Scripts;
        IInstallSink remaining = scripts?.Around(sink, from.Plan.Target) ?? sink;
        reporter.BeginStage("Packing", from.Plan.Packages.Count, from.Packages.PackedBytes);
        remaining.CreateDirectories(from.Plan.Directories);
        sink.CreateDirectories([CondaMeta.Directory]);
        foreach ((PlannedPackage package, ImagePackage source) in from.Plan.Packages.Zip(from.Packages.All))
        {
            LinkedPackage linked = LinkOne(package, source, (from.Plan.Target, remaining), reporter, cancellation);
            linked.WarnOfLinks(reporter);
            ImageRecords.WriteRecord(sink, writer, scripts?.Correct(linked) ?? linked);
            byteCode?.EndPackage();
            reporter.ItemDone(package.Package.FileName);
        }
        scripts?.WriteTo(sink, from.Plan.Target, reporter);
        byteCode?.EndPackage();
        byteCode?.Complete();
        ImageRecords.WriteOthers(sink, from.Plan.Marker);
        return sink;
    }

    private static LinkedPackage LinkOne(
        PlannedPackage package,
        ImagePackage source,
        (InstallTarget Target, IInstallSink Sink) to,
        IReporter reporter,
        CancellationToken cancellation
    )
    {
        try
        {
            return source.Link(package, (to.Target, to.Sink), count => reporter.Advance(count), cancellation);
        }
        catch (CorruptDataException)
        {
            // That the file is not the one it should be explains more than what it led to.
            source.Verify(cancellation);
            throw;
        }
    }
}
