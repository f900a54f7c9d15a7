using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Packhorse.TestChannel;

namespace Packhorse.Bench;

/// <summary>
/// Starting in a mounted image against <c>squashfuse_ll</c> on the same file, and against the unpacked environment. As a user without
/// rights, in a mount namespace in which that user may open /dev/fuse; each time is taken inside, by a shell that starts nothing for it.
/// </summary>
internal sealed partial class MountBenchmarks(Channel channel, string scratch, TextWriter output)
{
    private const string User = "65534";

    // Puts the time that a command takes, in microseconds, on a line of its own.
    private const string Timed =
        "timed() { local a=$EPOCHREALTIME; \"$@\" > /dev/null || exit 99; local b=$EPOCHREALTIME; echo $(( ${b/./} - ${a/./} )); }; ";

    private static readonly (string Name, string Code)[] Workloads =
    [
        ("python -c pass", "pass"),
        (
            "first import of 40 modules",
            "import json, ssl, sqlite3, asyncio, unittest.mock, email.mime.text, xml.dom.minidom"
        ),
    ];

    private string _prefix = "";

    private string Image => Path.Combine(scratch, "image.sqfs");

    // The same image, and what the last workload needs in it.
    private string Recorded => Path.Combine(scratch, "recorded.sqfs");

    private string Runtime => Path.Combine(scratch, "runtime");

    private string Unpacked => Path.Combine(scratch, "job", "env");

    /// <param name="workloads">Python code to time beside the usual ones.</param>
    public void Run(params (string Name, string Code)[] workloads)
    {
        if (Environment.UserName != "root")
        {
            output.WriteLine("not measured: becomes another user and mounts, only as root");
            return;
        }
        Prepare();
        output.WriteLine($"Image: {new FileInfo(Image).Length / 1e6:0} MB.");
        output.WriteLine();
        output.WriteLine(
            "| | ours / stock, ratio (min–max) | ours / unpacked | ours, ms | squashfuse_ll, ms | unpacked tree, ms |"
        );
        output.WriteLine("|---|---|---|--:|--:|--:|");
        foreach ((string name, string code) in Workloads.Concat(workloads))
        {
            Compare($"{name}, file cached", code, Image);
            Compare($"{name}, all cold", code, Image, isCold: true);
            Compare($"{name}, again in the same mount", code, Image, isAgain: true);
        }
        (string last, string lastCode) = Workloads.Concat(workloads).Last();
        Record(lastCode);
        Compare($"{last}, recorded, file cached", lastCode, Recorded);
        Compare($"{last}, recorded, all cold", lastCode, Recorded, isCold: true);
        output.WriteLine();
        string packages = Path.Combine(scratch, "environment.sh");
        Checked(Programs.Packhorse, "pack", channel.LockFile, "--create-executable", "-o", packages, "-q");
        Checked("/bin/chmod", "a+r", packages);
        new WholeJobs(Sandboxed, output).Run($"{Runtime} run -q {Recorded} --", $"sh {packages} run -q --", lastCode);
        CompareMemory();
    }

    /// <summary>Tests that packages bring of their own pass in the mount: where they do not, this throws.</summary>
    public void RunTests(params string[] packages)
    {
        string names = string.Join(' ', packages);
        string said = Sandboxed(
            $"cd $(mktemp -d) && {Runtime} run -q {Image} -- python -m pytest -q -p no:cacheprovider --pyargs {names}"
        );
        output.WriteLine($"pytest of {names} in the mount: {said.TrimEnd().Split('\n')[^1]}");
    }

    /// <summary>What was read of files is read anew.</summary>
    public static void DropCaches() => Checked("/bin/sh", "-c", "sync; echo 3 > /proc/sys/vm/drop_caches");

    private void Prepare()
    {
        Directory.CreateDirectory(Path.Combine(scratch, "dev"));
        Directory.CreateDirectory(Path.GetDirectoryName(Unpacked)!);
        Checked(Programs.Packhorse, "pack", channel.LockFile, "--image", "--pyc", "on", "-o", Image, "-q");
        Checked("/bin/cp", Path.Combine(Path.GetDirectoryName(Programs.Packhorse)!, "packhorse-runtime"), Runtime);
        // Relocated, which what unsquashfs takes out is not: some modules look for files in the prefix that they were built for.
        Checked(Programs.Packhorse, "unpack", Image, "-o", Path.GetDirectoryName(Unpacked)!, "--keep-pyc", "-q");
        _prefix = PrefixOfImage();
        Checked("/bin/chmod", "-R", "a+rX", scratch);
    }

    private void Record(string code)
    {
        string record = Path.Combine(scratch, "tmp", "record.json");
        Directory.CreateDirectory(Path.GetDirectoryName(record)!);
        Checked("/bin/chmod", "1777", Path.GetDirectoryName(record)!);
        Sandboxed($"{Runtime} record -q -o {record} {Image} -- python -c '{code}'");
        Checked(
            Programs.Packhorse,
            ["pack", channel.LockFile, "--image", "--pyc", "on", "--record-from", record, "-o", Recorded, "-q"]
        );
        Checked("/bin/chmod", "a+r", Recorded);
    }

    private void Compare(string name, string code, string image, bool isCold = false, bool isAgain = false)
    {
        var ours = new List<double>();
        var stock = new List<double>();
        var plain = new List<double>();
        for (int i = 0; i < Comparison.Pairs; i++)
        {
            // Neither side always goes first.
            List<Action> sides =
            [
                () => ours.Add(Time(OursScript(code, image, isAgain), isCold)),
                () => stock.Add(Time(StockScript(code, isAgain), isCold)),
            ];
            foreach (Action side in i % 2 == 0 ? sides : Enumerable.Reverse(sides))
            {
                side();
            }
            plain.Add(Time(PlainScript(code, isAgain), isCold));
        }
        double[] ratios = [.. ours.Zip(stock, (a, b) => a / b).Order()];
        double toPlain = Median(ours.Zip(plain, (a, b) => a / b));
        output.WriteLine(
            string.Create(
                CultureInfo.InvariantCulture,
                $"| {name} | **{Median(ratios):0.00}** ({ratios[0]:0.00}–{ratios[^1]:0.00}) | {toPlain:0.00} | {Median(ours):0} | {Median(stock):0} | {Median(plain):0} |"
            )
        );
    }

    // The second time in one mount: only that is timed.
    private string OursScript(string code, string image, bool isAgain) =>
        !isAgain
            ? $"timed {Runtime} run -q {image} -- python -c '{code}'"
            : $"exec {Runtime} run -q {image} -- bash -c '{Timed} python -c \"{code}\"; timed python -c \"{code}\"'";

    // Its server would outlive everything else in the namespace, and keep it.
    private const string End = "code=$?; umount -l $PREFIX; exit $code";

    private static string StockScript(string code, bool isAgain)
    {
        string mount = "mount -t tmpfs none /media && mkdir -p $PREFIX && squashfuse_ll -o ro $IMAGE $PREFIX && ";
        return !isAgain
            ? $"timed unshare -Urm sh -c '{mount} $PREFIX/bin/python -c \"{code}\"; {End}'"
            : $"unshare -Urm bash -c '{Timed} {mount} $PREFIX/bin/python -c \"{code}\" && timed $PREFIX/bin/python -c \"{code}\"; {End}'";
    }

    private string PlainScript(string code, bool isAgain) =>
        !isAgain
            ? $"timed {Unpacked}/bin/python -c '{code}'"
            : $"{Unpacked}/bin/python -c '{code}'; timed {Unpacked}/bin/python -c '{code}'";

    private double Time(string script, bool isCold)
    {
        if (isCold)
        {
            DropCaches();
        }
        string said = Sandboxed(Timed + script);
        return double.Parse(said.TrimEnd().Split('\n')[^1], CultureInfo.InvariantCulture) / 1000;
    }

    // Twenty thousand pages anywhere in anything: what a cache of blocks is worst at. The same ones on both sides.
    private const string RandomReads = """
        import os, random, sys, time
        random.seed(1)
        files = [os.path.join(d, f) for d, _, names in os.walk(sys.prefix) for f in names]
        files = sorted((p, os.path.getsize(p)) for p in files if not os.path.islink(p))
        for path, size in random.choices(files, weights=[size for _, size in files], k=20000):
            with open(path, "rb", buffering=0) as file:
                os.pread(file.fileno(), 4096, random.randrange(max(1, size)))
        open(sys.argv[1], "w").close()
        time.sleep(2)
        """;

    private void CompareMemory()
    {
        string code = Path.Combine(scratch, "reads.py");
        File.WriteAllText(code, RandomReads);
        string ours = MemoryAfterReads(
            $"{Runtime} run -q {Image} -- python {code} $done & run=$!",
            "cut -d' ' -f1 /proc/$run/task/$run/children"
        );
        string inside =
            $"mount -t tmpfs none /media && mkdir -p $PREFIX && squashfuse_ll -o ro $IMAGE $PREFIX && $PREFIX/bin/python {code} $done";
        string stock = MemoryAfterReads(
            $"export done; unshare -Urm sh -c '{inside}; {End}' & run=$!",
            $"pgrep -n -x -u {User} squashfuse_ll"
        );
        output.WriteLine($"Memory of the server after 20,000 random reads of a page: {ours}");
        output.WriteLine($"The same of squashfuse_ll: {stock}");
    }

    // The server is looked at from outside when the program says that it has read.
    private string MemoryAfterReads(string start, string findServer)
    {
        string script =
            $"done=$(mktemp -u); {start}; while kill -0 $run && ! [ -e $done ]; do sleep 0.1; done; server=$({findServer}); "
            + "grep -h -E '^(Pss|Pss_Anon):' /proc/$server/smaps_rollup; wait; rm -f $done";
        return Blanks().Replace(Sandboxed(script).Replace("\n", ", ", StringComparison.Ordinal), " ");
    }

    private string Sandboxed(string script)
    {
        string device = Path.Combine(scratch, "dev", "fuse");
        string prepare =
            $"set -e; mount -t tmpfs -o mode=755 none {scratch}/dev; mknod -m 666 {device} c 10 229; mount --bind {device} /dev/fuse; "
            + $"exec setpriv --reuid={User} --regid={User} --clear-groups bash -c \"$1\"";
        var start = new ProcessStartInfo("/usr/bin/unshare", ["--mount", "/bin/sh", "-c", prepare, "sh", script])
        {
            RedirectStandardOutput = true,
        };
        start.Environment["IMAGE"] = Image;
        start.Environment["PREFIX"] = _prefix;
        using Process process = Process.Start(start)!;
        string said = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0
            ? said
            : throw new InvalidOperationException($"exit code {process.ExitCode} of {script}");
    }

    private string PrefixOfImage()
    {
        var start = new ProcessStartInfo(Programs.Packhorse, ["inspect", "--json", Image])
        {
            RedirectStandardOutput = true,
        };
        using Process process = Process.Start(start)!;
        string said = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return PrefixMember().Match(said).Groups[1].Value;
    }

    private static void Checked(string program, params string[] arguments)
    {
        using Process process = Process.Start(program, arguments);
        process.WaitForExit();
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"{program} ended with exit code {process.ExitCode}");
        }
    }

    private static double Median(IEnumerable<double> values) => values.Order().ElementAt(Comparison.Pairs / 2);

    [GeneratedRegex("\"prefix\": ?\"([^\"]+)\"")]
    private static partial Regex PrefixMember();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Blanks();
}
