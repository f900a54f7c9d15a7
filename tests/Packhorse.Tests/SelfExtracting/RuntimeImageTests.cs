using CsCheck;
using Packhorse.Model;
using Packhorse.Pack;
using Packhorse.Packing;

namespace Packhorse.Tests.SelfExtracting;

public sealed class RuntimeImageTests
{
    [Fact]
    public void A_runtime_is_known_by_its_note_and_filled_up_to_whole_blocks()
    {
        byte[] elf = FakeRuntime.Make();

        RuntimeImage runtime = RuntimeImage.Parse(elf, "file");

        Assert.Equal(Platform.Linux64, runtime.Platform);
        Assert.Equal(SelfExtractingHeader.Bytes, runtime.Padded.Length);
        Assert.True(runtime.Padded.StartsWith(elf));
    }

    [Fact]
    public void The_published_runtime_is_one() =>
        Assert.Equal(Platform.Linux64, RuntimeImage.Parse(File.ReadAllBytes(SmallPack.Runtime), "file").Platform);

    [Fact]
    public void Other_programs_are_other_unpackers()
    {
        Assert.True(RuntimeImage.Parse(FakeRuntime.Make(), "file").IsOwn);
        Assert.False(RuntimeImage.Parse(File.ReadAllBytes("/bin/true"), "true").IsOwn);
    }

    [Fact]
    public void What_is_no_program_for_Linux_is_refused() =>
        Assert.Equal(
            ErrorCodes.NotARuntime,
            Assert.Throws<UsageException>(() => RuntimeImage.Parse("#!/bin/sh\n"u8, "file")).Code
        );

    [Fact]
    public void A_runtime_of_another_format_version_is_refused() =>
        Assert.Throws<IncompatibleException>(() => RuntimeImage.Parse(FakeRuntime.Make(format: 2), "file"));

    [Fact]
    public void A_runtime_of_another_machine_does_not_fit_the_pack()
    {
        RuntimeImage arm = RuntimeImage.Parse(FakeRuntime.Make(machine: 183), "file");

        Assert.Throws<IncompatibleException>(() => arm.CheckPlatform(Platform.Linux64));
    }

    [Fact]
    public void Whatever_the_bytes_only_documented_exceptions_leave() =>
        Gen.Select(Gen.Int[0, 147], Gen.Byte, Gen.Int[0, 148])
            .Sample(change =>
            {
                (int at, byte value, int length) = change;
                byte[] elf = FakeRuntime.Make();
                elf[at] = value;
                try
                {
                    _ = RuntimeImage.Parse(elf.AsSpan(0, length), "file");
                }
                catch (PackhorseException) { }
            });
}
