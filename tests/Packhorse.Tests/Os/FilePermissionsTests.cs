using Packhorse.Os;
using Packhorse.Tests.Support;

namespace Packhorse.Tests.Os;

public sealed class FilePermissionsTests
{
    [Fact]
    public void Umask_is_the_one_that_child_processes_inherit()
    {
        int inherited = Convert.ToInt32(StockTool.Run("sh", "-c", "umask").Trim(), 8);
        Assert.Equal((UnixFileMode)inherited, FilePermissions.Umask);
    }
}
