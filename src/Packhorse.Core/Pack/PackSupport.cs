using Packhorse.Conda;
using Packhorse.Install;
using Packhorse.Model;

namespace Packhorse.Pack;

/// <summary>What unpacking from a file and from a stream share.</summary>
internal static class PackSupport
{
    /// <summary>An environment may be unpacked on another machine than the one that runs it: a warning, no refusal.</summary>
    public static void WarnOfMachine(IEnumerable<PackageRecord> packages, VirtualPackages machine, IReporter reporter)
    {
        foreach (string sentence in machine.Unmet(packages))
        {
            reporter.Warn(sentence);
        }
    }

    /// <exception cref="CorruptDataException">The file is another package than the lists say.</exception>
    public static PackageToInstall ToInstall(PackedPackage package, PackageInfo info)
    {
        PackageRecord index = info.Index;
        if (
            index.Name != package.Record.Name
            || index.Version != package.Record.Version
            || index.Build != package.Record.Build
        )
        {
            throw new CorruptDataException(
                ErrorCodes.BadPack,
                $"{package.Path} is the package {index}, but the pack lists it as {package.Record}"
            );
        }
        return new PackageToInstall
        {
            Record = package.Record,
            Info = info,
            FileName = package.FileName,
            Url = package.Url,
            Channel = package.Channel,
        };
    }
}
