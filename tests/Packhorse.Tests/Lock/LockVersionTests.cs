using Packhorse.Lock;
using Packhorse.Model;

namespace Packhorse.Tests.Lock;

/// <summary>Values checked by hand against <see cref="SmallLocks"/>.</summary>
public sealed class LockVersionTests
{
    [Theory]
    [InlineData(1, "linux-64 osx-64")]
    [InlineData(2, "win-64")]
    [InlineData(3, "linux-64")]
    [InlineData(4, "osx-64")]
    [InlineData(5, "win-64")]
    [InlineData(6, "linux-64 win-64")]
    [InlineData(7, "linux-64 linux-64-cuda gpu-only")]
    public void Every_version_has_its_platforms(int version, string platforms)
    {
        LockFile file = SmallLocks.Parse(SmallLocks.Of(version));

        Assert.Equal(version, file.Version);
        Assert.Equal(platforms.Split(' '), file.Platforms.Select(platform => platform.Name));
    }

    [Fact]
    public void Version_1_derives_build_and_subdir_from_the_url_and_takes_dependencies_from_a_mapping()
    {
        LockFile file = SmallLocks.Parse(SmallLocks.Version1);

        LockedEnvironment environment = Assert.Single(file.Environments);
        Assert.Equal("default", environment.Name);
        Assert.Equal(["conda-forge"], environment.Channels);
        var mutex = Assert.IsType<LockedCondaPackage>(Assert.Single(file.Select("default", "linux-64").Packages));
        Assert.Equal("_libgcc_mutex=0.1=conda_forge", mutex.Record.ToString());
        Assert.Equal("linux-64", mutex.Record.Subdir);
        Assert.Equal("_libgcc_mutex-0.1-conda_forge.tar.bz2", mutex.FileName);
        Assert.Equal("https://conda.anaconda.org/conda-forge/", mutex.Channel);
        Assert.Equal("d7c89558ba9fa0495403155b64376d81", mutex.Record.Md5.ToString());
        Assert.Empty(mutex.Record.Depends);

        LockedSelection osx = file.Select("default", "osx-64");
        Assert.Equal(["pip", "matplotlib-base"], osx.Packages.Select(package => package.Name));
        PackageRecord pip = Assert.IsType<LockedCondaPackage>(osx.Packages[0]).Record;
        Assert.Equal("noarch", pip.Subdir);
        Assert.Equal(NoArchKind.Python, pip.NoArch);
        Assert.Null(pip.Arch);
        Assert.Null(pip.Sha256);
        Assert.Equal(3UL, pip.BuildNumber);
        Assert.Equal(["python >=3.7", "setuptools", "libcblas ==3.9.0 16_linux64"], pip.Depends);
        var matplotlib = Assert.IsType<LockedPypiPackage>(osx.Packages[1]);
        Assert.Equal("3.5.1", matplotlib.Version);
        Assert.Equal(["numpy >=1.17", "cycler"], matplotlib.RequiresDist);
        Assert.Equal("fe8d40c434a8e2c68d64c6d6a04e77f21791a93ff6afe0dce169597c110d3079", matplotlib.Sha256.ToString());
        Assert.True(matplotlib.IsWheel);
    }

    [Fact]
    public void Version_2_has_lists_of_specs_and_timestamps_in_seconds()
    {
        PackageRecord zlib = OnlyRecord(SmallLocks.Version2, "win-64");

        Assert.Equal(["libzlib ==1.2.13 hcfcfb64_4", "vc >=14.2,<15"], zlib.Depends);
        Assert.Equal(1_666_747_904_000, zlib.Timestamp);
        Assert.Equal(["vc14"], zlib.TrackFeatures);
        Assert.Equal(("x86_64", "win"), (zlib.Arch, zlib.Platform));
        Assert.Equal(117_158, zlib.Size);
        Assert.Equal(NoArchKind.None, zlib.NoArch);
    }

    [Fact]
    public void Version_3_calls_python_packages_pypi_and_its_empty_purls_are_unknown()
    {
        LockedSelection selection = SmallLocks.Parse(SmallLocks.Version3).Select("default", "linux-64");

        PackageRecord tzdata = Assert.IsType<LockedCondaPackage>(selection.Packages[0]).Record;
        Assert.Equal("noarch", tzdata.Subdir);
        Assert.Equal(("x86_64", null), (tzdata.Arch, tzdata.Platform));
        Assert.Null(tzdata.Purls);
        Assert.Equal(1_706_886_945_727, tzdata.Timestamp);
        var six = Assert.IsType<LockedPypiPackage>(selection.Packages[1]);
        Assert.Equal(["nothing >=1"], six.RequiresDist);
        Assert.Equal(">=2.7, !=3.0.*", six.RequiresPython);
    }

    [Fact]
    public void Version_4_refers_to_packages_by_url_or_path()
    {
        LockedSelection selection = SmallLocks.Parse(SmallLocks.Version4).Select("default", "osx-64");

        Assert.Equal(
            ["mpi", "click", "requests", "minimal-project"],
            selection.Packages.Select(package => package.Name)
        );
        PackageRecord mpi = Assert.IsType<LockedCondaPackage>(selection.Packages[0]).Record;
        Assert.Equal("mpi=1.0=openmpi", mpi.ToString());
        Assert.Equal(0UL, mpi.BuildNumber);
        Assert.Null(mpi.Timestamp);
        Assert.Equal("8c3bc725bf4d10fc6e56031f7543771f", mpi.Md5.ToString());
        var project = Assert.IsType<LockedPypiPackage>(selection.Packages[3]);
        Assert.True(project.Editable);
        Assert.False(project.IsWheel);
        Assert.Equal("minimal_project", project.Location.Path);
        var click = Assert.IsType<LockedPypiPackage>(selection.Packages[1]);
        Assert.Equal("https://example.org/dl/click-8.1.7-py3-none-any.whl", click.Location.Url);
        Assert.True(click.IsWheel);
        Assert.Equal(["colorama ; platform_system == 'Windows'"], click.RequiresDist);
        var requests = Assert.IsType<LockedPypiPackage>(selection.Packages[2]);
        Assert.Equal("git+https", requests.Location.Scheme);
        Assert.False(requests.IsWheel);
    }

    [Fact]
    public void Version_5_merges_entries_with_the_same_url()
    {
        LockFile file = SmallLocks.Parse(SmallLocks.Version5);
        LockedSelection selection = file.Select("default", "win-64");

        Assert.Equal(["https://pypi.org/simple"], file.Environments[0].Indexes);
        Assert.Equal(2, selection.Packages.Count);
        PackageRecord tzdata = Assert.IsType<LockedCondaPackage>(selection.Packages[0]).Record;
        Assert.NotNull(tzdata.Sha256);
        Assert.NotNull(tzdata.Md5);
        Assert.Equal([], tzdata.Purls!);
        Assert.Equal(NoArchKind.Generic, tzdata.NoArch);
        var requests = Assert.IsType<LockedPypiPackage>(selection.Packages[1]);
        Assert.Equal("requests-2.31.0-py3-none-any.whl", requests.FileName);
        Assert.Equal("./links/requests-2.31.0-py3-none-any.whl", requests.Location.Path);
    }

    [Fact]
    public void Version_5_prefers_the_entry_whose_subdir_is_the_platform()
    {
        const string Url = "https://example.org/c/linux-64/a-1-0.conda";
        string entry =
            $"- kind: conda\n  name: a\n  version: '1'\n  build: '0'\n  subdir: SUBDIR\n  url: {Url}\n  license: SUBDIR\n";
        string text =
            "version: 5\nenvironments:\n  default:\n    channels: []\n    packages:\n"
            + $"      linux-64: [{{conda: '{Url}'}}]\n      win-64: [{{conda: '{Url}'}}]\n      osx-64: [{{conda: '{Url}'}}]\npackages:\n"
            + entry.Replace("SUBDIR", "noarch", StringComparison.Ordinal)
            + entry.Replace("SUBDIR", "linux-64", StringComparison.Ordinal)
            + entry.Replace("SUBDIR", "win-64", StringComparison.Ordinal);

        LockFile file = SmallLocks.Parse(text);

        Assert.Equal("linux-64", OnlyRecord(file, "linux-64").License);
        Assert.Equal("win-64", OnlyRecord(file, "win-64").License);
        Assert.Equal("noarch", OnlyRecord(file, "osx-64").License);
    }

    [Fact]
    public void Version_6_derives_what_the_url_tells()
    {
        LockedSelection selection = SmallLocks.Parse(SmallLocks.Version6).Select("default", "linux-64");

        Assert.Equal(
            ["_libgcc_mutex", "x264", "tqdm", "minimal-project", "six"],
            selection.Packages.Select(package => package.Name)
        );
        PackageRecord mutex = Assert.IsType<LockedCondaPackage>(selection.Packages[0]).Record;
        Assert.Equal("_libgcc_mutex=0.1=conda_forge", mutex.ToString());
        Assert.Equal(("linux-64", "x86_64", "linux"), (mutex.Subdir, mutex.Arch, mutex.Platform));
        Assert.Equal((NoArchKind.None, 0UL, 2562L), (mutex.NoArch, mutex.BuildNumber, mutex.Size));
        Assert.Equal([], mutex.Purls!);
        var x264 = Assert.IsType<LockedCondaPackage>(selection.Packages[1]);
        Assert.Equal("x264-1!161.3030-h166bdaf_1.tar.bz2", x264.FileName);
        Assert.Equal("1!161.3030", x264.Record.Version);
        Assert.EndsWith("x264-1%21161.3030-h166bdaf_1.tar.bz2", x264.Location.Url, StringComparison.Ordinal);
        PackageRecord tqdm = Assert.IsType<LockedCondaPackage>(selection.Packages[2]).Record;
        Assert.Equal((NoArchKind.Python, 12UL), (tqdm.NoArch, tqdm.BuildNumber));
        Assert.Equal((null, null), (tqdm.Arch, tqdm.Platform));
        Assert.Null(tqdm.Purls);
        Assert.Equal(["foo >1"], tqdm.Constrains);
        Assert.Equal(["one", "two"], tqdm.TrackFeatures);
        Assert.Equal("""{"dev":["pytest"],"notebook":["ipywidgets >=6"]}""", Compact(tqdm.ExtraDepends));
    }

    [Fact]
    public void Version_6_tells_source_packages_at_one_location_apart()
    {
        LockFile file = SmallLocks.Parse(SmallLocks.Version6);

        var linux = file.Select("default", "linux-64").Packages.OfType<LockedCondaSource>().Single();
        Assert.Equal(("0.1", "first", "linux-64"), (linux.Version, linux.Build, linux.Subdir));
        Assert.Equal("../minimal-project", linux.Location.Path);
        Assert.Equal("https://github.com/example/pixi-package.git (tag v1.2.0, rev def456789012345)", linux.CodeSource);
        var windows = Assert.IsType<LockedCondaSource>(Assert.Single(file.Select("default", "win-64").Packages));
        Assert.Equal("win-64", windows.Subdir);
        Assert.Null(windows.CodeSource);
    }

    [Fact]
    public void Version_7_names_platforms_and_sources()
    {
        LockFile file = SmallLocks.Parse(SmallLocks.Version7);

        Assert.Equal(["__cuda=12"], file.Platforms[1].VirtualPackages);
        Assert.Equal(Platform.Linux64, file.Platforms[1].Subdir);
        LockedSelection selection = file.Select("default", "linux-64-cuda");
        PackageRecord openssl = Assert.IsType<LockedCondaPackage>(selection.Packages[0]).Record;
        Assert.Equal(7UL, openssl.BuildNumber);
        Assert.Equal("""{"weak":["openssl >=3.6.3,<4.0a0"],"strong_constrains":["a"]}""", Compact(openssl.RunExports));
        Assert.Equal("""["cuda","mkl"]""", Compact(openssl.Flags));
        Assert.Null(openssl.ExtraDepends);
        var source = Assert.IsType<LockedCondaSource>(selection.Packages[1]);
        Assert.Equal(("my-package", "0.10", "0", "noarch"), (source.Name, source.Version, source.Build, source.Subdir));
        Assert.Equal("./my-package", source.Location.Path);
        Assert.Equal("https://example.com/package.tar.gz (sha256 abcd)", source.CodeSource);
        var partial = Assert.IsType<LockedCondaSource>(selection.Packages[2]);
        Assert.Equal((null, null, null), (partial.Version, partial.Build, partial.Subdir));
        Assert.Equal("https://example.org/partial.git", partial.Location.Url?["git+".Length..]);
        var project = Assert.IsType<LockedPypiPackage>(selection.Packages[3]);
        Assert.Null(project.Version);
        Assert.Null(project.FileName);
        Assert.Equal(["my-subdir @ file:my_subdir"], project.RequiresDist);
    }

    [Theory]
    [InlineData("build: abc", "a-1-abc.conda", "abc", 0)]
    [InlineData("build_number: 5", "a-1-h0_3.conda", "h0_3", 5)]
    [InlineData("", "a-1-0.conda", "0", 0)]
    [InlineData("", "a-1-py312_1004.tar.bz2", "py312_1004", 1004)]
    [InlineData("", "a-1-h123456789012345678901.conda", "h123456789012345678901", 0)]
    public void Build_numbers_are_written_or_the_digits_at_the_end(
        string member,
        string fileName,
        string build,
        ulong number
    )
    {
        PackageRecord record = OnlyRecord(LockWith($"https://example.org/c/linux-64/{fileName}", member), "linux-64");

        Assert.Equal((build, number), (record.Build, record.BuildNumber));
    }

    [Theory]
    [InlineData("noarch", "pyhd8ed1ab_0", "", NoArchKind.Python)]
    [InlineData("noarch", "h0_0", "", NoArchKind.Generic)]
    [InlineData("linux-64", "py312_0", "", NoArchKind.None)]
    [InlineData("noarch", "h0_0", "noarch: python", NoArchKind.Python)]
    [InlineData("linux-64", "h0_0", "noarch: generic", NoArchKind.Generic)]
    [InlineData("noarch", "h0_0", "noarch: true", NoArchKind.Generic)]
    [InlineData("noarch", "h0_0", "noarch: ~", NoArchKind.Generic)]
    public void Noarch_is_written_or_told_by_subdir_and_build(
        string subdir,
        string build,
        string member,
        NoArchKind expected
    ) =>
        Assert.Equal(
            expected,
            OnlyRecord(LockWith($"https://example.org/c/{subdir}/a-1-{build}.conda", member), "linux-64").NoArch
        );

    [Fact]
    public void Written_members_win_over_the_location()
    {
        PackageRecord record = OnlyRecord(
            LockWith(
                "https://example.org/c/linux-64/a-1-0.conda",
                "name: Other\n  version: 2.0\n  subdir: osx-arm64\n  timestamp: null\n  size: ~\n  license:\n  features: x"
            ),
            "linux-64"
        );

        Assert.Equal("Other=2.0=0", record.ToString());
        Assert.Equal(("osx-arm64", "arm64", "osx"), (record.Subdir, record.Arch, record.Platform));
        Assert.Equal((null, null, null, "x"), (record.Timestamp, record.Size, record.License, record.Features));
    }

    [Fact]
    public void A_package_of_a_local_channel_is_a_path_with_its_channel_written_down()
    {
        LockFile file = SmallLocks.Parse(
            LockWith(
                "file:///C:/channel/noarch/my-webserver-0.1.0-pyh4616a5c_0.conda",
                "subdir: noarch\n  channel: file:///C:/channel"
            )
        );

        var package = Assert.IsType<LockedCondaPackage>(Assert.Single(file.Select("default", "linux-64").Packages));
        Assert.Equal("C:/channel/noarch/my-webserver-0.1.0-pyh4616a5c_0.conda", package.Location.Path);
        Assert.Equal("file:///C:/channel/", package.Channel);
        Assert.Equal("0.1.0", package.Record.Version);
    }

    [Fact]
    public void Repeated_references_are_one_package()
    {
        string text = SmallLocks.Version7.Replace(
            "      - pypi: ./",
            "      - pypi: ./\n      - pypi: .",
            StringComparison.Ordinal
        );

        Assert.Equal(4, SmallLocks.Parse(text).Select("default", "linux-64-cuda").Packages.Count);
    }

    [Fact]
    public void Anchors_and_aliases_are_understood()
    {
        string text = SmallLocks
            .Version6.Replace("track_features: [one, two]", "track_features: &two [one, two]", StringComparison.Ordinal)
            .Replace("constrains: [foo >1]", "constrains: &one [foo >1]", StringComparison.Ordinal)
            .Replace("dev: [pytest]", "dev: *two", StringComparison.Ordinal);

        PackageRecord tqdm = SmallLocks
            .Parse(text)
            .Select("default", "linux-64")
            .Packages.OfType<LockedCondaPackage>()
            .Single(package => package.Name == "tqdm")
            .Record;

        Assert.Equal("""{"dev":["one","two"],"notebook":["ipywidgets >=6"]}""", Compact(tqdm.ExtraDepends));
    }

    private static string LockWith(string location, string members) =>
        $"version: 6\nenvironments:\n  default:\n    channels: []\n    packages:\n      linux-64:\n      - conda: {location}\n"
        + $"packages:\n- conda: {location}\n  {members}\n";

    private static PackageRecord OnlyRecord(string text, string platform) =>
        OnlyRecord(SmallLocks.Parse(text), platform);

    private static PackageRecord OnlyRecord(LockFile file, string platform) =>
        Assert.IsType<LockedCondaPackage>(Assert.Single(file.Select("default", platform).Packages)).Record;

    // The element keeps the white space it was read with.
    private static string Compact(System.Text.Json.JsonElement? json) =>
        string.Concat(json!.Value.GetRawText().Split('\n').Select(line => line.Trim()))
            .Replace("\": ", "\":", StringComparison.Ordinal);
}
