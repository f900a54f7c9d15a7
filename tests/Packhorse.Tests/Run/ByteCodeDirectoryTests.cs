using System.Runtime.Versioning;
using Packhorse.Run;
using Packhorse.Tests.Support;

namespace Packhorse.Tests.Run;

[SupportedOSPlatform("linux")]
public sealed class ByteCodeDirectoryTests : IDisposable
{
    private const string Variable = "PYTHONPYCACHEPREFIX";

    private readonly ScratchDirectory _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Theory]
    [InlineData(false, true)]
    [InlineData(true, false)]
    public void Compiled_modules_go_elsewhere_only_where_the_environment_does_not_bring_them(
        bool isCompiled,
        bool expected
    )
    {
        var variables = new ProcessEnvironment([]);

        ScratchHome.Provide(variables, _scratch["home"], "/nothing/that/can/be/written", isCompiled);

        Assert.Equal(expected, variables.Get(Variable) is not null);
    }
}
