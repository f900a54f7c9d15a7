using Packhorse.Conda;
using Packhorse.Model;

namespace Packhorse.Install;

/// <summary>Plans one package against the paths that packages of higher precedence have claimed.</summary>
internal sealed class PackagePlanner(
    PackageToInstall package,
    InstallTarget target,
    PythonScheme? python,
    PathClaims claims,
    List<string> warnings
)
{
    private readonly PackageRecord _record = package.Record;
    private readonly HashSet<string> _own = new(StringComparer.Ordinal);
    private readonly PackageClaims _claims = new(package.Record, claims);

    private bool IsNoArchPython => package.Info.Index.NoArch == NoArchKind.Python;

    public PlannedPackage Plan()
    {
        if (IsNoArchPython && python is null)
        {
            throw new OperationFailedException(
                ErrorCodes.PackagesDoNotFit,
                $"{_record} needs Python to know where its modules go, but the environment has no package named python"
            );
        }
        claims.Claimant = package.FileName;
        List<PlannedEntryPoint> entryPoints = PlanEntryPoints();
        List<PlannedPath> paths = PlanPaths();
        _claims.WarnOf(warnings);
        return new PlannedPackage(package, paths, entryPoints);
    }

    private List<PlannedEntryPoint> PlanEntryPoints()
    {
        var planned = new List<PlannedEntryPoint>();
        foreach (EntryPoint entryPoint in package.Info.EntryPoints)
        {
            if (target.Platform.IsWindows)
            {
                throw new IncompatibleException(
                    ErrorCodes.UnsupportedHere,
                    $"{_record} has entry points, which cannot be made for {target.Platform} here"
                );
            }
            string path = $"bin/{entryPoint.Command}";
            if (_own.Add(path))
            {
                (string place, string? original) = _claims.Claim(path);
                planned.Add(
                    new PlannedEntryPoint(
                        place,
                        EntryPointScript.Write(entryPoint, python!, target),
                        python!.Executable,
                        original
                    )
                );
            }
        }
        return planned;
    }

    private List<PlannedPath> PlanPaths()
    {
        var planned = new List<PlannedPath>(package.Info.Paths.Count);
        int entryPoints = _own.Count;
        foreach (PackagePath source in package.Info.Paths)
        {
            if (CondaPackageReader.IsInfoPath(source.Path))
            {
                continue;
            }
            if (source.Placeholder is not null)
            {
                target.CheckFits(source.Placeholder, source.Path, _record.ToString());
            }
            string path = IsNoArchPython ? python!.Map(source.Path) : source.Path;
            if (!EntryPath.IsSafe(path))
            {
                throw new CorruptDataException(
                    ErrorCodes.UnsafePath,
                    $"{_record}: the path {EntryPath.Quote(path)} is too long"
                );
            }
            if (source.Type == PackagePathType.Directory)
            {
                PlanDirectory(path);
            }
            else if (_own.Add(path))
            {
                (string place, string? original) = _claims.Claim(path);
                planned.Add(new PlannedPath(source, place, original));
            }
            // The script made for an entry point replaces a file of its name in the same package.
            else if (
                entryPoints == 0
                || !package.Info.EntryPoints.Any(entryPoint => $"bin/{entryPoint.Command}" == path)
            )
            {
                throw new CorruptDataException(
                    ErrorCodes.BadPackage,
                    $"{_record} lists the path {EntryPath.Quote(path)} twice"
                );
            }
        }
        CheckOwnParents(planned);
        return planned;
    }

    private void PlanDirectory(string path)
    {
        if (!claims.TryClaimDirectory(path))
        {
            warnings.Add($"{_record}: the directory {EntryPath.Quote(path)} is a file of another package");
        }
    }

    // A file below another file of the same package (below a link, say) would be written who knows where.
    private void CheckOwnParents(List<PlannedPath> planned)
    {
        if (!_claims.Any)
        {
            return;
        }
        foreach (PlannedPath path in planned)
        {
            string own = path.ClobberedPath ?? path.Target;
            for (int slash = own.LastIndexOf('/'); slash > 0; slash = own.LastIndexOf('/', slash - 1))
            {
                if (_own.Contains(own[..slash]))
                {
                    throw new CorruptDataException(
                        ErrorCodes.BadPackage,
                        $"{_record} has a path below {EntryPath.Quote(own[..slash])}, which is no directory"
                    );
                }
            }
        }
    }
}
