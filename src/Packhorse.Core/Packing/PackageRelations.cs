using Packhorse.Model;
using Packhorse.Model.Matching;

namespace Packhorse.Packing;

/// <summary>Do packages fit each other? What a solver has chosen does; what somebody adds to it need not.</summary>
public static class PackageRelations
{
    private const int MostTold = 10;

    /// <param name="records">Conda packages of one environment.</param>
    /// <exception cref="OperationFailedException">A dependency or a constraint is not met; the first ten are told.</exception>
    public static void Check(IReadOnlyCollection<PackageRecord> records)
    {
        ILookup<string, PackageRecord> byName = records.ToLookup(record => record.Name, StringComparer.Ordinal);
        string[] unmet = [.. records.SelectMany(record => Unmet(record, byName)).Take(MostTold)];
        if (unmet.Length > 0)
        {
            throw new OperationFailedException(ErrorCodes.PackagesDoNotFit, string.Join('\n', unmet))
            {
                Hint = "inject what is missing too, or add it to the project and lock it",
            };
        }
    }

    // What the machine offers is not known here.
    private static IEnumerable<string> Unmet(PackageRecord record, ILookup<string, PackageRecord> byName)
    {
        foreach (string dependency in record.Depends)
        {
            if (dependency.StartsWith("__", StringComparison.Ordinal))
            {
                continue;
            }
            bool met =
                MatchSpec.TryParse(dependency, out MatchSpec? spec)
                && byName[spec.Name].Any(other => Fits(spec, other));
            if (!met)
            {
                yield return $"package '{record}' has dependency '{dependency}', which is not in the environment";
            }
        }
        foreach (string constraint in record.Constrains)
        {
            PackageRecord? other = MatchSpec.TryParse(constraint, out MatchSpec? spec)
                ? byName[spec.Name].FirstOrDefault()
                : null;
            if (other is not null && !Fits(spec!, other))
            {
                yield return $"package '{record}' has constraint '{constraint}', which is not satisfied by '{other}' in the environment";
            }
        }
    }

    private static bool Fits(MatchSpec spec, PackageRecord record) =>
        spec.Matches(record.Version, record.Build, record.BuildNumber);
}
