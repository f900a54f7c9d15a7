using System.Text;

namespace Packhorse.TestChannel;

/// <summary>Texts that stand in packages for the prefix in which they will be installed.</summary>
public static class Placeholder
{
    /// <summary>Length of all modern placeholders, in bytes.</summary>
    public const int Length = 255;

    /// <summary>What packages of before 2016 have, and <c>has_prefix</c> lines mean that name no placeholder.</summary>
    public const string Legacy = "/opt/anaconda1anaconda2anaconda3";

    /// <summary>For packages that are made by tests.</summary>
    public static string Default { get; } = For("package");

    /// <summary>The host prefix of a conda build: 255 characters.</summary>
    public static string For(string package)
    {
        StringBuilder path = new($"/home/conda/feedstock_root/build_artifacts/{package}_1700000000000/_h_env");
        while (path.Length < Length)
        {
            path.Append("_placehold");
        }
        path.Length = Length;
        return path.ToString();
    }
}
