using Packhorse.Install;
using Packhorse.Model;
using Packhorse.Os;
using Packhorse.Output;
using Packhorse.Pack;

namespace Packhorse.Runtime;

/// <summary><c>unpack</c>, <c>verify</c> and <c>inspect</c>.</summary>
internal static class PackCommands
{
    private static readonly OptionSpec[] PixiUnpackOptions =
    [
        .. CommandContext.CommonOptions,
        new("--output-directory", 'o', TakesValue: true),
        new("--env-name", 'e', TakesValue: true),
        new("--shell", 's', TakesValue: true),
    ];

    private static readonly OptionSpec[] UnpackOptions =
    [
        .. PixiUnpackOptions,
        .. CommandContext.ExpectOptions,
        new("--override-virtual", '\0', TakesValue: true),
        new("--first", '\0', TakesValue: true),
        new("--keep-pyc", '\0', TakesValue: false),
    ];

    public static void Unpack(CommandContext context, string[] arguments)
    {
        OptionSpec[] known = context.Invocation.AsPixiUnpack ? PixiUnpackOptions : UnpackOptions;
        var options = new OptionReader(known, arguments, stopsAtFirst: false);
        if (context.HasAnswered(options))
        {
            return;
        }
        string pack = context.PackOf(options.Rest);
        var request = new UnpackRequest
        {
            OutputDirectory = FileTree.Absolute(options.Value("--output-directory") ?? "."),
            EnvironmentName = options.Value("--env-name") ?? "env",
            Shells = [.. options.Values("--shell").DefaultIfEmpty("bash").Select(ActivationTarget.Parse)],
            Here = HostPlatform.Current,
            Machine = options
                .Values("--override-virtual")
                .Aggregate(VirtualPackages.Detect(), (machine, assignment) => machine.With(assignment)),
            Workers = EnvironmentVariables.Threads,
            KeepByteCode = options.Has("--keep-pyc"),
            First = options.Value("--first") is { } list ? FirstPaths.Read(list) : null,
        };
        PlainReporter reporter = context.Reporter(options, Verbosity.Normal);
        ExpectedFile expected = CommandContext.Expected(options);
        UnpackResult result = context.Interruptibly(token =>
        {
            expected.Check(pack, reporter, token);
            return Unpack(pack, options.Value(CommandContext.Base), (request, reporter), token);
        });
        if (result.Unverified > 0)
        {
            reporter.Warn(
                $"the pack has no digest of {result.Unverified} package(s): nothing vouches for their content"
            );
        }
        if (!options.Has("--quiet"))
        {
            string kept =
                result.Unchanged > 0 ? $" ({result.Unchanged} of {result.Packages} packages were there already)" : "";
            context.Error.WriteLine($"Finished unpacking to {result.Prefix}{kept}");
            context.Error.WriteLine($"Activate it with: {ActivationScript.Command(result.ActivationScripts[0])}");
        }
    }

    public static void Verify(CommandContext context, string[] arguments)
    {
        OptionSpec[] known = [.. CommandContext.CommonOptions, .. CommandContext.ExpectOptions];
        var options = new OptionReader(known, arguments, stopsAtFirst: false);
        if (context.HasAnswered(options))
        {
            return;
        }
        string path = context.PackOf(options.Rest);
        PlainReporter reporter = context.Reporter(options, Verbosity.Normal);
        ExpectedFile expected = CommandContext.Expected(options);
        context.Interruptibly(token =>
        {
            expected.Check(path, reporter, token);
            return true;
        });
        using ImageFile? image = ImageFile.TryOpen(path);
        if (image is not null)
        {
            VerifyImage(context, image, reporter);
            return;
        }
        using PackContents pack = options.Value(CommandContext.Base) is { } basePath
            ? PackContents.Open(path, basePath)
            : PackContents.OpenAlone(path);
        VerifyResult result = context.Interruptibly(token =>
            PackVerifier.Verify(pack, EnvironmentVariables.Threads, reporter, token)
        );
        context.Output.WriteLine(
            $"{pack.Where}: {result.Members} members of {ByteSize.Format(result.Bytes)} are what they should be"
        );
        DeltaText.Write(context.Output, pack);
        result.RequireComplete();
    }

    public static void Inspect(CommandContext context, string[] arguments)
    {
        var options = new OptionReader(CommandContext.CommonOptions, arguments, stopsAtFirst: false);
        if (context.HasAnswered(options))
        {
            return;
        }
        string path = context.PackOf(options.Rest);
        using ImageFile? image = ImageFile.TryOpen(path);
        if (image is not null)
        {
            ImageSummaryText.Write(context.Output, ImageSummary.Of(image), all: options.Has("--verbose"));
            return;
        }
        using PackContents pack = PackContents.OpenAlone(path);
        PackSummary summary = context.Interruptibly(token =>
            PackSummary.Read(pack, EnvironmentVariables.Threads, token)
        );
        DeltaText.Write(context.Output, pack);
        SummaryText.Write(context.Output, summary, all: options.Has("--verbose"));
    }

    private static void VerifyImage(CommandContext context, ImageFile image, PlainReporter reporter)
    {
        context.Interruptibly(token =>
        {
            ImageVerifier.Verify(image, EnvironmentVariables.Threads, reporter, token);
            return true;
        });
        context.Output.WriteLine(ImageSummaryText.Verified(ImageSummary.Of(image)));
    }

    private static UnpackResult Unpack(
        string pack,
        string? basePath,
        (UnpackRequest Request, IReporter Reporter) to,
        CancellationToken cancellation
    )
    {
        if (pack == "-" || FileTree.KindOf(pack) == FileKind.Other)
        {
            PackDelta.RefuseBase(basePath, "what comes from a pipe");
            using Stream input =
                pack == "-" ? InputPipeStream.StandardInput(cancellation) : InputPipeStream.Open(pack, cancellation);
            return StreamUnpacker.Unpack(input, to.Request, to.Reporter, cancellation);
        }
        using ImageFile? image = ImageFile.TryOpen(pack);
        if (image is not null)
        {
            PackDelta.RefuseBase(basePath, pack);
            return ImageUnpacker.Unpack(image.Image, to.Request, to.Reporter, cancellation);
        }
        using PackContents contents = PackContents.Open(pack, basePath);
        return Unpacker.Unpack(contents, to.Request, to.Reporter, cancellation);
    }
}
