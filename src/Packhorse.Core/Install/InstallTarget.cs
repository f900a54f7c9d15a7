using System.Text;
using Packhorse.Conda;
using Packhorse.Model;

namespace Packhorse.Install;

/// <summary>Where packages are installed to: the prefix that goes into their files, and for which platform.</summary>
public sealed record InstallTarget
{
    /// <param name="prefix">Absolute, without a slash at its end.</param>
    public InstallTarget(string prefix, Platform platform)
    {
        Prefix = prefix;
        Platform = platform;
        PrefixBytes = Encoding.UTF8.GetBytes(prefix);
    }

    public string Prefix { get; }

    public Platform Platform { get; }

    /// <summary>The prefix as it is written into files.</summary>
    public byte[] PrefixBytes { get; }

    /// <summary>The longest first line that the system's kernel takes as a shebang, without its newline.</summary>
    public int LongestShebang =>
        Platform switch
        {
            { IsLinux: true } => 127,
            { IsMacOS: true } => 512,
            _ => int.MaxValue,
        };

    /// <exception cref="UsageException">The prefix does not fit into a file that can only keep its length.</exception>
    internal void CheckFits(PrefixPlaceholder placeholder, string path, string package)
    {
        int room = Encoding.UTF8.GetByteCount(placeholder.Text);
        if (placeholder.Mode == PrefixFileMode.Binary && !Platform.IsWindows && PrefixBytes.Length > room)
        {
            throw new UsageException(
                ErrorCodes.PrefixTooLong,
                $"the prefix {EntryPath.Quote(Prefix)} has {PrefixBytes.Length} bytes, but {package} has room for {room} in {EntryPath.Quote(path)}"
            )
            {
                Hint = "unpack into a directory with a shorter path",
            };
        }
    }
}
