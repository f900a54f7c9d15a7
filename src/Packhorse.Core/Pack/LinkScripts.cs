using System.Globalization;
using System.Text;
using Packhorse.Install;
using Packhorse.Model;
using Packhorse.Os;

namespace Packhorse.Pack;

/// <summary>
/// Runs the <c>bin/.NAME-post-link.sh</c> that packages bring, as conda does and rattler when it is told to (CEP 34): after all packages are
/// there, dependencies first, with the environment's programs and PREFIX, PKG_NAME, PKG_VERSION and PKG_BUILDNUM. One that fails is a
/// warning: the environment is complete without it, as far as anybody can tell.
/// </summary>
/// <param name="environment">The caller's variables, which scripts get too.</param>
public sealed class LinkScripts(IReadOnlyDictionary<string, string> environment)
{
    private const string Suffix = "-post-link.sh";
    private const int MostMessageBytes = 64 << 10;

    /// <summary>Where a package has its script, relative to the prefix.</summary>
    public static string PathOf(PackageRecord package) => $"bin/.{package.Name}{Suffix}";

    /// <summary>A path as of <see cref="PathOf"/>.</summary>
    internal static bool IsOne(string path) =>
        path.StartsWith("bin/.", StringComparison.Ordinal) && path.EndsWith(Suffix, StringComparison.Ordinal);

    /// <param name="arrived">Packages that were not there before.</param>
    public void Run(string prefix, IReadOnlyList<PackageRecord> arrived, IReporter reporter)
    {
        PackageRecord[] conda = [.. arrived.Where(package => !package.IsWheel)];
        foreach (PackageRecord package in TopologicalOrder.Sort(conda).Select(index => conda[index]))
        {
            string script = $"{prefix}/{PathOf(package)}";
            if (FileTree.FileExists(script))
            {
                reporter.Detail($"running {script}");
                Run(script, Variables(package, prefix), reporter);
                Show($"{prefix}/.messages.txt", package, reporter);
            }
        }
    }

    private static void Run(string script, Dictionary<string, string> variables, IReporter reporter)
    {
        string prefix = variables["PREFIX"];
        string bash = new[] { $"{prefix}/bin/bash", "/bin/bash" }.FirstOrDefault(FileTree.FileExists) ?? "/bin/sh";
        // What it says is for people, and nobody answers questions.
        string[] words = ["-c", "exec \"$0\" \"$1\" >&2 </dev/null", bash, script];
        using PipedProcess? process = PipedProcess.TryStart("/bin/sh", words, variables);
        if (process is null)
        {
            reporter.Warn($"{script} was not run: there is no /bin/sh");
            return;
        }
        string said = process.WaitForError().Trim();
        if (process.ExitCode != 0)
        {
            string why = said.Length > 0 ? $"; it said: {said}" : "";
            reporter.Warn($"{script} failed with exit code {process.ExitCode}, and what it was to do is not done{why}");
        }
        else if (said.Length > 0)
        {
            reporter.Detail($"{script}: {said}");
        }
    }

    private Dictionary<string, string> Variables(PackageRecord package, string prefix) =>
        new(environment, StringComparer.Ordinal)
        {
            ["PATH"] = $"{prefix}/bin:{environment.GetValueOrDefault("PATH", "/usr/bin:/bin")}",
            ["PREFIX"] = prefix,
            ["CONDA_PREFIX"] = prefix,
            ["PKG_NAME"] = package.Name,
            ["PKG_VERSION"] = package.Version,
            ["PKG_BUILDNUM"] = package.BuildNumber.ToString(CultureInfo.InvariantCulture),
        };

    // What a script has to say to the user (conda-build, "Link scripts").
    private static void Show(string path, PackageRecord package, IReporter reporter)
    {
        if (FileTree.KindOf(path) != FileKind.File)
        {
            return;
        }
        string text = Encoding.UTF8.GetString(InputFile.ReadAllBytes(path, MostMessageBytes)).Trim();
        FileTree.DeleteFile(path);
        if (text.Length > 0)
        {
            reporter.Warn($"{package.Name} says: {text}");
        }
    }
}
