using Packhorse.TestChannel;

namespace Packhorse.Tests.Support;

/// <summary>Channels of real packages, put together from the fixtures.</summary>
public static class RealChannel
{
    /// <summary>A Python 3.7 with its libraries, and tools from conda-forge: no path is brought by two of them.</summary>
    public static IReadOnlyList<string> PythonEnvironment { get; } =
    [
        .. Rebuilt(
            "ca-certificates-2018.03.07-0",
            "certifi-2018.8.24-py37_1",
            "libffi-3.2.1-hd88cf55_4",
            "libgcc-ng-8.2.0-hdf63c60_1",
            "libstdcxx-ng-8.2.0-hdf63c60_1",
            "ncurses-6.1-hf484d3e_0",
            "openssl-1.0.2p-h14c3975_0",
            "python-3.7.0-hc3d631a_0",
            "readline-7.0-h7b6447c_5",
            "setuptools-40.2.0-py37_0",
            "sqlite-3.24.0-h84994c4_0",
            "tk-8.6.8-hbc83047_0",
            "xz-5.2.4-h14c3975_4",
            "yaml-0.1.7-had09818_2",
            "zlib-1.2.11-ha838bed_2"
        ),
        .. ForgeNoArch(
            "pip-22.1.2-pyhd8ed1ab_0",
            "wheel-0.37.1-pyhd8ed1ab_0",
            "tqdm-4.64.0-pyhd8ed1ab_0",
            "requests-2.27.1-pyhd8ed1ab_0",
            "urllib3-1.26.9-pyhd8ed1ab_0",
            "idna-3.3-pyhd8ed1ab_0",
            "charset-normalizer-2.0.12-pyhd8ed1ab_0",
            "six-1.16.0-pyh6c4a22f_0",
            "pycparser-2.21-pyhd8ed1ab_0",
            "colorama-0.4.4-pyh9f0ad1d_0"
        ),
    ];

    public static IEnumerable<string> Rebuilt(params IEnumerable<string> stems) =>
        stems.Select(stem => $"rebuilt/linux-64/{stem}.conda");

    public static IEnumerable<string> ForgeNoArch(params IEnumerable<string> stems) =>
        stems.Select(stem => $"conda-forge/noarch/{stem}.tar.bz2");

    public static IEnumerable<string> Clobber(params IEnumerable<string> names) =>
        names.Select(name => $"rattler/clobber/{name}");

    /// <summary>Copies packages of the fixtures into a channel directory; skips the test without them.</summary>
    /// <param name="fixtures">Paths below the fixtures whose last directory need not be the package's subdir.</param>
    public static ChannelDirectory Make(string root, params IEnumerable<string> fixtures)
    {
        foreach (string fixture in fixtures)
        {
            string package = Fixtures.Require(fixture);
            string subdir = PackageFiles.Info(package).Index.Subdir;
            string place = Path.Combine(root, subdir, Path.GetFileName(package));
            Directory.CreateDirectory(Path.GetDirectoryName(place)!);
            File.Copy(package, place);
        }
        return ChannelDirectory.Open(root);
    }
}
