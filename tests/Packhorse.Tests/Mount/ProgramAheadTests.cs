using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.Versioning;
using Packhorse.Mount;

namespace Packhorse.Tests.Mount;

[SupportedOSPlatform("linux")]
public sealed class ProgramAheadTests(MountSandbox sandbox) : IClassFixture<MountSandbox>
{
    internal const int MappedBytes = 1_000_000;
    private const int WindowBytes = 128 << 10;

    /// <summary>A program whose loader does not exist: the kernel reads the first page of it, and refuses. A third of it is never mapped.</summary>
    internal static byte[] Program()
    {
        var bytes = new byte[MappedBytes * 3 / 2];
        new Random(2).NextBytes(bytes);
        bytes.AsSpan(0, 512).Clear();
        "\x7F\x45LF\x02\x01\x01"u8.CopyTo(bytes);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(16), 3); // ET_DYN
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(18), 62); // EM_X86_64
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(32), 64);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(54), 56);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(56), 2);
        WriteSegment(bytes.AsSpan(64), 3, 256, 6); // PT_INTERP
        WriteSegment(bytes.AsSpan(120), 1, 0, MappedBytes);
        "/none\0"u8.CopyTo(bytes.AsSpan(256));
        return bytes;
    }

    [Theory]
    [InlineData("large", MappedBytes)]
    [InlineData("script", MappedBytes)]
    [InlineData("hello", 0)]
    [InlineData("no-such-program", 0)]
    [InlineData("/bin/true", 0)]
    public void A_program_is_asked_for_as_a_whole_before_it_begins(string command, int resident)
    {
        string[] words = new Confinement(sandbox)
            .Script(
                $$"""
                export _CONDOR_SCRATCH_DIR=$(mktemp -d) least={{resident}}
                $P run $I -- sh -c '
                    cd $_CONDOR_SCRATCH_DIR; touch there; while [ ! -e over ]; do sleep 0.05; done
                    for i in $(seq 100); do
                        now=$(fincore -nbo res $CONDA_PREFIX/bin/large); [ $now -ge $least ] && break; sleep 0.05
                    done
                    echo $now
                ' &
                while [ ! -e $_CONDOR_SCRATCH_DIR/there ]; do sleep 0.05; done
                $P run $I -- {{command}} > /dev/null; touch $_CONDOR_SCRATCH_DIR/over; wait
                """
            )
            .Output.Split('\n');

        Assert.InRange(int.Parse(words[0], CultureInfo.InvariantCulture), resident, resident + WindowBytes);
    }

    [Fact]
    public void Parts_that_a_damaged_program_names_are_within_its_file()
    {
        byte[] program = Program();
        Assert.Equal(
            [(0L, MappedBytes)],
            ProgramAhead.Segments(program.AsSpan(0, 4096), program.Length, long.MaxValue)
        );
        Assert.Equal([(0L, 5000L)], ProgramAhead.Segments(program.AsSpan(0, 4096), 5000, long.MaxValue));
        for (int at = 0; at < 256; at++)
        {
            foreach (byte value in (byte[])[0x00, 0x7F, 0xFF])
            {
                byte[] damaged = program[..4096];
                damaged[at] = value;
                Assert.All(
                    ProgramAhead.Segments(damaged, program.Length, long.MaxValue),
                    part =>
                    {
                        Assert.InRange(part.Offset, 0, program.Length - 1);
                        Assert.InRange(part.Length, 1, program.Length - part.Offset);
                    }
                );
            }
        }
        Assert.All(
            Enumerable.Range(0, 176),
            length => Assert.Empty(ProgramAhead.Segments(program.AsSpan(0, length), program.Length, long.MaxValue))
        );
    }

    private static void WriteSegment(Span<byte> header, uint type, long offset, long length)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(header, type);
        BinaryPrimitives.WriteInt64LittleEndian(header[8..], offset);
        BinaryPrimitives.WriteInt64LittleEndian(header[32..], length);
        BinaryPrimitives.WriteInt64LittleEndian(header[40..], length);
    }
}
