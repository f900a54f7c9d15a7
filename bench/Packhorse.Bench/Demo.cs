using System.Diagnostics;
using System.Globalization;
using Packhorse.Bench.Measure;
using Packhorse.TestChannel;

namespace Packhorse.Bench;

/// <summary>The main job from end to end on real software, with what each step costs.</summary>
internal static class Demo
{
    private const string Probe = """
        import sys, ssl, sqlite3, ctypes, curses, lzma
        strangers = set()
        for line in open('/proc/self/maps'):
            path = line.split(None, 5)[5].strip() if line.count('/') else ''
            if path.startswith('/') and not path.startswith(sys.prefix + '/'):
                strangers.add(path)
        print(sys.prefix)
        print(sys.version.split()[0])
        print('\n'.join(sorted(strangers)))
        """;

    // The C library's own family: conda environments take it from the machine.
    private static readonly string[] FromTheMachine =
    [
        "ld-linux",
        "ld-musl",
        "libc.so",
        "libc-",
        "libm.so",
        "libm-",
        "libpthread",
        "libdl",
        "librt",
        "libutil",
        "libresolv",
        "libnss_",
        "locale-archive",
        "gconv",
        "C.utf8",
        "C.UTF-8",
    ];

    public static int Run(TextWriter output)
    {
        DirectoryInfo scratch = Directory.CreateTempSubdirectory("packhorse-demo-");
        try
        {
            return Run(scratch.FullName, output);
        }
        finally
        {
            scratch.Delete(recursive: true);
        }
    }

    private static int Run(string scratch, TextWriter output)
    {
        output.WriteLine("A channel of real software out of Debian's packages, and a lock file over it:");
        long start = Stopwatch.GetTimestamp();
        Channel channel = SmallChannel.Make(
            new ChannelOptions
            {
                Directory = Path.Combine(scratch, "channel"),
                Report = line => output.WriteLine($"  {line}"),
            }
        );
        output.WriteLine(
            $"  {channel.Packages.Count} packages, {Size(channel.PackedSize)}, Python {channel.PythonVersion}, in {Seconds(Stopwatch.GetElapsedTime(start))}"
        );
        string pack = Path.Combine(scratch, "environment.tar");
        string job = Path.Combine(scratch, "job");
        output.WriteLine();
        output.WriteLine($"{"step", -34} {"time", 9} {"read", 11} {"written", 11} {"peak memory", 12}");
        Step(output, "packhorse pack", [Programs.Packhorse, "pack", channel.LockFile, "-o", pack, "-q"]);
        Step(output, "packhorse unpack", [Programs.Packhorse, "unpack", pack, "-o", job, "-q"]);
        string answer = Path.Combine(scratch, "answer.txt");
        // PATH is empty: what is found is found by the activation script alone.
        Step(
            output,
            ". activate.sh; python -c …",
            ["/bin/sh", "-c", $". '{job}/activate.sh' && exec python -c \"$0\"", Probe],
            answer,
            new Dictionary<string, string> { ["PATH"] = "" }
        );
        int result = Check(File.ReadAllLines(answer), Path.Combine(job, "env"), output);
        Newcomer(scratch, channel, output);
        return result;
    }

    // What somebody does who has a project and has never seen packhorse, with nothing of this machine prepared.
    private static void Newcomer(string scratch, Channel channel, TextWriter output)
    {
        string program = Path.Combine(scratch, "bin", "packhorse");
        string file = Path.Combine(scratch, "environment.sh");
        Directory.CreateDirectory(Path.GetDirectoryName(program)!);
        string[] python = ["--", "python", "-c", "import sys; print(sys.prefix)"];
        string answer = Path.Combine(scratch, "newcomer.txt");
        output.WriteLine();
        output.WriteLine(
            $"{"from nothing to a program", -34} {"time", 9} {"read", 11} {"written", 11} {"peak memory", 12}"
        );
        long start = Stopwatch.GetTimestamp();
        Step(output, "cp packhorse ~/bin/", ["/bin/cp", Programs.Packhorse, program]);
        Step(
            output,
            "pack --image --create-executable",
            [program, "pack", channel.LockFile, "--image", "--create-executable", "-o", file, "-q"]
        );
        Step(output, "environment.sh run -- python", ["/bin/sh", file, "run", .. python], answer);
        output.WriteLine($"{"all three", -34} {Seconds(Stopwatch.GetElapsedTime(start)), 9}");
        Step(output, "the last one again", ["/bin/sh", file, "run", .. python], answer);
        output.WriteLine($"sys.prefix is {File.ReadAllText(answer).Trim()}");
    }

    private static int Check(string[] answer, string prefix, TextWriter output)
    {
        output.WriteLine();
        output.WriteLine($"sys.prefix is {answer[0]}, Python {answer[1]}");
        string[] strangers = [.. answer[2..].Where(path => path.Length > 0 && !IsFromTheMachine(path))];
        bool right = answer[0] == prefix && strangers.Length == 0;
        output.WriteLine(
            strangers.Length == 0
                ? "every file that Python mapped lies in the environment (the C library excepted)"
                : $"mapped from outside the environment: {string.Join(", ", strangers)}"
        );
        output.WriteLine(right ? "It works." : $"It does not work: the prefix should be {prefix}.");
        return right ? 0 : 1;
    }

    private static bool IsFromTheMachine(string path)
    {
        string name = Path.GetFileName(path);
        return FromTheMachine.Any(known => name.StartsWith(known, StringComparison.Ordinal))
            || FromTheMachine.Any(known => path.Contains($"/{known}/", StringComparison.Ordinal));
    }

    private static void Step(
        TextWriter output,
        string name,
        string[] command,
        string? standardOutput = null,
        Dictionary<string, string>? environment = null
    )
    {
        Measurement cost = MeasuredProcess.Run(command, standardOutput, environment: environment);
        output.WriteLine(
            $"{name, -34} {Seconds(cost.Wall), 9} {Size(cost.BytesRead), 11} {Size(cost.BytesWritten), 11} {Size(cost.PeakLargest), 12}"
        );
        if (cost.ExitCode != 0)
        {
            throw new InvalidOperationException($"{name} ended with exit code {cost.ExitCode}");
        }
    }

    private static string Size(long bytes) => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e6:0.0} MB");

    private static string Seconds(TimeSpan time) =>
        string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0.00} s");
}
