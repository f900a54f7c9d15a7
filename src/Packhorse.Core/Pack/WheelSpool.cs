using System.Runtime.Versioning;
using Packhorse.Codecs;
using Packhorse.Install;
using Packhorse.Model;
using Packhorse.Os;

namespace Packhorse.Pack;

/// <summary>
/// The wheels of a stream. Where their files go is known only when all packages are, so that each is kept as it came until then, in the
/// stage: nothing but its digest is held in memory.
/// </summary>
[SupportedOSPlatform("linux")]
internal sealed class WheelSpool(EnvironmentTransaction transaction, IReporter reporter, CancellationToken cancellation)
{
    private const int BufferBytes = 256 << 10;

    private readonly Dictionary<string, (string File, ActualContent Content)> _wheels = new(StringComparer.Ordinal);

    /// <param name="path">In the pack.</param>
    /// <param name="ordinal">A number of its own among the members.</param>
    public void Take(string path, Stream content, int ordinal)
    {
        LinuxDirectory stage = transaction.Stage;
        string file = $"{StageNames.Incoming}/{ordinal}.whl";
        _ = stage.TryCreateDirectory(StageNames.Incoming);
        using var digesting = new DigestingStream(content, withMd5: false, count => reporter.Advance(count));
        using (LinuxFile kept = stage.CreateFile(file, FilePermissions.OwnerReadWrite))
        {
            var buffer = new byte[BufferBytes];
            int count;
            while ((count = digesting.Read(buffer)) > 0)
            {
                cancellation.ThrowIfCancellationRequested();
                kept.Write(buffer.AsSpan(0, count));
            }
        }
        _wheels.Add(path, (file, new ActualContent(digesting.Count, digesting.Finish().Sha256, null)));
    }

    /// <exception cref="CorruptDataException">It is not what it should be.</exception>
    public PackageToInstall Describe(PackedPackage wheel)
    {
        _wheels[wheel.Path].Content.Check(wheel.Expected, wheel.Path);
        using InputFile file = Open(wheel);
        return wheel.Describe(new InterruptibleSource(file, cancellation), wheel.Path);
    }

    /// <summary>Links a wheel and lets its file go. Thread-safe.</summary>
    public LinkedPackage Link(PackedPackage wheel, (PlannedPackage Plan, InstallTarget Target, IInstallSink Sink) to)
    {
        using InputFile file = Open(wheel);
        // Written by this process and compared already: no third time.
        using var linker = new WheelLinker(to.Plan, to.Target, to.Sink);
        LinkedPackage linked = linker.Link(new InterruptibleSource(file, cancellation), cancellation);
        transaction.Stage.Remove(_wheels[wheel.Path].File);
        return linked;
    }

    private InputFile Open(PackedPackage wheel) =>
        InputFile.Open(Path.Combine(transaction.StagePath, _wheels[wheel.Path].File));
}
