using System.Globalization;
using System.Runtime.Versioning;
using Packhorse.Image;
using Packhorse.Mount;
using Packhorse.Os;
using Packhorse.TestChannel;

namespace Packhorse.Tests.Mount;

[SupportedOSPlatform("linux")]
public sealed class PackagesAheadTests(MountSandbox sandbox) : IClassFixture<MountSandbox>
{
    private const int Packages = 30;
    private const int ModuleBytes = 20_000;
    private const string Module = "__pycache__/module.cpython-311.pyc";
    private const string Library = "native.cpython-311-x86_64-linux-gnu.so";

    // A page more than the data: what the kernel keeps are pages.
    private const int PageBytes = 4096;

    /// <summary>Python packages of a module and a library each; what else they have is nothing that Python imports.</summary>
    internal static PackageBuilder AddPackages(PackageBuilder builder)
    {
        byte[] module = new byte[ModuleBytes];
        new Random(3).NextBytes(module);
        byte[] library = ProgramAheadTests.Program();
        for (int i = 0; i < Packages; i++)
        {
            builder = builder
                .AddFile($"lib/outer/p{i:d2}/{Module}", module)
                .AddFile($"lib/outer/p{i:d2}/{Library}", library)
                .AddFile($"lib/outer/p{i:d2}/data.bin", module);
        }
        return builder;
    }

    [Theory]
    // The first and the last of those that were come to.
    [InlineData("p00")]
    [InlineData("p09")]
    public void A_package_that_a_program_comes_to_is_asked_for_as_a_whole(string package)
    {
        Assert.SkipWhen(Environment.ProcessorCount == 1, "nothing is read ahead with one processor");

        (int library, int data, int module) = Resident(10, package, ProgramAheadTests.MappedBytes);

        // Without the third of it that is not mapped.
        const int Mapped = ProgramAheadTests.MappedBytes;
        Assert.InRange(library, Mapped, Mapped + AdvisedFile.WindowBytes);
        Assert.InRange(module, ModuleBytes, ModuleBytes + PageBytes);
        Assert.Equal(0, data);
    }

    [Fact]
    public void A_package_that_it_does_not_come_to_is_left_alone()
    {
        // To look at its module is to come to it.
        (int library, int data, _) = Resident(10, "p20", least: 0);

        Assert.Equal((0, 0), (library, data));
    }

    [Fact]
    public void Few_packages_are_not_worth_a_process() => Assert.Equal((0, 0, 0), Resident(5, "p00", least: 0));

    [Fact]
    public void With_one_processor_nothing_is_read_ahead() =>
        Assert.Equal((0, 0, 0), Resident(10, "p00", least: 0, "taskset -c 0"));

    [Fact]
    public void A_program_that_is_recorded_gets_what_it_reads_and_no_more()
    {
        string record = new Confinement(sandbox)
            .Script(
                $"""
                out=$(mktemp -d)
                $P record -o $out/record $I -- sh -c '{Visit(0, 9)}; sleep 0.3'; cat $out/record
                """
            )
            .Output;

        Assert.Contains("packhorse/record/1", record, StringComparison.Ordinal);
        Assert.DoesNotContain(Module, record, StringComparison.Ordinal);
    }

    [Fact]
    public void A_mount_ends_while_packages_are_read_ahead()
    {
        Assert.SkipWhen(Environment.ProcessorCount == 1, "nothing is read ahead with one processor");

        string output = new Confinement(sandbox)
            .Script(
                $$"""
                for round in 1 2 3 4 5; do
                    reader=$($P run $I -- sh -c '
                        {{Readers}}
                        {{Visit(0, Packages - 1)}}
                        for i in $(seq 200); do readers && break; sleep 0.01; done
                    ')
                    for i in $(seq 60); do [ -e /proc/$reader ] || break; sleep 0.05; done
                    [ -n "$reader" ] && [ ! -e /proc/$reader ] && echo ended
                done
                """
            )
            .Output;

        Assert.Equal(string.Concat(Enumerable.Repeat("ended\n", 5)), output);
    }

    [Fact]
    public void Who_reads_ahead_ends_when_nothing_is_to_be_read_and_comes_back()
    {
        Assert.SkipWhen(Environment.ProcessorCount == 1, "nothing is read ahead with one processor");

        string output = new Confinement(sandbox)
            .Script(
                $$"""
                exec $P run $I -- sh -c '
                    {{Readers}}
                    {{Visit(0, 9)}}; sleep 1; readers > /dev/null && echo one
                    for i in $(seq 200); do readers > /dev/null || break; sleep 0.05; done; readers || echo none
                    {{Visit(10, 19)}}; sleep 1; readers > /dev/null && echo one; fincore -nbo res p19/{{Library}}
                '
                """
            )
            .Output;

        Assert.Matches($@"^one\nnone\none\n\s*(?!0\n)\d+\n$", output);
    }

    [Fact]
    public void A_package_is_told_once_and_others_not_at_all()
    {
        var tree = new MemoryTree();
        InodeReference package = tree.AddDirectory(tree.Root, "package");
        InodeReference source = tree.AddDirectory(tree.Root, "source");
        _ = tree.AddDirectory(package, "__pycache__");
        _ = tree.AddFile(source, "__init__.py", []);
        var seen = new List<InodeReference>();
        var watching = new PackageWatchingTree(tree, seen.Add);

        for (int i = 0; i < 3; i++)
        {
            Assert.True(watching.TryLookup(package, "__pycache__"u8, out _));
            Assert.False(watching.TryLookup(source, "__pycache__"u8, out _));
            Assert.True(watching.TryLookup(source, "__init__.py"u8, out _));
        }

        Assert.Equal([package], seen);
    }

    // The processes that read ahead for the mount that this shell is in.
    private const string Readers =
        "readers() { pgrep -P $(pgrep -P $(ps -o ppid= $$) -f [m]ount-serve) -f [m]ount-read-packages; }";

    // As Python does: the directory, and a name in it that need not be there.
    private static string Visit(int first, int last) =>
        $"cd $CONDA_PREFIX/lib/outer; for i in $(seq -w {first:d2} {last:d2}); do [ ! -e p$i/__pycache__/other ]; done";

    /// <summary>Bytes in memory of a package's library, data and module after others were come to.</summary>
    /// <param name="least">Of the library, to be waited for.</param>
    private (int Library, int Data, int Module) Resident(int visited, string package, int least, string wrapper = "")
    {
        string[] words = new Confinement(sandbox) { Wrapper = wrapper }
            .Script(
                $$"""
                exec $P run $I -- sh -c '
                    {{Visit(0, visited - 1)}}
                    size() { fincore -nbo res $CONDA_PREFIX/lib/outer/{{package}}/$1; }
                    sleep 0.5
                    for i in $(seq 100); do [ $(size {{Library}}) -ge {{least}} ] && break; sleep 0.05; done
                    size {{Library}}; size data.bin; size {{Module}}
                '
                """
            )
            .Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        int[] sizes = [.. words.Select(word => int.Parse(word, CultureInfo.InvariantCulture))];
        return (sizes[0], sizes[1], sizes[2]);
    }
}
