namespace Packhorse.Os;

/// <summary>Files of the kernel's with a line or two.</summary>
public static class SmallFiles
{
    /// <returns>Null when it is not there or may not be read.</returns>
    public static string? Read(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
