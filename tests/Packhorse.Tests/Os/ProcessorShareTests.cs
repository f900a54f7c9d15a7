using Packhorse.Os;

namespace Packhorse.Tests.Os;

public sealed class ProcessorShareTests : IDisposable
{
    private readonly DirectoryInfo _scratch = Directory.CreateTempSubdirectory("packhorse-share-");

    public void Dispose() => _scratch.Delete(recursive: true);

    [Theory]
    [InlineData("Arch = \"X86_64\"\nCpus = 1\nDisk = 1000\n", 1)]
    [InlineData("Cpus = 1", 1)]
    [InlineData("Cpus = 0\n", 1)]
    [InlineData("Cpus = -3\n", 1)]
    [InlineData("Cpus = 100000\n", null)]
    [InlineData("Cpus = many\n", null)]
    [InlineData("TotalCpus = 1\n", null)]
    [InlineData("", null)]
    public void A_job_uses_the_processors_of_its_slot_as_far_as_the_machine_has_them(string ad, int? expected)
    {
        string file = Path.Combine(_scratch.FullName, ".machine.ad");
        File.WriteAllText(file, ad);

        Assert.Equal(expected ?? OfTheMachine(), ProcessorShare.Of(file));
    }

    [Fact]
    public void Without_a_slot_or_its_file_those_of_the_machine_are_used()
    {
        Assert.Equal(OfTheMachine(), ProcessorShare.Of(null));
        Assert.Equal(OfTheMachine(), ProcessorShare.Of(Path.Combine(_scratch.FullName, "nothing")));
        Assert.Equal(OfTheMachine(), ProcessorShare.Of(_scratch.FullName));
    }

    private static int OfTheMachine() => Math.Min(Environment.ProcessorCount, ProcessorShare.Most);
}
