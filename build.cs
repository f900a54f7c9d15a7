#:property PublishAot=false
#:property RestorePackagesWithLockFile=false
#:property GenerateDocumentationFile=false
#:property DeterministicSourcePaths=false
#:property NoWarn=$(NoWarn);CA1303;CA1852;IDE0005

// The one entry point: dotnet build.cs VERB. Everything that people and CI do with the sources goes through here.

using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Xml.Linq;

string[] arguments = args;
string verb = arguments.Length > 0 ? arguments[0] : "help";
string[] rest = arguments.Length > 1 ? arguments[1..] : [];
Directory.SetCurrentDirectory(Root());

// What is running gets the same signal, clears up after itself, and is waited for.
Console.CancelKeyPress += (_, pressed) => pressed.Cancel = true;
try
{
    return verb switch
    {
        "demo" => Demo(),
        "test" => Test(),
        "bench" => Bench(),
        "publish" => Publish(),
        "fmt" => Format(),
        "help" => Help(),
        _ => Unknown(),
    };
}
catch (StepFailed failed)
{
    Console.Error.WriteLine($"build.cs: {failed.Message}");
    return 1;
}

int Help()
{
    Console.WriteLine(
        """
        dotnet build.cs VERB

          demo          make a channel of real software, pack it, unpack it, run Python in it; prints what each step cost
          demo --condor the same in jobs of a real HTCondor pool, made for it: eight jobs and an interactive session
          test          format check, build, every test; ends with "N passed, N failed, N skipped"
          test --full   the same, what takes gigabytes or long, and parsers against changed inputs
                        (--fuzz-seconds N: how long each parser, 30 if not given)
          bench [NAME]  compare with stock tools; the tables of BENCHMARKS.md
          publish       the executables for linux-64, into artifacts/publish/
          publish --all the same carrying the runtime of linux-aarch64 too, those for macOS and Windows, a package for dotnet tool
          fmt           format the sources
          help          this

        On Debian and Ubuntu missing packages are installed when you are root; otherwise the command to install them is named.
        """
    );
    return 0;
}

int Unknown()
{
    Console.Error.WriteLine($"build.cs: unknown verb '{verb}'");
    Help();
    return 2;
}

int Format()
{
    Step("dotnet", "tool", "restore");
    return Run("dotnet", "csharpier", "format", ".");
}

int Demo()
{
    NeedPackages(ForPublishing.Concat(ForChannels));
    PublishNative();
    return Run("dotnet", ["run", "--project", "bench/Packhorse.Bench", "-c", "Release", "--", "demo", .. rest]);
}

int Bench()
{
    NeedPackages(
        ForPublishing
            .Concat(ForChannels)
            .Concat([("zstd", "zstd"), ("squashfs-tools", "mksquashfs"), ("squashfuse", "squashfuse_ll")])
    );
    PublishNative();
    return Run("dotnet", ["run", "--project", "bench/Packhorse.Bench", "-c", "Release", "--", "bench", .. rest]);
}

int Publish()
{
    NeedPackages(ForPublishing);
    bool all = rest.Contains("--all");
    PublishNative(all ? PublishRuntimeOfArm64() : null);
    if (all)
    {
        PublishSingleFile("osx-arm64", "osx-arm64");
        PublishSingleFile("osx-x64", "osx-64");
        PublishSingleFile("win-x64", "win-64");
        PublishTool();
    }
    foreach (
        string file in Directory
            .EnumerateFiles("artifacts/publish", "*", SearchOption.AllDirectories)
            .Where(file => !file.EndsWith(".map"))
            .Order(StringComparer.Ordinal)
    )
    {
        byte[] digest = System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(file));
        Console.WriteLine($"{new FileInfo(file).Length, 12:N0}  {Convert.ToHexStringLower(digest)}  {file}");
    }
    return 0;
}

int Test()
{
    bool full = rest.Contains("--full");
    NeedPackages(ForPublishing.Concat(ForChannels).Concat(ForTests));
    Step("dotnet", "tool", "restore");
    Step("dotnet", "csharpier", "check", ".");
    Step("dotnet", "build", "Packhorse.slnx", "-c", "Release", "-nologo", "-clp:NoSummary");
    PublishNative(full ? PublishRuntimeOfArm64() : null);
    Environment.SetEnvironmentVariable("PACKHORSE_FULL", full ? "1" : null);
    string results = Path.GetFullPath("artifacts/test-results");
    if (Directory.Exists(results))
    {
        Directory.Delete(results, recursive: true);
    }
    Directory.CreateDirectory(results);
    var tally = new Tally();
    RunTests(tally, "Packhorse.Tests", results);
    RunTests(tally, "Packhorse.EndToEnd", results);
    // The runtime is linked in a way that nobody else does: what holds for unpacking must hold for it.
    Environment.SetEnvironmentVariable(
        "PACKHORSE_TEST_UNPACKER",
        Path.GetFullPath("artifacts/publish/packhorse-runtime")
    );
    RunTests(tally, "Packhorse.Tests", results, "-namespace", "Packhorse.Tests.Pack");
    Environment.SetEnvironmentVariable("PACKHORSE_TEST_UNPACKER", null);
    if (full)
    {
        Fuzz(tally);
    }
    return tally.Close("tests/skips.txt");
}

static void RunTests(Tally tally, string project, string results, params string[] filter)
{
    string report = Path.Combine(results, $"{project}{(filter.Length > 0 ? ".runtime" : "")}.xml");
    string program = $"artifacts/bin/{project}/release/{project}.dll";
    int code = Run("dotnet", [program, "-result-xml", report, "-noLogo", "-noColor", .. filter]);
    tally.Read(report, project, code);
}

// Prints the seed of each target before it runs, so that a run that dies can be repeated.
void Fuzz(Tally tally)
{
    int at = Array.IndexOf(rest, "--fuzz-seconds");
    string seconds = at >= 0 && at + 1 < rest.Length ? rest[at + 1] : "30";
    int code = Run("dotnet", "artifacts/bin/Packhorse.Fuzz/release/Packhorse.Fuzz.dll", "run", "--seconds", seconds);
    tally.Add("Packhorse.Fuzz run", code == 0);
}

// Published once for demo, tests and benchmarks: the static runtime, then the linux-64 executable that carries it. Both are linked with
// musl, and so need nothing of the machine.
void PublishNative(string? runtimeOfArm64 = null)
{
    PublishProject(
        "Packhorse.Runtime",
        "packhorse-runtime",
        "linux-x64",
        "-p:StaticLibc=musl",
        "-p:LinkMap=" + Path.GetFullPath("artifacts/publish/packhorse-runtime.map")
    );
    PublishProject(
        "Packhorse",
        "packhorse",
        "linux-x64",
        [
            "-p:StaticLibc=musl",
            "-p:StaticOpenSslLinking=true",
            "-p:NativeCodecs=true",
            "-p:RuntimeOfLinux64=" + Path.GetFullPath("artifacts/publish/packhorse-runtime"),
            .. RuntimeOfLinuxAarch64(runtimeOfArm64),
        ]
    );
    // Under the names that people type already the same programs take upstream's arguments.
    Directory.CreateDirectory("artifacts/publish/pixi");
    foreach (
        (string name, string program) in ((string, string)[])
            [("pixi-pack", "packhorse"), ("pixi-unpack", "packhorse-runtime")]
    )
    {
        File.Copy($"artifacts/publish/{program}", $"artifacts/publish/pixi/{name}", overwrite: true);
    }
}

static string[] RuntimeOfLinuxAarch64(string? path) =>
    path is null ? [] : ["-p:RuntimeOfLinuxAarch64=" + Path.GetFullPath(path)];

// Cross-built against Debian's arm64 packages, which are only unpacked.
string PublishRuntimeOfArm64()
{
    NeedPackages(ForArm64);
    string root = Path.GetFullPath("artifacts/native/arm64-root");
    if (!Directory.Exists(root))
    {
        UnpackArm64Packages(root);
    }
    PublishProject(
        "Packhorse.Runtime",
        "packhorse-runtime-aarch64",
        "linux-arm64",
        "-p:OtherPlatform=true",
        "-p:StaticLibc=musl",
        $"-p:MuslRoot={root}",
        $"-p:NativeLibraryDirectory={root}/usr/lib/aarch64-linux-gnu"
    );
    return "artifacts/publish/packhorse-runtime-aarch64";
}

// Lists and cache of apt in a directory of their own: the machine's packages stay those of its own architecture.
static void UnpackArm64Packages(string root)
{
    string apt = Path.GetFullPath("artifacts/native/arm64-apt");
    Directory.CreateDirectory($"{apt}/lists/partial");
    Directory.CreateDirectory($"{apt}/cache/archives/partial");
    string gcc = Directory
        .GetDirectories("/usr/lib/gcc/x86_64-linux-gnu")
        .Select(path => Path.GetFileName(path)!)
        .Max()!;
    string[] settings =
    [
        .. (
            (string[])
                [
                    "APT::Architecture=arm64",
                    "APT::Architectures=arm64",
                    $"Dir::State::lists={apt}/lists",
                    $"Dir::Cache={apt}/cache",
                    "Dir::State::status=/dev/null",
                ]
        ).SelectMany(setting => (string[])["-o", setting]),
    ];
    Step("apt-get", [.. settings, "-q", "update"]);
    string[] names = ["musl-dev", $"libgcc-{gcc}-dev", "libzstd-dev", "libbz2-dev", "libssl-dev"];
    // It downloads to the current directory.
    Step("env", ["-C", apt, "apt-get", .. settings, "-q", "download", .. names]);
    foreach (string package in Directory.GetFiles(apt, "*.deb"))
    {
        Step("dpkg-deb", "-x", package, root + ".new");
    }
    Directory.Move(root + ".new", root);
}

// Packing only, and never run here: made for people whose desk is a Mac or a PC.
void PublishSingleFile(string identifier, string platform)
{
    string artifacts = Path.GetFullPath($"artifacts/single/{identifier}");
    Step(
        "dotnet",
        [
            "publish",
            "src/Packhorse",
            "-c",
            "Release",
            "-r",
            identifier,
            "--self-contained",
            "-p:OtherPlatform=true",
            "-p:PublishAot=false",
            "-p:PublishTrimmed=true",
            "-p:PublishSingleFile=true",
            "-p:EnableCompressionInSingleFile=true",
            .. Runtimes(),
            $"-p:ArtifactsPath={artifacts}",
            "-nologo",
            "-clp:NoSummary",
        ]
    );
    string program = identifier.StartsWith("win") ? "packhorse.exe" : "packhorse";
    Directory.CreateDirectory($"artifacts/publish/{platform}");
    File.Copy(
        $"{artifacts}/publish/Packhorse/release_{identifier}/{program}",
        $"artifacts/publish/{platform}/{program}",
        overwrite: true
    );
}

// For those who have .NET: dotnet tool install Packhorse --add-source DIR.
void PublishTool() =>
    Step(
        "dotnet",
        [
            "pack",
            "src/Packhorse",
            "-c",
            "Release",
            "-p:PackAsTool=true",
            "-p:OtherPlatform=true",
            "-p:PublishAot=false",
            .. Runtimes(),
            $"-p:ArtifactsPath={Path.GetFullPath("artifacts/tool")}",
            "-o",
            "artifacts/publish/tool",
            "-nologo",
            "-clp:NoSummary",
        ]
    );

static string[] Runtimes() =>
    [
        "-p:RuntimeOfLinux64=" + Path.GetFullPath("artifacts/publish/packhorse-runtime"),
        .. RuntimeOfLinuxAarch64("artifacts/publish/packhorse-runtime-aarch64"),
    ];

// Each with artifacts of its own: the link step does not see its own arguments as inputs.
void PublishProject(string project, string program, string identifier, params string[] properties)
{
    Directory.CreateDirectory("artifacts/publish");
    string artifacts = Path.GetFullPath($"artifacts/native/{program}");
    string[] arguments =
    [
        "publish",
        $"src/{project}",
        "-c",
        "Release",
        "-r",
        identifier,
        .. properties,
        $"-p:ArtifactsPath={artifacts}",
        "-nologo",
        "-clp:NoSummary",
    ];
    Step("dotnet", arguments);
    string made = project == "Packhorse" ? "packhorse" : "packhorse-runtime";
    string target = $"artifacts/publish/{program}";
    File.Copy($"{artifacts}/publish/{project}/release_{identifier}/{made}", target + ".new", overwrite: true);
    File.Move(target + ".new", target, overwrite: true);
}

static void NeedPackages(IEnumerable<(string Package, string Evidence)> packages)
{
    string[] missing = [.. packages.Where(item => !IsThere(item.Evidence)).Select(item => item.Package).Distinct()];
    if (missing.Length == 0)
    {
        return;
    }
    string install = $"apt-get install --no-install-recommends -y {string.Join(' ', missing)}";
    if (Environment.UserName != "root" || !File.Exists("/usr/bin/apt-get"))
    {
        throw new StepFailed($"missing packages; install them with: sudo apt-get update && sudo {install}");
    }
    Console.Error.WriteLine($"build.cs: {install}");
    Environment.SetEnvironmentVariable("DEBIAN_FRONTEND", "noninteractive");
    // The lists may be old or absent on a new machine.
    Step("apt-get", "update", "-q");
    Step("apt-get", ["install", "--no-install-recommends", "-y", "-q", .. missing]);
}

// A program on PATH, or a file anywhere.
static bool IsThere(string evidence) =>
    evidence.Contains('/')
        ? File.Exists(evidence) || Directory.Exists(evidence)
        : (Environment.GetEnvironmentVariable("PATH") ?? "")
            .Split(':')
            .Any(directory => File.Exists(Path.Combine(directory, evidence)));

static int Run(string program, params string[] arguments)
{
    var start = new ProcessStartInfo(program) { UseShellExecute = false };
    foreach (string argument in arguments)
    {
        start.ArgumentList.Add(argument);
    }
    start.Environment["DOTNET_CLI_TELEMETRY_OPTOUT"] = "1";
    start.Environment["DOTNET_NOLOGO"] = "1";
    start.Environment["MSBUILDTERMINALLOGGER"] = "off";
    using Process process = Process.Start(start) ?? throw new StepFailed($"cannot start {program}");
    process.WaitForExit();
    return process.ExitCode;
}

static void Step(string program, params string[] arguments)
{
    if (Run(program, arguments) is not 0 and var code)
    {
        throw new StepFailed($"{program} {string.Join(' ', arguments.Take(3))} … ended with {code}");
    }
}

static string Root([CallerFilePath] string path = "") => Path.GetDirectoryName(path)!;

internal sealed class StepFailed(string message) : Exception(message);

/// <summary>Counts what the test programs report and holds the skips against what is allowed.</summary>
internal sealed class Tally
{
    private readonly Dictionary<string, List<string>> _skips = [];
    private readonly List<string> _failures = [];
    private int _passed;

    public void Read(string report, string project, int exitCode)
    {
        if (!File.Exists(report))
        {
            _failures.Add($"{project}: no report (exit code {exitCode})");
            return;
        }
        int failed = 0;
        foreach (XElement test in XDocument.Load(report).Descendants("test"))
        {
            string name = (string?)test.Attribute("name") ?? "?";
            switch ((string?)test.Attribute("result"))
            {
                case "Pass":
                    _passed++;
                    break;
                case "Skip":
                    string reason = (string?)test.Element("reason") ?? "no reason given";
                    (_skips.TryGetValue(reason, out List<string>? names) ? names : _skips[reason] = []).Add(name);
                    break;
                default:
                    failed++;
                    _failures.Add(name);
                    break;
            }
        }
        if (exitCode != 0 && failed == 0)
        {
            _failures.Add($"{project}: exit code {exitCode}");
        }
    }

    /// <summary>A check that is no test program's.</summary>
    public void Add(string name, bool passed)
    {
        if (passed)
        {
            _passed++;
        }
        else
        {
            _failures.Add(name);
        }
    }

    /// <summary>Lines of the file: how many tests may be skipped for a reason that begins so.</summary>
    public int Close(string allowed)
    {
        (int Most, string Reason)[] limits =
        [
            .. File.ReadLines(allowed)
                .Where(line => line.Length > 0 && line[0] != '#')
                .Select(line => line.Split(' ', 2))
                .Select(fields => (int.Parse(fields[0]), fields[1])),
        ];
        foreach ((string reason, List<string> names) in _skips.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            Console.WriteLine($"skipped {names.Count}: {reason}");
            if (!limits.Any(limit => reason.StartsWith(limit.Reason, StringComparison.Ordinal)))
            {
                _failures.Add($"a reason to skip that {allowed} does not allow: {reason}");
            }
        }
        foreach ((int most, string reason) in limits)
        {
            int count = _skips
                .Where(pair => pair.Key.StartsWith(reason, StringComparison.Ordinal))
                .Sum(pair => pair.Value.Count);
            if (count > most)
            {
                _failures.Add($"{count} tests skipped because of '{reason}', {most} are allowed by {allowed}");
            }
        }
        foreach (string failure in _failures)
        {
            Console.WriteLine($"failed: {failure}");
        }
        Console.WriteLine(
            $"{_passed} passed, {_failures.Count} failed, {_skips.Values.Sum(names => names.Count)} skipped"
        );
        return _failures.Count == 0 && _passed > 0 ? 0 : 1;
    }
}

internal static partial class Program
{
    // Package, and how to see that it is there.
    private static readonly (string Package, string Evidence)[] ForPublishing =
    [
        ("gcc", "gcc"),
        ("clang", "clang"),
        ("lld", "ld.lld"),
        ("musl-dev", "/usr/lib/x86_64-linux-musl/libc.a"),
        ("libc6-dev", "/usr/include/stdlib.h"),
        ("libzstd-dev", "/usr/include/zstd.h"),
        ("libbz2-dev", "/usr/include/bzlib.h"),
        ("libssl-dev", "/usr/include/openssl/sha.h"),
        ("cmake", "cmake"),
    ];

    private static readonly (string Package, string Evidence)[] ForArm64 =
    [
        ("binutils-aarch64-linux-gnu", "aarch64-linux-gnu-objcopy"),
        ("qemu-user-static", "qemu-aarch64-static"),
    ];

    private static readonly (string Package, string Evidence)[] ForChannels = [("patchelf", "patchelf")];

    // Shells, checkers and readers that self-extracting files and images are held against.
    private static readonly (string Package, string Evidence)[] ForTests =
    [
        ("busybox-static", "busybox"),
        ("dash", "dash"),
        ("file", "file"),
        ("fuse3", "fusermount3"),
        ("openssh-client", "ssh-keygen"),
        ("shellcheck", "shellcheck"),
        ("bzip2", "bzip2"),
        ("curl", "curl"),
        ("git", "git"),
        ("unzip", "unzip"),
        ("zstd", "zstd"),
        ("zsh", "zsh"),
        ("fish", "fish"),
        ("ksh", "ksh"),
        ("tcsh", "tcsh"),
        ("openssh-client", "ssh"),
        ("openssh-server", "/usr/sbin/sshd"),
        ("xonsh", "xonsh"),
        ("strace", "strace"),
        ("util-linux-extra", "fincore"),
        ("squashfs-tools", "unsquashfs"),
        ("squashfuse", "squashfuse"),
    ];
}
