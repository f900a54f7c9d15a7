using System.Globalization;
using System.Text;
using Packhorse.Condor.Submit;

namespace Packhorse.Condor.Init;

/// <summary>Writes a submit file with a reason for every line that needs one.</summary>
internal static class SubmitText
{
    public static string Write(JobRequest request)
    {
        var text = new StringBuilder();
        Head(text, request);
        Files(text, request);
        Policy(text, request);
        Needs(text, request);
        text.Append('\n');
        Line(text, request.Jobs == 1 ? "queue" : $"queue $({InteractiveMacros.Jobs}:{JobFiles.Text(request.Jobs)})");
        return text.ToString();
    }

    private static void Head(StringBuilder text, JobRequest request)
    {
        string name = request.Name;
        Line(text, $"# Jobs in the environment {request.Facts.Name}; {name}.README.md says more.");
        if (request.Publication is { } publication)
        {
            Line(text, publication.ToString());
        }
        Line(text, $"executable = {name}.sh");
        Line(
            text,
            "# Arguments of each job come behind the command in the script, as in: arguments = --seed $(Process)"
        );
        Line(text, $"log = {name}.log");
        Line(text, $"output = {name}.$(Cluster).$(Process).out");
        Line(text, $"error = {name}.$(Cluster).$(Process).err");
        Line(
            text,
            "# As they are written: HTCondor brings back nothing of a job that failed, where outputs come back on success."
        );
        Line(text, "stream_output = true");
        Line(text, "stream_error = true");
        Line(text, "# Interactive sessions begin in the script, too.");
        Line(text, $"environment = \"_CONDOR_SHELL=./{name}.sh\"");
        text.Append('\n');
    }

    private static void Files(StringBuilder text, JobRequest request)
    {
        Line(text, "should_transfer_files = YES");
        string[] inputs = request.IsCommon ? [.. request.Inputs] : [request.Archive, .. request.Inputs];
        if (request.IsCommon)
        {
            Line(text, "# Transferred once for all jobs of this cluster on a node; needs HTCondor 25 here and there.");
            Line(text, $"MY.CommonInputFiles = \"{request.Archive}\"");
        }
        if (inputs.Length > 0)
        {
            Line(text, "# They lie in the scratch directory under their last names, without directories.");
            Line(text, $"transfer_input_files = {string.Join(", ", inputs)}");
        }
        Line(
            text,
            "# A job that fails shows its own error, not that of an output file that it could not write. Interactive"
        );
        Line(text, "# sessions, of which HTCondor thinks as failed, give back what is new.");
        Line(text, $"if ! defined {InteractiveMacros.Interactive}");
        Line(text, "  success_exit_code = 0");
        Line(text, "  when_to_transfer_output = ON_SUCCESS");
        if (request.Outputs.Count > 0)
        {
            Line(text, $"  transfer_output_files = {string.Join(", ", request.Outputs)}");
        }
        Line(text, "endif");
        if (request.Checkpoints.Count > 0)
        {
            Line(text, "# A command that ends with 85 is started again, with these files.");
            Line(text, "checkpoint_exit_code = 85");
            Line(text, $"transfer_checkpoint_files = {string.Join(", ", request.Checkpoints)}");
        }
        text.Append('\n');
    }

    private static void Policy(StringBuilder text, JobRequest request)
    {
        Line(
            text,
            "# 13: an input could not be transferred, which may work the next time. Nothing else is released by itself."
        );
        Line(
            text,
            "periodic_release = (HoldReasonCode == 13) && (NumJobStarts < 3) && (time() - EnteredCurrentStatus > 120)"
        );
        IReadOnlyList<int> codes = Requests.CodesToRetry(request);
        if (Requests.ComesThroughCaches(request))
        {
            string which = request.Facts.IsImage ? "104, 114" : "114";
            Line(
                text,
                $"# {which}: what a cache gave is damaged, stale or mixed. Another node may have another cache."
            );
        }
        if (Requests.MountsFirst(request))
        {
            Line(text, "# 116: the node could not mount. The next start asks for the disk to unpack.");
        }
        if (codes.Count > 0)
        {
            Line(text, "max_retries = 2");
            Line(
                text,
                $"retry_until = {string.Join(" && ", codes.Select(code => $"(ExitCode =!= {JobFiles.Text(code)})"))}"
            );
        }
        text.Append('\n');
    }

    private static void Needs(StringBuilder text, JobRequest request)
    {
        GpuNeeds? gpu = GpuNeeds.Of(request.Facts);
        int gpus = request.Gpus ?? (gpu is null ? 0 : 1);
        Line(text, $"request_cpus = {JobFiles.Text(request.Cpus)}");
        if (request.Memory is null)
        {
            Line(text, $"# A guess. packhorse condor explain {request.Name}.log tells what a job has used.");
        }
        Line(text, $"request_memory = {request.Memory ?? (gpus > 0 ? "8 GB" : "2 GB")}");
        Disk(text, request);
        if (gpus > 0)
        {
            Gpus(text, request, gpu, gpus);
        }
        string[] requirements =
        [
            .. Requests.MountsFirst(request) ? ["((HasUserNamespaces =?= true) || (ExitCode =?= 116))"] : (string[])[],
            .. request.SiteRequirements,
        ];
        if (requirements.Length > 0)
        {
            Line(text, $"requirements = {string.Join(" && ", requirements)}");
        }
        foreach (string line in request.SiteLines)
        {
            Line(text, line);
        }
    }

    private static void Disk(StringBuilder text, JobRequest request)
    {
        string archive = ByteText.Of(request.Facts.ArchiveBytes);
        string unpacked = ByteText.Of(request.Facts.UnpackedBytes);
        string rest = ByteText.Of(request.InputBytes + request.OutputBytes);
        long all = Requests.UnpackedKibibytes(request);
        if (Requests.MountsFirst(request))
        {
            long mounted = RequestSize.InSteps(Requests.MountedBytes(request));
            Line(
                text,
                $"# KiB. Mounted: the archive, {archive}, with inputs and outputs, {rest}. Where that was impossible: {unpacked} more."
            );
            Line(text, $"request_disk = ifThenElse(ExitCode =?= 116, {JobFiles.Text(all)}, {JobFiles.Text(mounted)})");
        }
        else
        {
            Line(
                text,
                $"# KiB: the archive, {archive}, the unpacked environment, {unpacked}, inputs and outputs, {rest}."
            );
            Line(text, $"request_disk = {JobFiles.Text(all)}");
        }
    }

    private static void Gpus(StringBuilder text, JobRequest request, GpuNeeds? gpu, int gpus)
    {
        Line(text, $"request_gpus = {JobFiles.Text(gpus)}");
        if (gpu?.Runtime is { } runtime)
        {
            Line(text, "# What the driver must support, from the environment's CUDA packages.");
            Line(text, $"gpus_minimum_runtime = {runtime}");
        }
        if (gpu?.Capability is { } capability)
        {
            Line(text, $"gpus_minimum_capability = {capability}");
        }
        if (request.Site.Name == "chtc")
        {
            Line(text, "# CHTC's GPU Lab; short is 12 hours, medium 24, long 7 days.");
            Line(text, "+WantGPULab = true");
            Line(text, "+GPUJobLength = \"short\"");
        }
    }

    private static void Line(StringBuilder text, string line) => text.Append(CultureInfo.InvariantCulture, $"{line}\n");
}
