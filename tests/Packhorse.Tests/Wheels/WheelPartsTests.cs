using System.Security.Cryptography;
using System.Text;
using Packhorse.Model;
using Packhorse.Wheels;

namespace Packhorse.Tests.Wheels;

/// <summary>Names, tags, RECORD and commands of wheels.</summary>
public sealed class WheelPartsTests
{
    [Theory]
    [InlineData("idna-3.10-py3-none-any.whl", "idna", "3.10", null)]
    [InlineData("Build_Tag-1.0.0-1-py2.py3-none-any.whl", "build-tag", "1.0.0", "1")]
    [InlineData("torch-2.7.1+cu126-cp312-cp312-manylinux_2_28_x86_64.whl", "torch", "2.7.1+cu126", null)]
    [InlineData("zope.interface-1!2.0-cp311-cp311-win_amd64.whl", "zope-interface", "1!2.0", null)]
    public void Names_are_split(string text, string name, string version, string? build)
    {
        Assert.True(WheelFileName.TryParse(text, out WheelFileName? parsed));
        Assert.Equal((name, version, build, text), (parsed.Name, parsed.Version, parsed.Build, parsed.Text));
    }

    [Theory]
    [InlineData("idna-3.10.whl")]
    [InlineData("idna-3.10-py3-none-any.zip")]
    [InlineData("idna-3.10-build-py3-none-any.whl")]
    [InlineData("a-b-c-d-e-f-g.whl")]
    [InlineData("idna--py3-none-any.whl")]
    [InlineData("../idna-3.10-py3-none-any.whl")]
    [InlineData("id na-3.10-py3-none-any.whl")]
    [InlineData(".whl")]
    public void What_is_no_name_of_a_wheel_is_told(string text) => Assert.False(WheelFileName.TryParse(text, out _));

    [Theory]
    [InlineData("linux-64", 3, 12, "py3-none-any", true)]
    [InlineData("linux-64", 3, 12, "py2.py3-none-any", true)]
    [InlineData("linux-64", 3, 12, "py2-none-any", false)]
    [InlineData("linux-64", 3, 12, "py312-none-any", true)]
    [InlineData("linux-64", 3, 12, "py313-none-any", false)]
    [InlineData("linux-64", 3, 12, "py30-none-manylinux1_x86_64", true)]
    [InlineData("linux-64", 3, 12, "cp312-cp312-manylinux_2_17_x86_64.manylinux2014_x86_64", true)]
    [InlineData("linux-64", 3, 12, "cp312-cp312-linux_x86_64", true)]
    [InlineData("linux-64", 3, 12, "cp311-cp311-linux_x86_64", false)]
    [InlineData("linux-64", 3, 12, "cp37-abi3-manylinux_2_17_x86_64", true)]
    [InlineData("linux-64", 3, 12, "cp313-abi3-manylinux_2_17_x86_64", false)]
    [InlineData("linux-64", 3, 12, "cp37-none-manylinux_2_17_x86_64", false)]
    [InlineData("linux-64", 3, 12, "cp312-none-any", true)]
    [InlineData("linux-64", 3, 12, "pp310-pypy310_pp73-manylinux_2_17_x86_64", false)]
    [InlineData("linux-64", 3, 12, "cp312-cp312-manylinux_2_17_aarch64", false)]
    [InlineData("linux-64", 3, 12, "cp312-cp312-musllinux_1_1_x86_64", false)]
    [InlineData("linux-64", 3, 7, "cp37-cp37m-manylinux1_x86_64", true)]
    [InlineData("linux-64", 3, 8, "cp38-cp38m-manylinux1_x86_64", false)]
    [InlineData("linux-32", 3, 9, "cp39-cp39-manylinux2014_i686", true)]
    [InlineData("linux-aarch64", 3, 12, "cp312-cp312-manylinux_2_28_aarch64", true)]
    [InlineData("linux-ppc64le", 3, 12, "cp312-cp312-manylinux_2_28_ppc64le", true)]
    [InlineData("osx-64", 3, 12, "cp312-cp312-macosx_10_9_x86_64", true)]
    [InlineData("osx-64", 3, 12, "cp312-cp312-macosx_10_9_universal2", true)]
    [InlineData("osx-64", 3, 12, "cp312-cp312-macosx_11_0_arm64", false)]
    [InlineData("osx-arm64", 3, 12, "cp312-cp312-macosx_11_0_arm64", true)]
    [InlineData("osx-arm64", 3, 12, "cp312-cp312-manylinux_2_17_aarch64", false)]
    [InlineData("win-64", 3, 12, "cp312-cp312-win_amd64", true)]
    [InlineData("win-64", 3, 12, "cp312-cp312-win_arm64", false)]
    [InlineData("win-arm64", 3, 12, "cp312-cp312-win_arm64", true)]
    public void Tags_are_held_against_Python_and_platform(string subdir, int major, int minor, string tags, bool fits)
    {
        Assert.True(Platform.TryParse(subdir, out Platform platform));
        var wheel = WheelFileName.Parse($"demo-1.0-{tags}.whl", "test");
        Assert.Equal(fits, new WheelTags(major, minor, platform).FindMisfit(wheel) is null);
    }

    [Theory]
    [InlineData("cp314-cp314t-linux_x86_64", true)]
    [InlineData("cp314-cp314-linux_x86_64", false)]
    [InlineData("cp314-cp314t.abi3-linux_x86_64", true)]
    [InlineData("cp314-abi3-linux_x86_64", false)]
    [InlineData("py3-none-any", true)]
    public void A_Python_without_the_lock_has_machine_code_of_its_own(string tags, bool fits)
    {
        var python = new WheelTags(3, 14, Platform.Linux64) { IsFreeThreaded = true };
        Assert.Equal(fits, python.FindMisfit(WheelFileName.Parse($"demo-1.0-{tags}.whl", "test")) is null);
    }

    [Theory]
    [InlineData("py3-none-any", null)]
    [InlineData("cp312-cp312-linux_x86_64", null)]
    [InlineData("cp312-cp312-manylinux_2_28_x86_64", "__glibc >=2.28")]
    [InlineData("cp312-cp312-manylinux_2_17_x86_64.manylinux2014_x86_64", "__glibc >=2.17")]
    [InlineData("py3-none-manylinux_2_12_x86_64.manylinux2010_x86_64.musllinux_1_1_x86_64", null)]
    [InlineData("cp36-cp36m-manylinux1_x86_64.manylinux_2_24_i686", "__glibc >=2.5")]
    [InlineData("cp36-cp36m-manylinux_x_y_x86_64", null)]
    public void The_C_library_that_a_wheel_is_for_is_what_it_wants_of_the_machine(string tags, string? dependency)
    {
        PackageRecord record = WheelFileName.Parse($"demo-1.0-{tags}.whl", "test").ToRecord(default);
        Assert.Equal(dependency is null ? [] : [dependency], record.Depends);
    }

    [Fact]
    public void RECORD_is_read_as_CSV_and_written_back()
    {
        const string Digest = "sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU";
        string text = $"\"a, \"\"b\"\".py\",{Digest},0\r\nx/RECORD,,\r\nplain.py,{Digest},12\n";
        IReadOnlyDictionary<string, RecordEntry> entries = RecordFile.Parse(Encoding.UTF8.GetBytes(text), "test");
        Assert.Equal(["a, \"b\".py", "plain.py", "x/RECORD"], entries.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(12, entries["plain.py"].Size);
        Assert.Null(entries["x/RECORD"].Sha256);
        string written = Encoding.UTF8.GetString(RecordFile.Write(entries.Values));
        Assert.Equal($"\"a, \"\"b\"\".py\",{Digest},0\nplain.py,{Digest},12\nx/RECORD,,\n", written);
    }

    [Theory]
    [InlineData(384, "sha384=OLBgp1GsljhM2TJ-sbHjaiH9txEUvgdDTAzHv2P24donTt6_529l-9Ua0vFImLlb")]
    [InlineData(
        384,
        "sha384=38b060a751ac96384cd9327eb1b1e36a21fdb71114be07434c0cc7bf63f6e1da274edebfe76f65fbd51ad2f14898b95b"
    )]
    [InlineData(512, "sha512=z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg_SpIdNs6c5H0NE8XYXysP-DGNKHfuwvY7kxvUdBeoGlODJ6-SfaPg==")]
    public void RECORD_may_have_the_longer_digests_of_the_same_family(int bits, string field)
    {
        IReadOnlyDictionary<string, RecordEntry> entries = RecordFile.Parse(
            Encoding.UTF8.GetBytes($"a.py,{field},0\n"),
            "test"
        );
        byte[] expected = bits == 384 ? SHA384.HashData([]) : SHA512.HashData([]);
        Assert.Equal(Convert.ToHexStringLower(expected), entries["a.py"].LongDigest);
        Assert.Null(entries["a.py"].Sha256);
    }

    [Theory]
    [InlineData("a.py,sha1=abc,1")]
    [InlineData("a.py,md5=d41d8cd98f00b204e9800998ecf8427e,0")]
    [InlineData("a.py,sha1=da39a3ee5e6b4b0d3255bfef95601890afd80709,0")]
    [InlineData("a.py,sha384=abc,0")]
    [InlineData("a.py,sha512=OLBgp1GsljhM2TJ-sbHjaiH9txEUvgdDTAzHv2P24donTt6_529l-9Ua0vFImLlb,0")]
    [InlineData("a.py,=,0")]
    [InlineData("a.py,sha256=abc,1")]
    [InlineData("a.py,,-1")]
    [InlineData("a.py,,1e3")]
    [InlineData("a.py,,1,2")]
    [InlineData(",,")]
    [InlineData("\"a.py")]
    [InlineData("\"a.py\"b,,")]
    [InlineData("a.py,,1\na.py,,2")]
    public void A_RECORD_that_is_none_is_refused(string text) =>
        Assert.Throws<CorruptDataException>(() => RecordFile.Parse(Encoding.UTF8.GetBytes(text), "test"));

    [Fact]
    public void Commands_are_those_of_two_sections()
    {
        const string Text =
            "# comment\n[console_scripts]\nidle = idle.main:run [extra]\n; other\n[gui_scripts]\r\nIdle=idle:gui.start\n[pytest11]\nx = y\n";
        IReadOnlyList<EntryPoint> commands = EntryPointsFile.Parse(Encoding.UTF8.GetBytes(Text), "test");
        Assert.Equal(
            [new EntryPoint("idle", "idle.main", "run"), new EntryPoint("Idle", "idle", "gui.start")],
            commands
        );
    }

    [Fact]
    public void Pip_gets_the_command_of_the_environments_Python()
    {
        const string Text = "[console_scripts]\npip = pip:main\npip3 = pip:main\npip3.9 = pip:main\n";
        IReadOnlyList<EntryPoint> commands = EntryPointsFile.Parse(Encoding.UTF8.GetBytes(Text), "test");
        Assert.Equal(["pip", "pip3", "pip3.12"], EntryPointsFile.ForPython(commands, "3.12").Select(c => c.Command));
    }
}
