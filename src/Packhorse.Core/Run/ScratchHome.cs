using System.Runtime.Versioning;
using Packhorse.Os;

namespace Packhorse.Run;

/// <summary>
/// A home for programs whose user has none on this machine, as on many worker nodes: what they would keep there goes into scratch
/// space instead of failing, or of filling a shared file system.
/// </summary>
[SupportedOSPlatform("linux")]
public static class ScratchHome
{
    // Variable, and its directory below the home.
    private static readonly (string Variable, string Directory)[] Places =
    [
        ("XDG_CACHE_HOME", ".cache"),
        ("XDG_CONFIG_HOME", ".config"),
        ("XDG_DATA_HOME", ".local/share"),
        ("XDG_STATE_HOME", ".local/state"),
        ("MPLCONFIGDIR", ".config/matplotlib"),
        ("NUMBA_CACHE_DIR", ".cache/numba"),
        ("TRITON_CACHE_DIR", ".cache/triton"),
    ];

    /// <summary>Sets HOME and the variables of caches where HOME is unset or cannot be written to.</summary>
    /// <param name="home">The directory to use; it is created only when it is needed.</param>
    /// <param name="prefix">The environment: where it cannot be written to, compiled Python modules go into the home too.</param>
    /// <param name="isCompiled">All modules of the environment are there compiled.</param>
    public static void Provide(ProcessEnvironment environment, string home, string prefix, bool isCompiled = false)
    {
        if (IsUsable(environment.GetText("HOME")))
        {
            return;
        }
        PrivateDirectory.Create(home);
        environment.Set("HOME", home);
        foreach ((string variable, string directory) in Places)
        {
            if (!IsUsable(environment.GetText(variable)))
            {
                string path = Path.Combine(home, directory);
                FileTree.CreateDirectory(path);
                environment.Set(variable, path);
            }
        }
        // Not otherwise: Python would then not see what packages bring compiled.
        if (!isCompiled && environment.Get("PYTHONPYCACHEPREFIX") is null && !ProcessImage.IsWritableDirectory(prefix))
        {
            environment.Set("PYTHONPYCACHEPREFIX", Path.Combine(home, ".cache/pycache"));
        }
    }

    private static bool IsUsable(string? directory) =>
        directory is { Length: > 0 } && ProcessImage.IsWritableDirectory(directory);
}
