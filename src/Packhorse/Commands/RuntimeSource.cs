using Packhorse.Model;
using Packhorse.Os;
using Packhorse.Packing;

namespace Packhorse.Commands;

/// <summary>Where the program comes from that self-extracting files carry.</summary>
internal static class RuntimeSource
{
    // Published executables carry the runtimes themselves, so that one file is the whole installation.
    private const string ResourcePrefix = "Packhorse.Runtime.";
    private const string FileName = "packhorse-runtime";

    /// <param name="path">What the user named; null for ours.</param>
    /// <param name="platform">What the environment is for.</param>
    /// <exception cref="IncompatibleException">There is none for that platform.</exception>
    public static RuntimeImage Load(string? path, Platform platform)
    {
        if (path?.Contains("://", StringComparison.Ordinal) == true)
        {
            throw new UsageException(ErrorCodes.UnsupportedUrl, $"{Redaction.Url(path)} is a URL; a file is needed")
            {
                Hint = "download it first, and compare its SHA-256",
            };
        }
        (byte[] elf, string where) = path is null
            ? FindOurs(platform)
            : (InputFile.ReadAllBytes(path, RuntimeImage.MostBytes), path);
        RuntimeImage runtime = RuntimeImage.Parse(elf, where);
        runtime.CheckPlatform(platform);
        return runtime;
    }

    private static (byte[] Elf, string Where) FindOurs(Platform platform)
    {
        using Stream? carried = typeof(RuntimeSource).Assembly.GetManifestResourceStream(ResourcePrefix + platform);
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
            $"this packhorse has no runtime for {platform} to put into a self-extracting file"
        )
        {
            Hint = "name one with --pixi-unpack-source, or make a tar and unpack it with packhorse unpack",
        };
    }
}
