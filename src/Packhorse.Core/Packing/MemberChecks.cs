using Packhorse.Install;
using Packhorse.Model;
using Packhorse.Wheels;

namespace Packhorse.Packing;

/// <summary>What can be known of a pack's members before any of them is brought.</summary>
internal static class MemberChecks
{
    /// <exception cref="OperationFailedException">Two have one name, or a wheel is for another Python or platform.</exception>
    /// <exception cref="CorruptDataException">What is said of one is impossible.</exception>
    public static void Check(IReadOnlyList<PlannedMember> members, Platform platform)
    {
        var paths = new HashSet<string>(StringComparer.Ordinal);
        var names = new Dictionary<(string, bool), PlannedMember>();
        foreach (PlannedMember member in members)
        {
            (string, bool) name = (member.Record.Name, member.Record.IsWheel);
            if (!names.TryAdd(name, member))
            {
                throw new OperationFailedException(
                    ErrorCodes.PackagesDoNotFit,
                    $"two packages have the name {member.Record.Name}: {names[name].FileName} and {member.FileName}"
                );
            }
            if (!EntryPath.IsSafe(member.Path) || !paths.Add(member.Path))
            {
                throw new OperationFailedException(
                    ErrorCodes.PackagesDoNotFit,
                    $"two packages of the environment would both be {EntryPath.Quote(member.Path)} in the pack"
                );
            }
            if (member.Record.Size is < 0 or > Limits.FileBytes)
            {
                throw new CorruptDataException(
                    ErrorCodes.BadLock,
                    $"the lock file says that {EntryPath.Quote(member.FileName)} has the impossible size {member.Record.Size:N0}"
                );
            }
        }
        CheckWheels(members, platform);
    }

    /// <exception cref="OperationFailedException">A conda package is for another platform.</exception>
    public static void CheckSubdirs(IEnumerable<PlannedMember> members, Platform platform)
    {
        foreach (PlannedMember member in members.Where(member => !member.Record.IsWheel))
        {
            if (member.Record.Subdir != platform.Subdir && member.Record.Subdir != Platform.NoArch.Subdir)
            {
                throw new OperationFailedException(
                    ErrorCodes.PackagesDoNotFit,
                    $"{member.FileName} is for {EntryPath.Quote(member.Record.Subdir)}, the pack is for {platform}"
                );
            }
        }
    }

    // Better here than on the node.
    private static void CheckWheels(IReadOnlyList<PlannedMember> members, Platform platform)
    {
        PlannedMember[] wheels = [.. members.Where(member => member.Record.IsWheel)];
        if (wheels.Length == 0)
        {
            return;
        }
        if (PythonScheme.Find(members.Select(member => member.Record), platform) is not { } python)
        {
            throw new OperationFailedException(
                ErrorCodes.PackagesDoNotFit,
                $"the environment has {wheels.Length} wheel(s), such as {wheels[0].FileName}, but no package named python"
            );
        }
        string[] misfits =
        [
            .. wheels
                .Select(member =>
                    (
                        member.FileName,
                        Misfit: python.Tags.FindMisfit(WheelFileName.Parse(member.FileName, "the lock file"))
                    )
                )
                .Where(wheel => wheel.Misfit is not null)
                .Select(wheel => $"{wheel.FileName} is {wheel.Misfit}"),
        ];
        if (misfits.Length > 0)
        {
            throw new OperationFailedException(ErrorCodes.PackagesDoNotFit, string.Join('\n', misfits))
            {
                Hint = "lock the environment again for this Python and platform",
            };
        }
    }
}
