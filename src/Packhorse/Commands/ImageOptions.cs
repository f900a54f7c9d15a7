using System.CommandLine;
using Packhorse.Fetch;
using Packhorse.Image;
using Packhorse.Model;
using Packhorse.Os;
using Packhorse.Packing;

namespace Packhorse.Commands;

/// <summary>The options of <c>packhorse pack</c> that are for images.</summary>
internal sealed class ImageOptions
{
    public const string Extension = ".sqfs";

    // zstd's own range; from 20 on a compressor takes hundreds of megabytes.
    private const int HighestLevel = 22;

    private readonly Option<bool> _image = new("--image")
    {
        Description =
            "Make an image: a SquashFS file system of the installed environment, to mount instead of unpack. Meant by an output named *.sqfs, too.",
    };

    private readonly Option<string?> _prefix = new("--prefix")
    {
        Description =
            "Prefix to install the image for, for those who mount it there themselves. [default: one that packhorse mounts at]",
        HelpName = "DIR",
    };

    private readonly Option<int?> _level = new("--compression-level")
    {
        Description =
            $"zstd level of the image, 1 to {HighestLevel}. [default: {ImageRequest.DefaultCompressionLevel}]",
        HelpName = "N",
    };

    private readonly Option<ByteCodeMode> _byteCode = new("--pyc")
    {
        Description =
            "Compile the image's Python modules, so that programs start sooner: auto (where the environment's Python runs on this machine), on or off.",
        HelpName = "auto|on|off",
    };

    private readonly Option<string?> _record = new("--record-from")
    {
        Description =
            "What a program needed of an earlier image, as packhorse record wrote it: is read ahead when the image is mounted.",
        HelpName = "FILE",
    };

    private readonly Option<bool> _runLinkScripts = new("--run-link-scripts")
    {
        Description =
            "Run the post-link scripts that packages bring, programs of theirs with your rights, and put what they write into the image.",
    };

    private readonly Option<int> _workers = new("--workers")
    {
        Description = "Threads that compress. [default: one per processor]",
        HelpName = "N",
        DefaultValueFactory = _ => Environment.ProcessorCount,
    };

    public void AddTo(Command command)
    {
        command.Add(_image);
        command.Add(_prefix);
        command.Add(_level);
        command.Add(_byteCode);
        command.Add(_record);
        command.Add(_runLinkScripts);
        command.Add(_workers);
        ArgumentRules.NotEmpty(_prefix, _record);
    }

    /// <summary>Is an image asked for? Looks at what was given together with it.</summary>
    /// <exception cref="UsageException">Options contradict each other.</exception>
    public bool IsImage(ParseResult parsed, string? output, bool directory)
    {
        bool named = output?.EndsWith(Extension, StringComparison.Ordinal) ?? false;
        bool image = parsed.GetValue(_image) || named;
        string? mistake =
            !image && parsed.GetValue(_prefix) is not null ? "--prefix needs --image"
            : !image && parsed.GetValue(_level) is not null ? "--compression-level needs --image"
            : !image && OutputName.Parse(output ?? "").DependsOnRoot ? "only images have a root: {root:N} needs --image"
            : !image && parsed.GetValue(_byteCode) != ByteCodeMode.Auto ? "--pyc needs --image"
            : !image && parsed.GetValue(_record) is not null ? "--record-from needs --image"
            : !image && parsed.GetValue(_runLinkScripts)
                ? "--run-link-scripts needs --image: a pack holds packages, and packhorse unpack has the option too"
            : image && directory ? "--directory-only and --image exclude each other"
            : image && output == "-"
                ? "an image cannot be written to standard output: its parts are known when it is complete"
            : parsed.GetValue(_level) is < 1 or > HighestLevel ? $"--compression-level is from 1 to {HighestLevel}"
            : parsed.GetValue(_prefix) is { } prefix && !IsPrefix(prefix)
                ? $"{EntryPath.Quote(prefix)} cannot be a prefix: an absolute path without \"..\", and not /"
            : null;
        return mistake is null ? image : throw new UsageException(ErrorCodes.BadArguments, mistake);
    }

    public async Task<PackResult> WriteAsync(
        ParseResult parsed,
        PackRequest request,
        (Fetcher Fetcher, IReporter Reporter) through,
        CancellationToken cancellation
    )
    {
        if (request.WindowsUnpacker is not null || request.Runtime is { IsOwn: false })
        {
            throw new UsageException(
                ErrorCodes.NotARuntime,
                "of images only packhorse's own runtime makes environments"
            );
        }
        ImageResult result = await ImageFileWriter.WriteAsync(
            new ImageRequest
            {
                Plan = request.Plan,
                Output = request.Output,
                Runtime = request.Runtime,
                Prefix = parsed.GetValue(_prefix) is { } prefix ? prefix.TrimEnd('/') : null,
                CompressionLevel = parsed.GetValue(_level) ?? ImageRequest.DefaultCompressionLevel,
                Record = parsed.GetValue(_record) is { } record
                    ? UsageRecord.Parse(InputFile.ReadAllBytes(record, Limits.JsonBytes), record)
                    : [],
                ByteCode = parsed.GetValue(_byteCode),
                LinkScriptVariables = parsed.GetValue(_runLinkScripts) ? EnvironmentVariables.Texts : null,
                Workers = Math.Max(1, parsed.GetValue(_workers)),
                Downloads = request.Downloads,
            },
            through.Fetcher,
            through.Reporter,
            cancellation
        );
        through.Reporter.Detail(
            $"{result.Files:N0} files, {result.Bytes:N0} bytes, for the prefix {result.Prefix}; root {result.Root}"
        );
        return new PackResult(result.Output, result.Size, result.Packages);
    }

    private static bool IsPrefix(string prefix) =>
        prefix.TrimEnd('/') is ['/', .. { Length: > 0 } rest]
        && EntryPath.IsSafe(rest)
        && !prefix.Any(c => char.IsControl(c) || c == '\uFFFD');
}
