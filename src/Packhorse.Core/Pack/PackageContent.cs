using Packhorse.Codecs;
using Packhorse.Conda;
using Packhorse.Install;
using Packhorse.Model;
using Packhorse.Wheels;

namespace Packhorse.Pack;

/// <summary>The bytes of one package of a pack, whichever kind it is of, where they can be read at any offset.</summary>
public static class PackageContent
{
    /// <summary>Reads what a package says of itself, and no more.</summary>
    /// <param name="where">The package, for messages.</param>
    /// <exception cref="CorruptDataException">It is damaged, or another package than the lists say.</exception>
    public static PackageToInstall Describe(this PackedPackage package, IRandomAccess content, string where)
    {
        if (!package.Record.IsWheel)
        {
            return PackSupport.ToInstall(package, PackageInfoReader.Read(content, package.Kind, where));
        }
        WheelInfo wheel = WheelReader.Read(content, package.FileName, where);
        return PackageToInstall.Of(wheel, package.Record, package.Url) with { IsDirect = package.IsDirect };
    }

    /// <summary>Links a package into a sink, compared with its digest.</summary>
    /// <param name="advance">Told of bytes of the package file as they are read the first time.</param>
    /// <exception cref="CorruptDataException">It is not what it should be.</exception>
    public static LinkedPackage Link(
        this PackedPackage package,
        IRandomAccess content,
        string where,
        (PlannedPackage Plan, InstallTarget Target, IInstallSink Sink) to,
        Action<int> advance,
        CancellationToken cancellation
    )
    {
        if (package.Record.IsWheel)
        {
            // Its files are read in whatever order; so all of it first, which leaves it in the system's cache.
            Verify(content, package.Expected, where, advance);
            using var wheel = new WheelLinker(to.Plan, to.Target, to.Sink);
            return wheel.Link(content, cancellation);
        }
        using Stream stream = content.AsStream();
        using var hashing = new HashingStream(stream, package.Expected, advance);
        LinkedPackage linked;
        using (var reader = new CondaPackageReader(hashing, package.Kind, where))
        {
            using var linker = new PackageLinker(to.Plan, to.Target, to.Sink);
            linked = linker.Link(reader, cancellation);
        }
        hashing.Verify(where);
        return linked;
    }

    /// <exception cref="CorruptDataException">It is not what it should be.</exception>
    public static void Verify(IRandomAccess content, ExpectedContent expected, string where, Action<int>? advance)
    {
        using Stream stream = content.AsStream();
        using var hashing = new HashingStream(stream, expected, advance);
        hashing.Verify(where);
    }
}
