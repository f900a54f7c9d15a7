namespace Packhorse.TestChannel;

/// <summary>For the few ELF files that have no room for a search path: the tool that conda-build itself uses.</summary>
internal static class Patchelf
{
    public static byte[] SetRpath(byte[] elf, string rpath)
    {
        Machine.Require("patchelf", "patchelf");
        string path = Path.Combine(Path.GetTempPath(), "packhorse-" + Path.GetRandomFileName());
        try
        {
            File.WriteAllBytes(path, elf);
            Tool.Run("patchelf", ["--force-rpath", "--set-rpath", rpath, path]);
            return File.ReadAllBytes(path);
        }
        finally
        {
            File.Delete(path);
        }
    }
}
