using System.Globalization;
using System.Runtime.Versioning;
using System.Text;
using Packhorse.Model;
using Packhorse.Os;

namespace Packhorse.Mount;

/// <summary>
/// A process that asks the kernel for Python packages as a whole: for their compiled modules, and for those that are libraries. As with
/// <see cref="AheadReader"/> it is no part of the server.
/// </summary>
[SupportedOSPlatform("linux")]
internal sealed class PackageReader
{
    private const string CompiledModules = "__pycache__";
    private const string LibrarySuffix = ".so";

    // What is asked for at once: a program that needs something else meanwhile waits for that much, not for all of a library.
    private const int StepBytes = 512 << 10;

    // Programs import what they need when they start: the memory of this process is theirs for the rest of their time.
    private const int PatienceMilliseconds = 5_000;

    private long _room = Limits.ReadAheadBytes;

    private PackageReader() { }

    /// <summary>Starts it. It ends with the thread that calls this, or when it has had nothing to do for a while.</summary>
    /// <returns>Takes the directories of packages, as absolute paths.</returns>
    public static PacketSocket Start()
    {
        (PacketSocket own, PacketSocket other) = PacketSocket.Pair();
        using (other)
        {
            IEnumerable<string> arguments =
            [
                "packhorse",
                MountRole.ReadPackages,
                other.Number.ToString(CultureInfo.InvariantCulture),
            ];
            try
            {
                int process = ChildProcess.Start(
                    new ChildRequest
                    {
                        Program = ChildRequest.ThisProgram,
                        Arguments = [.. arguments.Select(Encoding.UTF8.GetBytes)],
                        Environment = [],
                        Descriptor = other.Number,
                        EndsWithParent = true,
                    }
                );
                new Thread(() => Processes.WaitFor(process), 64 << 10) { IsBackground = true }.Start();
                return own;
            }
            catch (PackhorseException)
            {
                own.Dispose();
                throw;
            }
        }
    }

    /// <param name="arguments">As <see cref="Start"/> gave them: the socket.</param>
    public static int Run(ReadOnlySpan<string> arguments)
    {
        int number = int.Parse(arguments[0], CultureInfo.InvariantCulture);
        Processes.CloseInherited(3, number);
        using var server = new PacketSocket(new Descriptor(number));
        var reader = new PackageReader();
        while (
            PacketSocket.Wait([number], PatienceMilliseconds)[0] && server.Receive().Bytes is { Length: > 0 } package
        )
        {
            try
            {
                reader.Read(Encoding.UTF8.GetString(package));
            }
            catch (PackhorseException)
            {
                // Whoever needs what is damaged is told.
            }
        }
        return 0;
    }

    private void Read(string package)
    {
        string modules = $"{package}/{CompiledModules}";
        foreach (string name in FileTree.List(modules).TakeWhile(_ => _room > 0))
        {
            using AdvisedFile? module = AdvisedFile.TryOpen($"{modules}/{name}");
            module?.WillNeed(0, AdvisedFile.WindowBytes);
            _room -= AdvisedFile.WindowBytes;
        }
        foreach (string name in FileTree.List(package).TakeWhile(_ => _room > 0))
        {
            if (name.EndsWith(LibrarySuffix, StringComparison.Ordinal))
            {
                ReadLibrary($"{package}/{name}");
            }
        }
    }

    private void ReadLibrary(string path)
    {
        if (FileTree.KindOf(path) != FileKind.File)
        {
            return;
        }
        using InputFile library = InputFile.Open(path);
        Span<byte> head = stackalloc byte[ProgramAhead.HeadBytes];
        head = head[..library.Read(head, 0)];
        foreach ((long offset, long length) in ProgramAhead.Segments(head, library.Length, Limits.ProgramAheadBytes))
        {
            for (long done = 0; done < length; done += StepBytes)
            {
                long step = Math.Min(StepBytes, length - done);
                AdvisedFile.WillNeed(library, offset + done, step);
                // Waits until it is there.
                _ = library.Read(head[..1], offset + done + step - 1);
            }
            _room -= length;
        }
    }
}
