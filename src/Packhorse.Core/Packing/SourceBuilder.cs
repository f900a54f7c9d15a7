using Packhorse.Fetch;
using Packhorse.Lock;
using Packhorse.Model;
using Packhorse.Os;
using Packhorse.Wheels;

namespace Packhorse.Packing;

/// <summary>Where and with what wheels are built.</summary>
public sealed record SourceBuildRequest
{
    /// <summary>What relative paths of the lock file are relative to; absolute.</summary>
    public required string LockDirectory { get; init; }

    /// <summary>Gives the absolute path of a name in a directory that stays until the wheels are packed.</summary>
    public required Func<string, string> Place { get; init; }

    /// <summary>All variables that the front end gets; PATH says where it is.</summary>
    public required IReadOnlyDictionary<string, string> Variables { get; init; }
}

/// <summary>
/// Builds wheels of source distributions, directories and repositories, with the front end that the user has: uv, or pip. Archives are
/// compared with the digest of the lock file first. What a build does is the project's own affair: it runs its code.
/// </summary>
public sealed class SourceBuilder
{
    private readonly SourceBuildRequest _request;
    private readonly Fetcher _fetcher;
    private readonly IReporter _reporter;
    private readonly string? _uv;
    private readonly string? _pip;

    public SourceBuilder(SourceBuildRequest request, Fetcher fetcher, IReporter reporter)
    {
        _request = request;
        _fetcher = fetcher;
        _reporter = reporter;
        string path = request.Variables.GetValueOrDefault("PATH", "");
        _uv = Find("uv", path);
        _pip = Find("pip", path) ?? Find("pip3", path);
    }

    // Null when there is none.
    private static string? Find(string program, string path) =>
        path.Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .Select(directory => Path.Combine(directory, OperatingSystem.IsWindows() ? $"{program}.exe" : program))
            .FirstOrDefault(FileTree.FileExists);

    /// <returns>The wheels, in the order of the packages.</returns>
    /// <exception cref="NotFoundException">There is no front end.</exception>
    /// <exception cref="OperationFailedException">A build failed, or made something else.</exception>
    public async Task<IReadOnlyList<PlannedMember>> BuildAsync(
        IReadOnlyList<LockedPypiPackage> packages,
        CancellationToken cancellation
    )
    {
        _reporter.BeginStage("Building wheels", packages.Count, 0);
        var built = new List<PlannedMember>(packages.Count);
        foreach (LockedPypiPackage package in packages)
        {
            string source = await BringAsync(package, built.Count, cancellation).ConfigureAwait(false);
            built.Add(Build(package, source, _request.Place($"built/{built.Count}"), cancellation));
            _reporter.ItemDone(package.Name);
        }
        return built;
    }

    // What the front end is given: a path, or a repository at a commit.
    private async Task<string> BringAsync(LockedPypiPackage package, int number, CancellationToken cancellation)
    {
        PackageLocation location = package.Location;
        if (location.Path is { } path)
        {
            return FileTree.Absolute(Path.Combine(_request.LockDirectory, path));
        }
        if (IsRepository(location))
        {
            return RepositoryOf(location.Url!);
        }
        string file = _request.Place($"sources/{number}/{location.FileName ?? package.Name}");
        var member = new PlannedMember
        {
            Path = file,
            Record = new PackageRecord
            {
                Name = package.Name,
                Version = package.Version ?? "",
                Build = PackageRecord.WheelBuild,
                Subdir = PackageRecord.WheelSubdir,
                Sha256 = package.Sha256,
                Md5 = package.Md5,
            },
            FileName = location.FileName ?? package.Name,
            Source = location.Url!,
            Origin = null,
        };
        await MemberFile.BringAsync(member, file, _fetcher, cancellation).ConfigureAwait(false);
        return file;
    }

    private static bool IsRepository(PackageLocation location) =>
        location.Scheme?.StartsWith("git+", StringComparison.Ordinal) == true;

    // "git+https://host/p.git?rev=v1&subdirectory=d#COMMIT" as pip takes it: "git+https://host/p.git@COMMIT#subdirectory=d".
    internal static string RepositoryOf(string url)
    {
        string[] parts = url.Split('#', 2);
        string[] query = parts[0].Split('?', 2);
        string? directory = query
            .ElementAtOrDefault(1)
            ?.Split('&')
            .FirstOrDefault(pair => pair.StartsWith("subdirectory=", StringComparison.Ordinal));
        string commit = parts.Length > 1 ? $"@{parts[1]}" : "";
        return $"{query[0]}{commit}{(directory is null ? "" : $"#{directory}")}";
    }

    private PlannedMember Build(LockedPypiPackage package, string source, string output, CancellationToken cancellation)
    {
        FileTree.CreateDirectory(output);
        // uv takes paths only.
        bool byPip = _uv is null || IsRepository(package.Location);
        string program = (byPip ? _pip : _uv) ?? throw NoFrontEnd(package);
        string[] arguments = byPip
            ? ["wheel", "--no-deps", "--wheel-dir", output, source]
            : ["build", "--wheel", "--out-dir", output, source];
        Run(package, program, arguments, cancellation);
        string[] wheels = [.. FileTree.List(output).Where(WheelFileName.IsWheel)];
        if (wheels.Length != 1)
        {
            throw Failed(package, $"{Path.GetFileName(program)} made {wheels.Length} wheels, one was expected");
        }
        PlannedMember member = InjectedPackages.ReadWheel(Path.Combine(output, wheels[0]));
        return member.Record.Name == package.Name
            ? member
            : throw Failed(package, $"{Path.GetFileName(program)} made {EntryPath.Quote(wheels[0])} of it");
    }

    private void Run(LockedPypiPackage package, string program, string[] arguments, CancellationToken cancellation)
    {
        using PipedProcess process =
            PipedProcess.TryStart(program, arguments, _request.Variables)
            ?? throw Failed(package, $"{program} cannot be started");
        using CancellationTokenRegistration stop = cancellation.Register(process.Dispose);
        process.Input.Close();
        process.Output.CopyTo(Stream.Null);
        string said = process.WaitForError();
        cancellation.ThrowIfCancellationRequested();
        if (process.ExitCode != 0)
        {
            throw Failed(package, $"{Path.GetFileName(program)} ended with {process.ExitCode}:\n{said.Trim()}");
        }
    }

    private static NotFoundException NoFrontEnd(LockedPypiPackage package) =>
        new(
            ErrorCodes.NoFrontEnd,
            IsRepository(package.Location)
                ? $"package {package.Name} comes from a repository, of which only pip builds wheels, and no pip was found in PATH"
                : $"package {package.Name} has to be built, and neither uv nor pip was found in PATH"
        )
        {
            Hint = "install uv or pip, or leave such packages out with --ignore-pypi-non-wheel",
        };

    private static OperationFailedException Failed(LockedPypiPackage package, string what) =>
        new(ErrorCodes.BuildFailed, $"no wheel could be built of package {package.Name}: {what}")
        {
            Hint =
                "build the wheel yourself and add it with --inject, leaving the package out with --ignore-pypi-non-wheel",
        };
}
