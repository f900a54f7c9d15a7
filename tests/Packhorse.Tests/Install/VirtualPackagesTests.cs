using Packhorse.Install;
using Packhorse.Model;
using Packhorse.TestChannel;
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

    private CommandRun Unpack(params string[] options) =>
        CommandRun.Of(["unpack", "-q", "-o", _scratch["node"], .. options, _scratch["environment.tar"]]).Successful();
}
