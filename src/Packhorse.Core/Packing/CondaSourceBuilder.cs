using System.Text;
using Packhorse.Lock;
using Packhorse.Model;
using Packhorse.Os;

namespace Packhorse.Packing;

/// <summary>
/// Builds what a lock file has as source only, as pixi-pack does: by <c>pixi publish</c>, one package after the other. Of a git
/// repository the commit of the lock file is checked out first, by <c>git</c>.
/// </summary>
/// <param name="variables">The caller's variables, which pixi and git get.</param>
public sealed class CondaSourceBuilder(IReadOnlyDictionary<string, string> variables, IReporter reporter)
{
    private const string GitScheme = "git+";
    private const string Manifest = "pixi.toml";

    /// <param name="plan">With what is to be built.</param>
    /// <param name="directory">For what is built and checked out; the caller removes it when the packages are packed.</param>
    /// <returns>Paths of conda packages, in the order of the sources.</returns>
    /// <exception cref="UsageException">There is no pixi, or a source is of a kind that cannot be built.</exception>
    /// <exception cref="OperationFailedException">A build failed.</exception>
    public IReadOnlyList<string> Build(PackPlan plan, string directory, CancellationToken cancellation)
    {
        IReadOnlyList<LockedCondaSource> sources = plan.Sources;
        var built = new List<string>();
        for (int i = 0; i < sources.Count; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            LockedCondaSource source = sources[i];
            string project = Find(source, plan.LockDirectory, Path.Combine(directory, $"{i}.source"));
            string manifest = Path.Combine(project, Manifest);
            if (!FileTree.FileExists(manifest))
            {
                throw new UsageException(
                    ErrorCodes.UnsupportedPackageKind,
                    $"the package {source.Name} is to be built from {EntryPath.Quote(project)}, which has no {Manifest}"
                );
            }
            string target = Path.Combine(directory, $"{i}.built");
            FileTree.CreateDirectory(target);
            reporter.BeginStage($"Building {source.Name}", 1, 0);
            string[] publish =
            [
                "publish",
                "--target-dir",
                target,
                "--build-platform",
                plan.Platform.Subdir,
                "--path",
                manifest,
            ];
            Run("pixi", publish, sources, $"building {source.Name}");
            built.Add(TheOnlyPackage(target, source));
        }
        return built;
    }

    // Where the project is, on this machine.
    private string Find(LockedCondaSource source, string lockDirectory, string checkout)
    {
        if (source.Location.Path is { } path)
        {
            return FileTree.Absolute(Path.Combine(lockDirectory, path));
        }
        // Of what git knows as a URL, "ext::" runs a command.
        if (
            source.Location.Url is not { } url
            || !url.StartsWith(GitScheme, StringComparison.Ordinal)
            || !Uri.TryCreate(url[GitScheme.Length..], UriKind.Absolute, out Uri? location)
            || location.Scheme is not ("https" or "http" or "ssh" or "git" or "file")
        )
        {
            throw new UsageException(
                ErrorCodes.UnsupportedPackageKind,
                $"the package {source.Name} is to be built from {Redaction.Quote(source.Location.Text)}: only paths and git repositories can be"
            );
        }
        string commit = location.Fragment.TrimStart('#');
        string subdirectory = Parameter(location.Query, "subdirectory") ?? "";
        // What begins with a hyphen would be an option of git's.
        if (
            commit.Length < 40
            || !commit.All(char.IsAsciiHexDigit)
            || !(subdirectory is "" || EntryPath.IsSafe(subdirectory))
        )
        {
            throw new CorruptDataException(
                ErrorCodes.BadLock,
                $"the lock file has the source {Redaction.Quote(source.Location.Text)} of {source.Name} without a commit, or with a bad subdirectory"
            );
        }
        string repository = location.GetLeftPart(UriPartial.Path);
        Run(
            "git",
            ["clone", "--quiet", "--no-checkout", "--", repository, checkout],
            [source],
            $"bringing {source.Name}"
        );
        Run("git", ["-C", checkout, "checkout", "--quiet", "--detach", commit], [source], $"bringing {source.Name}");
        return Path.Combine(checkout, subdirectory);
    }

    private static string? Parameter(string query, string name) =>
        query
            .TrimStart('?')
            .Split('&')
            .Select(pair => pair.Split('=', 2))
            .Where(pair => pair.Length == 2 && pair[0] == name)
            .Select(pair => Uri.UnescapeDataString(pair[1]))
            .FirstOrDefault();

    private void Run(string program, string[] arguments, IReadOnlyList<LockedCondaSource> sources, string what)
    {
        reporter.Detail($"{program} {string.Join(' ', arguments.Select(Redaction.Url))}");
        using PipedProcess? process = PipedProcess.TryStart(program, arguments, variables);
        if (process is null)
        {
            throw new UsageException(
                ErrorCodes.UnsupportedPackageKind,
                $"the environment has packages that must be built from source, and there is no {program} on PATH: {string.Join(", ", sources.Select(source => source.Name))}"
            )
            {
                Hint =
                    $"install {program}, or build the packages where it is and use a lock file that has them as packages",
            };
        }
        process.Input.Close();
        using var output = new StreamReader(process.Output, Encoding.UTF8);
        string said = output.ReadToEnd();
        string error = process.WaitForError();
        if (process.ExitCode != 0)
        {
            throw new OperationFailedException(
                ErrorCodes.BuildFailed,
                $"{what} failed: {program} ended with exit code {process.ExitCode}: {LastLines(error.Length > 0 ? error : said)}"
            );
        }
    }

    private static string LastLines(string text) => string.Join('\n', text.Trim().Split('\n').TakeLast(20));

    private static string TheOnlyPackage(string directory, LockedCondaSource source)
    {
        string[] packages =
        [
            .. FileTree.ListFiles(directory).Where(name => PackageFileName.TryGetKind(Path.GetFileName(name), out _)),
        ];
        return packages is [var one] && Path.GetFileName(one).StartsWith($"{source.Name}-", StringComparison.Ordinal)
            ? Path.Combine(directory, one)
            : throw new OperationFailedException(
                ErrorCodes.BuildFailed,
                $"pixi publish was to make one package {source.Name}, and made {(packages.Length == 0 ? "none" : string.Join(", ", packages))}"
            );
    }
}
