using System.Globalization;
using System.Runtime.Versioning;
using System.Text;
using Packhorse.Image;
using Packhorse.Model;
using Packhorse.Os;

namespace Packhorse.Mount;

/// <summary>
/// A process that asks the kernel for what a recorded program needed, in that order: the kernel then has names and pages when the program
/// comes to them, and the server's threads decode meanwhile. It is no part of the server, which must never wait for an answer of its own:
/// nobody could kill it then.
/// </summary>
[SupportedOSPlatform("linux")]
internal static class AheadReader
{
    /// <summary>Starts it beside the server. That it cannot be started is no error: the program finds all the same, only later.</summary>
    /// <param name="prefix">Where the image is mounted.</param>
    /// <param name="image">Its descriptor.</param>
    public static void Start(string prefix, int image)
    {
        try
        {
            int process = ChildProcess.Start(
                new ChildRequest
                {
                    Program = ChildRequest.ThisProgram,
                    Arguments =
                    [
                        .. new[]
                        {
                            "packhorse",
                            MountRole.ReadAhead,
                            image.ToString(CultureInfo.InvariantCulture),
                            prefix,
                        }.Select(Encoding.UTF8.GetBytes),
                    ],
                    Environment = [],
                    Descriptor = image,
                    EndsWithParent = true,
                }
            );
            new Thread(() => Processes.WaitFor(process), 64 << 10) { IsBackground = true }.Start();
        }
        catch (PackhorseException)
        {
            // No more processes, or no more memory: the program needs them more.
        }
    }

    /// <param name="arguments">As <see cref="Start"/> gave them: the image's descriptor and the prefix.</param>
    public static int Run(ReadOnlySpan<string> arguments)
    {
        int image = int.Parse(arguments[0], CultureInfo.InvariantCulture);
        string prefix = arguments[1];
        Processes.CloseInherited(3, image);
        try
        {
            using InputFile file = InputFile.Inherited(image, prefix);
            var bytes = new byte[ImageFooter.Bytes];
            file.ReadExactly(bytes, Math.Max(0, file.Length - bytes.Length), prefix);
            ImageFooter footer = ImageFooter.Parse(bytes, file.Length, prefix);
            Ask(prefix, EnvironmentImage.ReadHotSet(new VerifiedSource(file, footer, prefix), footer, prefix).Files);
        }
        catch (PackhorseException)
        {
            // Whoever needs what is damaged is told.
        }
        return 0;
    }

    private static void Ask(string prefix, IReadOnlyList<UsedRange> ranges)
    {
        long room = Limits.ReadAheadBytes;
        string? path = null;
        AdvisedFile? file = null;
        foreach (UsedRange range in ranges)
        {
            room -= range.Length;
            if (room < 0)
            {
                break;
            }
            if (range.Path != path)
            {
                file?.Dispose();
                path = range.Path;
                file = AdvisedFile.TryOpen($"{prefix}/{path}");
            }
            file?.WillNeed(range.Offset, range.Length);
        }
        file?.Dispose();
    }
}
