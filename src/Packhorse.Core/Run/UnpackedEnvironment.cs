using System.Diagnostics;
using System.Runtime.Versioning;
using Packhorse.Install;
using Packhorse.Model;
using Packhorse.Pack;

namespace Packhorse.Run;

/// <summary>The way that always works: the pack is unpacked once into scratch space, and this process becomes the command.</summary>
[SupportedOSPlatform("linux")]
internal sealed class UnpackedEnvironment : IReadyEnvironment
{
    private readonly Activation _activation;
    private readonly ProcessEnvironment _variables;
    private readonly string _name;

    private UnpackedEnvironment(Activation activation, ProcessEnvironment variables, string name) =>
        (_activation, _variables, _name) = (activation, variables, name);

    /// <summary>Unpacks a pack or an image, where that was not done before.</summary>
    public static UnpackedEnvironment Make(StartRequest request, IReporter reporter, CancellationToken cancellation)
    {
        EnvironmentStore store = EnvironmentStore.Open(request.Into, [.. request.Scratch, EnvironmentStore.LastResort]);
        string prefix = Provide(store, request, reporter, cancellation);
        ScratchHome.Provide(request.Variables, store.Home, prefix);
        Activation activation = Activation.Read(prefix);
        foreach (string warning in activation.Warnings)
        {
            reporter.Warn(warning);
        }
        return new UnpackedEnvironment(activation, request.Variables, Path.GetFileNameWithoutExtension(request.Pack));
    }

    private static string Provide(
        EnvironmentStore store,
        StartRequest request,
        IReporter reporter,
        CancellationToken cancellation
    )
    {
        using ImageFile? image = ImageFile.TryOpen(request.Pack);
        if (image is not null)
        {
            return store.Provide(
                image.Image,
                (request.Here, request.Workers, request.Machine()),
                reporter,
                cancellation
            );
        }
        using PackContents pack = PackContents.Open(request.Pack, request.Base);
        return store.Provide(pack, (request.Here, request.Workers, request.Machine()), reporter, cancellation);
    }

    public int Run(IReadOnlyList<byte[]> command, Action<string> tell)
    {
        var launch = new LaunchRequest
        {
            Activation = _activation,
            Command = command,
            Environment = _variables,
        };
        return Launcher.StartAsShell(launch, tell);
    }

    public int Shell()
    {
        InteractiveShell.Start(_activation, _variables, _name, $"{_activation.Prefix}.bashrc");
        throw new UnreachableException();
    }
}
