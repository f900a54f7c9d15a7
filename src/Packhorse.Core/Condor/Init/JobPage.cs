using Packhorse.Publish;

namespace Packhorse.Condor.Init;

/// <summary>The page that explains a job's files.</summary>
internal static class JobPage
{
    public static string Write(JobRequest request)
    {
        string name = request.Name;
        string command = string.Join(' ', request.Command.Select(ShellText.Quote));
        string disk = ByteText.Of(
            Requests.MountsFirst(request) ? Requests.MountedBytes(request) : Requests.UnpackedBytes(request)
        );
        string retry = Requests.MountsFirst(request)
            ? $" A node that cannot mount ends with 116 before it has unpacked anything; the job is then started again with {ByteText.Of(Requests.UnpackedBytes(request))}."
            : "";
        return $"""
            # {name}

            | file | what it is |
            |---|---|
            | `{name}.sub` | the submit file: what jobs bring, ask for, and give back |
            | `{name}.sh` | what a job runs: it compares `{request.ArchiveName}` with the digests that it carries, then starts the command |
            | `submit.sh` | `condor_submit {name}.sub` |
            | `interact.sh` | a shell on a node, in the environment, with the same files and requests |

            The command is `{command}`; change it in `{name}.sh`, and give each job its arguments by `arguments` in `{name}.sub`.

            ```sh
            packhorse condor check {name}.sub     # what would go wrong
            ./submit.sh                           # or: packhorse condor submit {name}.sub
            condor_watch_q                        # how it goes
            packhorse condor explain {name}.log   # what became of it, and which line to change
            ./interact.sh                         # or: packhorse condor interact {name}.sub
            ```

            A job asks for {disk} of disk, which the environment, the inputs and {ByteText.Of(
                request.OutputBytes
            )} for what it writes take.{retry}

            | exit code | meaning |
            |---|---|
            | 0 to 109 | the command's own, but for 104 |
            | 104 | the command failed after an error of reading its environment: the archive is damaged or mixed |
            | 113 | the archive is not in the sandbox |
            | 114 | the archive is damaged, or another file than `{name}.sh` was written for: the command was not started |
            | 116 | this node could not start the environment |
            | 110 to 118, else | `packhorse: not started:` in `{name}.*.err` says why |
            | 128 and more | the command was ended by a signal |

            What the command writes comes back when it has succeeded{(
                request.Outputs.Count > 0 ? $": {string.Join(", ", request.Outputs)}" : ""
            )}. Its output and error
            come back always. An interactive session gives back the files that are new in its scratch directory.

            After a change of the environment: `packhorse condor init` again. It leaves alone what you have changed, and says so.

            """;
    }
}
