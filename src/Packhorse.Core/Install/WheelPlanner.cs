using Packhorse.Conda;
using Packhorse.Model;
using Packhorse.Model.Matching;
using Packhorse.Wheels;

namespace Packhorse.Install;

/// <summary>Plans one wheel against the paths that wheels of higher precedence have claimed, without running Python.</summary>
internal sealed class WheelPlanner(
    PackageToInstall package,
    InstallTarget target,
    PythonScheme? environmentPython,
    PathClaims claims,
    List<string> warnings
)
{
    private readonly PackageRecord _record = package.Record;
    private readonly WheelInfo _wheel = package.Wheel!;
    private readonly PackageClaims _claims = new(package.Record, claims);
    private readonly HashSet<string> _own = new(StringComparer.Ordinal);

    // Commands, and what says how the wheel was installed: they replace files of the wheel.
    private readonly HashSet<string> _made = new(StringComparer.Ordinal);

    private readonly PythonScheme _python =
        environmentPython
        ?? throw new OperationFailedException(
            ErrorCodes.PackagesDoNotFit,
            $"No python record found: {package.FileName} needs Python, but the environment has no package named python"
        );

    private string DistInfo => $"{_python.SitePackages}/{_wheel.DistInfo}";

    /// <exception cref="OperationFailedException">The wheel is for another Python or platform.</exception>
    public PlannedPackage Plan()
    {
        if (_python.Tags.FindMisfit(_wheel.FileName) is { } misfit)
        {
            throw new OperationFailedException(ErrorCodes.PackagesDoNotFit, $"{package.FileName} is {misfit}")
            {
                Hint = "lock and pack again for this Python and platform",
            };
        }
        claims.Claimant = package.FileName;
        List<PlannedEntryPoint> commands = PlanCommands();
        PlannedDocument[] documents = PlanDocuments();
        string record = Claim($"{DistInfo}/RECORD").Place;
        List<PlannedPath> paths = PlanPaths();
        _claims.WarnOf(warnings);
        warnings.AddRange(_wheel.Warnings);
        WarnOfPython();
        return new PlannedPackage(package, paths, commands)
        {
            Documents = documents,
            RecordFile = record,
            RecordRoot = _python.SitePackages,
        };
    }

    // A warning only: pixi has chosen the wheel, and what projects write there is not always one of the forms that it may have.
    private void WarnOfPython()
    {
        if (
            _wheel.RequiresPython is { } wanted
            && wanted.Split(',').All(clause => clause.Trim() is ['<' or '>' or '=' or '!' or '~', ..])
            && VersionSpec.TryParse(wanted.Replace(" ", "", StringComparison.Ordinal), out VersionSpec? spec)
            && CondaVersion.TryParse(_python.FullVersion, out CondaVersion? version)
            && !spec.Matches(version)
        )
        {
            warnings.Add(
                $"{package.FileName} is for Python {EntryPath.Quote(wanted)}, the environment has {_python.FullVersion}"
            );
        }
    }

    private List<PlannedEntryPoint> PlanCommands()
    {
        var planned = new List<PlannedEntryPoint>();
        foreach (EntryPoint command in EntryPointsFile.ForPython(_wheel.Commands, _python.Version))
        {
            if (target.Platform.IsWindows)
            {
                throw new IncompatibleException(
                    ErrorCodes.UnsupportedHere,
                    $"{package.FileName} has commands, which cannot be made for {target.Platform} here"
                );
            }
            (string place, string? original) = Claim($"{_python.Scripts}/{command.Command}");
            byte[] script = EntryPointScript.Write(command, _python, target);
            planned.Add(new PlannedEntryPoint(place, script, _python.Executable, original));
        }
        return planned;
    }

    // PEP 376 and its successors. REQUESTED: the lock file does not tell which ones somebody asked for by name.
    private PlannedDocument[] PlanDocuments()
    {
        PlannedDocument Plan(string name, byte[] content) => new(Claim($"{DistInfo}/{name}").Place, content);

        PlannedDocument installer = Plan("INSTALLER", "packhorse\n"u8.ToArray());
        PlannedDocument requested = Plan("REQUESTED", []);
        return package.IsDirect ? [installer, requested, Plan("direct_url.json", DirectUrl())] : [installer, requested];
    }

    // PEP 610.
    private byte[] DirectUrl() =>
        SerdeJson.Write(json =>
        {
            json.WriteStartObject();
            json.WriteStartObject("archive_info");
            if (_record.Sha256 is { } sha256)
            {
                json.WriteString("hash", $"sha256={sha256}");
                json.WriteStartObject("hashes");
                json.WriteString("sha256", sha256.ToString());
                json.WriteEndObject();
            }
            json.WriteEndObject();
            json.WriteString("url", package.Url);
            json.WriteEndObject();
        });

    private List<PlannedPath> PlanPaths()
    {
        var planned = new List<PlannedPath>(_wheel.Members.Count);
        for (int i = 0; i < _wheel.Members.Count; i++)
        {
            WheelMember member = _wheel.Members[i];
            PackagePath source = package.Info.Paths[i];
            string path = Place(member);
            if (!EntryPath.IsSafe(path) || path.StartsWith("conda-meta/", StringComparison.Ordinal))
            {
                throw new CorruptDataException(
                    ErrorCodes.UnsafePath,
                    $"{package.FileName}: the path {EntryPath.Quote(path)} is too long, or is the installer's own"
                );
            }
            if (_made.Contains(path))
            {
                continue;
            }
            if (!_own.Add(path))
            {
                throw new CorruptDataException(
                    ErrorCodes.BadPackage,
                    $"{package.FileName} has two files for {EntryPath.Quote(path)}"
                );
            }
            (string place, string? original) = _claims.Claim(path);
            planned.Add(
                new PlannedPath(source, place, original)
                {
                    Interpreter = member.Scheme == WheelScheme.Scripts ? _python.Executable : null,
                }
            );
        }
        CheckOwnParents();
        return planned;
    }

    private string Place(WheelMember member) =>
        member.Scheme switch
        {
            WheelScheme.Scripts => $"{_python.Scripts}/{member.Path}",
            WheelScheme.Headers => $"{_python.Headers}/{_record.Name}/{member.Path}",
            WheelScheme.Data => member.Path,
            // Conda's Pythons have one directory for both.
            _ => $"{_python.SitePackages}/{member.Path}",
        };

    private (string Place, string? Original) Claim(string path)
    {
        _own.Add(path);
        _made.Add(path);
        return _claims.Claim(path);
    }

    // A file below another one of the same wheel would be written who knows where.
    private void CheckOwnParents()
    {
        foreach (string path in _own)
        {
            for (int slash = path.LastIndexOf('/'); slash > 0; slash = path.LastIndexOf('/', slash - 1))
            {
                if (_own.Contains(path[..slash]))
                {
                    throw new CorruptDataException(
                        ErrorCodes.BadPackage,
                        $"{package.FileName} has a path below {EntryPath.Quote(path[..slash])}, which is no directory"
                    );
                }
            }
        }
    }
}
