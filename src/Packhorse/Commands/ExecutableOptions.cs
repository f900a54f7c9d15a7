using System.CommandLine;
using Packhorse.Fetch;
using Packhorse.Model;
using Packhorse.Os;
using Packhorse.Packing;

namespace Packhorse.Commands;

/// <summary>The program that a self-extracting file carries; one of the two, by the platform of the pack.</summary>
internal sealed record CarriedProgram(RuntimeImage? Runtime, WindowsUnpacker? Windows);

/// <summary>The options of <c>packhorse pack</c> that are for self-extracting files.</summary>
internal sealed class ExecutableOptions
{
    // Published executables carry the runtimes themselves, so that one file is the whole installation.
    private const string ResourcePrefix = "Packhorse.Runtime.";
    private const string FileName = "packhorse-runtime";

    private readonly Option<bool> _create = new("--create-executable")
    {
        Description = "Make a self-extracting file, which needs nothing on the machine that it is unpacked on.",
    };

    private readonly Option<string?> _source = new("--pixi-unpack-source")
    {
        Description =
            "Program for the self-extracting file to carry, instead of the one that packhorse brings: a file, or a URL with #sha256=DIGITS.",
        HelpName = "FILE|URL",
    };

    public void AddTo(Command command)
    {
        command.Add(_create);
        command.Add(_source);
        ArgumentRules.NotEmpty(_source);
    }

    /// <summary>Is a self-extracting file asked for?</summary>
    public bool IsExecutable(ParseResult parsed) => parsed.GetValue(_create);

    /// <returns>What is wrong with the options; null when nothing is.</returns>
    public string? FindMistake(ParseResult parsed) =>
        parsed.GetValue(_source) is not null && !IsExecutable(parsed)
            ? "--pixi-unpack-source needs --create-executable"
            : null;

    /// <param name="platform">What the environment is for.</param>
    /// <exception cref="IncompatibleException">There is none for that platform.</exception>
    public async Task<CarriedProgram> LoadAsync(
        ParseResult parsed,
        Platform platform,
        (Fetcher Fetcher, IReporter Reporter) through,
        CancellationToken cancellation
    )
    {
        bool known = platform.IsWindows || platform.Subdir is "linux-64" or "linux-aarch64";
        if (!known)
        {
            throw new IncompatibleException(
                ErrorCodes.UnsupportedHere,
                $"there are no self-extracting files for {platform}, only for Linux and Windows on x86-64 and ARM"
            )
            {
                Hint = "make a tar, and unpack it with pixi-unpack there",
            };
        }
        if (parsed.GetValue(_source) is not { } text)
        {
            (byte[] elf, string name) = FindOurs(platform);
            return Check(elf, name, platform);
        }
        var source = UnpackerSource.Parse(text);
        byte[] program = await source.ReadAsync(through, cancellation).ConfigureAwait(false);
        CarriedProgram carried = Check(program, source.ToString(), platform);
        if (carried.Runtime is { IsOwn: false })
        {
            through.Reporter.Warn(
                $"{source} is not packhorse's runtime: the file will unpack itself, but not run, verify or describe itself"
            );
        }
        return carried;
    }

    private static CarriedProgram Check(byte[] program, string where, Platform platform)
    {
        if (platform.IsWindows)
        {
            return new CarriedProgram(null, WindowsUnpacker.Parse(program, where, platform));
        }
        RuntimeImage runtime = RuntimeImage.Parse(program, where);
        runtime.CheckPlatform(platform);
        return new CarriedProgram(runtime, null);
    }

    private static (byte[] Program, string Where) FindOurs(Platform platform)
    {
        using Stream? carried = typeof(ExecutableOptions).Assembly.GetManifestResourceStream(ResourcePrefix + platform);
        if (carried is not null)
        {
            var elf = new byte[carried.Length];
            carried.ReadExactly(elf);
            return (elf, "packhorse's own runtime");
        }
        string beside = Path.Combine(AppContext.BaseDirectory, FileName);
        if (platform == Platform.Linux64 && FileTree.FileExists(beside))
        {
            return (InputFile.ReadAllBytes(beside, RuntimeImage.MostBytes), beside);
        }
        throw new IncompatibleException(
            ErrorCodes.UnsupportedHere,
            $"this packhorse has no unpacker for {platform} to put into a self-extracting file"
        )
        {
            Hint = platform.IsWindows
                ? "name pixi-unpack.exe of pixi-pack with --pixi-unpack-source, or make a tar"
                : "name one with --pixi-unpack-source, or make a tar and unpack it with packhorse unpack",
        };
    }
}
