using Packhorse.Os;
using Packhorse.Tests.Support;

namespace Packhorse.Tests.Os;

public sealed class MachineFactsTests
{
    [Fact]
    public void The_version_of_the_C_library_is_the_one_that_it_tells_programs()
    {
        // "glibc 2.36"
        string said = StockTool.Run("getconf", "GNU_LIBC_VERSION").Trim();

        Assert.Equal(said, $"glibc {MachineFacts.GlibcVersion}");
    }
}
