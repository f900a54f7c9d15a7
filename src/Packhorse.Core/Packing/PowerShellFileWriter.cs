using Packhorse.Codecs;
using Packhorse.Fetch;
using Packhorse.Model;
using Packhorse.Os;
using Packhorse.Pack;

namespace Packhorse.Packing;

/// <summary>Makes an <c>environment.ps1</c>. Base64 has no places known beforehand, so that it is written from its begin to its end.</summary>
public static class PowerShellFileWriter
{
    /// <inheritdoc cref="PackFileWriter.WriteAsync"/>
    public static async Task<PackResult> WriteAsync(
        PackRequest request,
        WindowsUnpacker unpacker,
        (Fetcher Fetcher, IReporter Reporter) through,
        CancellationToken cancellation
    )
    {
        OutputName name = OutputName.Parse(request.Output);
        OutputFile.CheckReplaceable(request.Output);
        string directory = Path.GetDirectoryName(request.Output)!;
        using NewDirectories parents = NewDirectories.Create(directory);
        SpaceCheck.Check(directory, Base64Length(request.Plan.Size), files: 1, "the pack");
        using OutputFile file = OutputFile.Create(request.Output, FilePermissions.ReadWrite);
        PackResult result;
        using (var output = new OutputFileStream(file))
        {
            result = await WriteToAsync(request with { Output = directory }, unpacker, output, through, cancellation)
                .ConfigureAwait(false);
        }
        name.Complete(file, cancellation);
        parents.Keep();
        return result with { Output = file.Path };
    }

    /// <summary>The same to a pipe.</summary>
    /// <param name="output">Not owned.</param>
    /// <inheritdoc cref="PackStreamWriter.WriteAsync"/>
    public static async Task<PackResult> WriteToAsync(
        PackRequest request,
        WindowsUnpacker unpacker,
        Stream output,
        (Fetcher Fetcher, IReporter Reporter) through,
        CancellationToken cancellation
    )
    {
        byte[] begin = PowerShellScript.BeforeArchive();
        output.Write(begin);
        using var archive = new Base64Stream(output);
        PackResult tar = await PackStreamWriter
            .WriteAsync(request, archive, through, cancellation)
            .ConfigureAwait(false);
        archive.Complete();
        output.Write(PowerShellScript.BeforeUnpacker);
        using var program = new Base64Stream(output);
        program.Write(unpacker.Program);
        program.Complete();
        output.Flush();
        long size =
            begin.Length
            + Base64Length(tar.Size)
            + PowerShellScript.BeforeUnpacker.Length
            + Base64Length(unpacker.Program.Length);
        return tar with { Size = size };
    }

    private static long Base64Length(long bytes) => (bytes + 2) / 3 * 4;
}
