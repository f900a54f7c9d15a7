using System.Buffers.Text;
using Packhorse.Model;

namespace Packhorse.Os;

/// <summary>How many threads work on nodes is shared among when nobody says how many.</summary>
public static class ProcessorShare
{
    /// <summary>With more the disk is what is waited for, and each of them has buffers.</summary>
    public const int Most = 16;

    // As HTCondor's starter writes a machine's ad for its job.
    private static ReadOnlySpan<byte> Attribute => "Cpus = "u8;

    /// <summary>
    /// The processors of a job's slot, which HTCondor holds jobs to on few nodes and counts on with all; without a slot those that this
    /// process may use.
    /// </summary>
    /// <param name="machineAd">The file of the slot's ad (HTCondor's manual, "Environment and services for a running job"); null: no job.</param>
    public static int Of(string? machineAd) =>
        Math.Clamp(Math.Min(Environment.ProcessorCount, OfSlot(machineAd) ?? int.MaxValue), 1, Most);

    private static int? OfSlot(string? machineAd)
    {
        if (machineAd is null)
        {
            return null;
        }
        try
        {
            ReadOnlySpan<byte> text = InputFile.ReadAllBytes(machineAd, Limits.TextBytes);
            foreach (Range line in text.Split((byte)'\n'))
            {
                ReadOnlySpan<byte> there = text[line];
                if (there.StartsWith(Attribute) && Utf8Parser.TryParse(there[Attribute.Length..], out int cpus, out _))
                {
                    return cpus;
                }
            }
        }
        catch (PackhorseException)
        {
            // What cannot be read says nothing.
        }
        return null;
    }
}
