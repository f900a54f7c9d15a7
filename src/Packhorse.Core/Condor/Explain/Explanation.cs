using System.Globalization;
using Packhorse.Condor.Submit;

namespace Packhorse.Condor.Explain;

/// <summary>What became of a job, in words.</summary>
/// <param name="What">One sentence.</param>
/// <param name="Change">What to do; null where there is nothing to do.</param>
/// <param name="Command">The command of the submit file that is to be changed; null for none.</param>
public sealed record Explanation(JobRecord Job, string What, string? Change, string? Command = null)
{
    private const int Memory = 102;
    private const int Disk = 104;

    public static Explanation Of(JobRecord job) =>
        job.Standing switch
        {
            JobStanding.Held => OfHold(job),
            JobStanding.Completed => OfEnd(job),
            JobStanding.Removed => new Explanation(job, "it was removed from the queue", null),
            JobStanding.Running => new Explanation(job, "it is running", null),
            _ => new Explanation(
                job,
                job.Starts == 0
                    ? "it waits for a machine"
                    : Say($"it has been started {job.Starts} times and waits for a machine again"),
                Say($"condor_q -better-analyze {job.Job} tells which of its requirements machines fit")
            ),
        };

    /// <summary>The line of a submit file that is to be changed, from 1; null where it has none.</summary>
    public int? LineIn(SubmitFile file) =>
        Command is null ? null : new SubmitDescription(file).Statement(Command)?.Line;

    private static Explanation OfHold(JobRecord job)
    {
        if (job.HoldCode is 21 or 34 && job.HoldSubcode is Memory or Disk)
        {
            return job.HoldSubcode == Memory ? OfMemory(job) : OfDisk(job);
        }
        HoldMeaning? meaning = Holds.FirstOrDefault(item =>
            item.Code == job.HoldCode && (item.Subcode is null || item.Subcode == job.HoldSubcode)
        );
        return meaning is null
            ? new Explanation(job, "held", "the reason is HTCondor's; codes are in its manual")
            : new Explanation(job, $"held: {meaning.What}", meaning.Change, meaning.Command);
    }

    private static Explanation OfMemory(JobRecord job)
    {
        // What was measured is a sample: half as much again, in steps of 256 MB.
        long wanted = Math.Max(job.MemoryUsed ?? 0, job.MemoryAsked ?? 0) * 3 / 2;
        return new Explanation(
            job,
            "held: it used more memory than it asked for",
            Say($"write request_memory = {(wanted + 255) / 256 * 256} MB"),
            "request_memory"
        );
    }

    private static Explanation OfDisk(JobRecord job)
    {
        long wanted = Math.Max(job.DiskUsed ?? 0, job.DiskAsked ?? 0) * 3 / 2 / 1024;
        return new Explanation(
            job,
            "held: it used more disk than it asked for",
            Say($"write request_disk = {(wanted + 255) / 256 * 256} MB"),
            "request_disk"
        );
    }

    private static Explanation OfEnd(JobRecord job) =>
        (job.ExitCode, job.Signal) switch
        {
            (0, _) => new(job, "it ended well", null),
            (104, _) => new(
                job,
                "its command failed after an error of reading its environment: what arrived is damaged, or mixed by a cache",
                "publish the environment under a new name; packhorse condor init --verify first compares all of it before the command starts"
            ),
            (113, _) => new(
                job,
                "not started: the environment was not in the sandbox",
                "put it into transfer_input_files",
                "transfer_input_files"
            ),
            (114, _) => new(
                job,
                "not started: the environment that arrived is damaged, stale, or another one",
                "packhorse condor init after a change of the environment; else publish it under a new name"
            ),
            (115, _) => new(job, "not started: something that may work the next time", "submit it again"),
            (116, _) => new(
                job,
                "not started: the node could neither mount the environment nor, with the disk that it gave, unpack it",
                "ask for more disk: packhorse condor init --start any",
                "request_disk"
            ),
            (117, _) => new(
                job,
                "not started: the environment is for another kind of machine",
                "pack for the platform of the pool's nodes"
            ),
            (>= 110 and <= 118 and var code, _) => new(
                job,
                Say($"not started ({code}): the last line of its error file says why"),
                null
            ),
            (126, _) => new(job, "its command could not be executed", "look at its error file"),
            (127, _) => new(job, "its command was not found", "is it in the environment, or an input?"),
            ({ } code, _) => new(job, Say($"its command failed with exit code {code}"), "look at its error file"),
            (_, 9) => new(
                job,
                "it was killed (signal 9): by a limit of memory, as a rule",
                "compare what it used with what it asked for",
                "request_memory"
            ),
            (_, { } signal) => new(job, Say($"it was ended by signal {signal}"), "look at its error file"),
            _ => new(job, "it ended", null),
        };

    private static string Say(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    // Numbers: HTCondor's manual, "Hold Reason Codes". The first that fits counts.
    private static readonly HoldMeaning[] Holds =
    [
        new(1, null, "a person did it with condor_hold", "condor_release brings it back"),
        new(3, null, "a periodic_hold or on_exit_hold of its own", "look at that expression", "periodic_hold"),
        new(
            6,
            2,
            "the program, or the interpreter that its first line names, is not there on the node",
            "transfer it, or name one that nodes have: #!/bin/sh",
            "executable"
        ),
        new(
            6,
            8,
            "the executable is no program and does not begin with #!",
            "let #!/bin/sh, or what it is written for, be its first line",
            "executable"
        ),
        new(
            6,
            13,
            "the executable has no execute bit, as nothing that comes from a URL has",
            "write executable = /bin/sh and pass the file as its argument",
            "executable"
        ),
        new(6, null, "the executable could not be started", "the reason names the error of the system", "executable"),
        new(
            12,
            null,
            "an output file could not be brought back, mostly because the job had failed before it wrote it",
            "the job's own error is in its error file; write when_to_transfer_output = ON_SUCCESS, success_exit_code = 0 and stream_error = true",
            "transfer_output_files"
        ),
        new(
            13,
            null,
            "an input file could not be brought to the node",
            "look whether what the reason names is there under this name; condor_release brings the job back",
            "transfer_input_files"
        ),
        new(21, null, "a rule of the execution point", "the reason is its administrator's words"),
        new(26, null, "a rule of the access point", "the reason is its administrator's words"),
        new(
            32,
            null,
            "its inputs are larger than the access point allows",
            "transfer large files by osdf:// (packhorse publish)",
            "transfer_input_files"
        ),
        new(
            33,
            null,
            "its outputs are larger than the access point allows",
            "send large files elsewhere: output_destination or transfer_output_remaps",
            "transfer_output_files"
        ),
        new(34, null, "it used more of something than it asked for", "the reason names it"),
        new(
            35,
            null,
            "the container image does not work on the node",
            "try the image by hand; an environment.sh needs none"
        ),
        new(
            45,
            null,
            "the container image does not work on the node",
            "try the image by hand; an environment.sh needs none"
        ),
        new(46, null, "it took longer, from its start, than it allows itself", "raise it", "allowed_job_duration"),
        new(47, null, "it ran longer than it allows itself", "raise it", "allowed_execute_duration"),
    ];

    private sealed record HoldMeaning(int Code, int? Subcode, string What, string Change, string? Command = null);
}
