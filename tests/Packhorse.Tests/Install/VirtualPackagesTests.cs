using Packhorse.Install;
using Packhorse.Model;
using Packhorse.TestChannel;
using Packhorse.Tests.BadInput;
using Packhorse.Tests.SelfExtracting;
using Packhorse.Tests.Support;

namespace Packhorse.Tests.Install;

/// <summary>What packages want of the machine.</summary>
public sealed class VirtualPackagesTests : IDisposable
{
    private readonly ScratchDirectory _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void What_the_machine_does_not_have_is_told_with_both_versions_and_who_wants_it()
    {
        Pack("__glibc >=2.28,<3.0.a0");

        string warning = Unpack("--override-virtual", "__glibc=2.17").Error;

        Assert.Contains(
            "wanting wants __glibc >=2.28,<3.0.a0, this machine has 2.17",
            warning,
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData("--override-virtual", "__glibc=2.28")]
    [InlineData("--override-virtual", "__glibc=")]
    public void What_it_has_or_what_is_not_looked_at_is_not_told(params string[] options)
    {
        Pack("__glibc >=2.28,<3.0.a0");

        Assert.Equal("", Unpack(options).Error);
    }

    [Fact]
    public void What_is_started_hears_of_it_each_time()
    {
        Pack("__glibc >=2.28,<3.0.a0");
        for (int run = 0; run < 2; run++)
        {
            using PackhorseProcess process = PackhorseProcess.Start(Run("environment.tar"));
            (int exitCode, string error) = process.Wait();
            Assert.True(exitCode == 0, error);
            Assert.Contains("wanting wants __glibc >=2.28,<3.0.a0, this machine has 2.17", error);
        }
    }

    // The runtime mounts it where this machine allows, and unpacks it where not.
    [Fact]
    public void An_image_says_it_too_and_once()
    {
        Pack("__glibc >=2.28,<3.0.a0");
        CommandRun.Of("pack", "-q", "--image", "-o", _scratch["environment.sqfs"], _scratch["project"]).Successful();
        using PackhorseProcess process = PackhorseProcess.StartProgram(SmallPack.Runtime, Run("environment.sqfs"));
        (int exitCode, string error) = process.Wait();
        Assert.True(exitCode == 0, error);
        Assert.Single(error.Split('\n'), line => line.Contains("wants __glibc", StringComparison.Ordinal));
    }

    [Fact]
    public void A_machine_without_a_driver_and_an_older_processor_are_told()
    {
        VirtualPackages machine = VirtualPackages.Detect().With("__archspec=1=x86_64_v2");
        PackageRecord level = Wanting() with { Name = "_x86_64-microarch-level", Version = "3" };
        Assert.Contains(
            "wants a processor of x86-64 level 3, this machine's has level 2",
            Assert.Single(machine.Unmet([level]))
        );
        Assert.Empty(machine.Unmet([level with { Version = "2" }]));
        Assert.SkipWhen(File.Exists("/proc/driver/nvidia/version"), "no fixture: this machine has a driver");
        Assert.Contains("has no NVIDIA driver loaded", Assert.Single(machine.Unmet([Wanting("__cuda >=12")])));
        Assert.Empty(machine.With("__cuda=12.4").Unmet([Wanting("__cuda >=12")]));
    }

    [Theory]
    [InlineData("x86_64_v2", "__archspec 1 x86_64_v3", "level 3, this machine's has level 2")]
    [InlineData("x86_64_v2", "__archspec 1.* skylake", "level 3 ('skylake'), this machine's has level 2")]
    [InlineData("zen2", "__archspec=1=icelake", "level 4 ('icelake'), this machine's has level 3")]
    [InlineData("x86_64", "__archspec 1 sandybridge", "level 2 ('sandybridge'), this machine's has level 1")]
    [InlineData("x86_64_v3", "__archspec 1 x86_64_v3", null)]
    [InlineData("zen4", "__archspec 1 x86_64_v3", null)]
    [InlineData("x86_64_v4", "__archspec 1 haswell", null)]
    [InlineData("nocona", "__archspec 1 x86_64", null)]
    [InlineData("nocona", "__archspec", null)]
    [InlineData("nocona", "__archspec 1 *", null)]
    [InlineData("x86_64_v2", "__archspec 1 neoverse_n1", null)]
    [InlineData("neoverse_n1", "__archspec 1 x86_64_v3", null)]
    public void Processors_are_compared_by_the_level_that_they_have(string here, string wanted, string? told)
    {
        IReadOnlyList<string> unmet = VirtualPackages.Unknown.With($"__archspec=1={here}").Unmet([Wanting(wanted)]);

        Assert.Equal(told is null ? 0 : 1, unmet.Count);
        Assert.All(unmet, sentence => Assert.Contains(told!, sentence, StringComparison.Ordinal));
    }

    [Fact]
    public void This_machine_has_a_kernel_and_a_C_library()
    {
        VirtualPackages machine = VirtualPackages.Detect();

        Assert.Empty(machine.Unmet([Wanting("__linux >=3.10", "__glibc >=2.17", "__unix")]));
        Assert.Equal(2, machine.Unmet([Wanting("__linux >=900", "__glibc >=900")]).Count);
    }

    [Fact]
    public void What_cannot_be_told_is_not_judged() =>
        Assert.Empty(VirtualPackages.Unknown.Unmet([Wanting("__glibc >=900", "__cuda >=900", "__something")]));

    [Theory]
    [InlineData("glibc=2.17")]
    [InlineData("__glibc")]
    [InlineData("__glibc=1..2")]
    public void What_is_no_virtual_package_is_refused(string assignment)
    {
        Pack("python");

        CommandRun
            .Of("unpack", "-o", _scratch["node"], "--override-virtual", assignment, _scratch["environment.tar"])
            .Failed(2);
    }

    private static PackageRecord Wanting(params string[] dependencies) =>
        new()
        {
            Name = "wanting",
            Version = "1",
            Build = "0",
            Subdir = "linux-64",
            Depends = dependencies,
        };

    private void Pack(string dependency)
    {
        var channel = new ChannelDirectory(_scratch["channel"]);
        channel.Add(new PackageBuilder("wanting").DependsOn(dependency).AddFile("share/file", "content"));
        channel.WriteLock(_scratch["project"]);
        CommandRun.Of("pack", "-q", "-o", _scratch["environment.tar"], _scratch["project"]).Successful();
    }

    private string[] Run(string pack) =>
        ["run", "--into", _scratch["into"], "--override-virtual", "__glibc=2.17", _scratch[pack], "true"];

    private CommandRun Unpack(params string[] options) =>
        CommandRun.Of(["unpack", "-q", "-o", _scratch["node"], .. options, _scratch["environment.tar"]]).Successful();
}
