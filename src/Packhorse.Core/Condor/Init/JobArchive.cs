using Packhorse.Codecs;
using Packhorse.Image;
using Packhorse.Model;
using Packhorse.Os;
using Packhorse.Publish;

namespace Packhorse.Condor.Init;

/// <summary>The environment of jobs: where they get it from, and what it is.</summary>
/// <param name="Input">What <c>transfer_input_files</c> has for it.</param>
/// <param name="Name">In the sandbox.</param>
/// <param name="FooterSha256">Of an image's last bytes.</param>
/// <param name="SubmitLines">That the site wants, without requirements.</param>
public sealed record JobArchive(
    string Input,
    string Name,
    EnvironmentFacts Facts,
    string? FooterSha256,
    IReadOnlyList<string> SubmitLines,
    IReadOnlyList<string> Requirements
)
{
    private const string RequirementsBegin = "requirements";

    /// <summary>Where a file lies that jobs get by a URL: here under its name, or where the URL's path leads on this machine.</summary>
    /// <returns>Null where there is no copy.</returns>
    public static string? CopyOf(string url, SiteProfile site)
    {
        string? elsewhere =
            PelicanUrl.TryParse(url, out PelicanUrl? federation) ? site.PathOf(federation)
            : Uri.TryCreate(url, UriKind.Absolute, out Uri? plain) && plain.IsFile ? plain.LocalPath
            : null;
        return ((string?[])[NameOf(url), elsewhere]).FirstOrDefault(path =>
            path is not null && FileTree.KindOf(path) == FileKind.File
        );
    }

    /// <param name="url">Where jobs get it, and a digest that it shall have or none.</param>
    /// <param name="copy">A file of the same content.</param>
    /// <exception cref="UsageException">It is no self-extracting environment.</exception>
    public static JobArchive OfUrl(string url, string copy)
    {
        EnvironmentFacts facts = ReadFacts(copy);
        return new JobArchive(
            ContentClaims.WithoutFragment(url),
            NameOf(url),
            facts,
            facts.IsImage ? HashOfFooter(copy) : null,
            [],
            []
        );
    }

    /// <param name="path">A file on this machine.</param>
    /// <param name="to">The directory that it will be published in; null: the access point transfers it.</param>
    /// <exception cref="NotFoundException">It is not here.</exception>
    /// <exception cref="UsageException">It is no self-extracting environment.</exception>
    public static JobArchive OfFile(
        string path,
        string? to,
        SiteProfile site,
        IReporter reporter,
        CancellationToken cancellation
    )
    {
        if (FileTree.KindOf(path) == FileKind.None)
        {
            throw new NotFoundException(ErrorCodes.FileNotFound, $"there is no file {EntryPath.Quote(path)}")
            {
                Hint = "make it: packhorse pack --image --create-executable",
            };
        }
        EnvironmentFacts facts = ReadFacts(path);
        string? footer = facts.IsImage ? HashOfFooter(path) : null;
        if (to is null)
        {
            return new JobArchive(path, Path.GetFileName(path), facts, footer, [], []);
        }
        LocalFile file = LocalFile.Read(path, reporter, cancellation);
        NameTemplate template = file.PublishedName();
        string published = template.Fill(template.DependsOnRoot ? file.Root!.Value : file.Sha256);
        TransferAdvice advice = site.AdviseOn(Path.Combine(FileTree.Absolute(to), published), null, file.Size);
        return new JobArchive(
            advice.Input,
            published,
            facts,
            footer,
            [.. advice.SubmitLines.Where(line => !IsRequirement(line))],
            [
                .. advice
                    .SubmitLines.Where(IsRequirement)
                    .Select(line => line[(line.IndexOf('=', StringComparison.Ordinal) + 1)..].Trim()),
            ]
        );
    }

    // As HTCondor calls it in the sandbox.
    private static string NameOf(string url) => Path.GetFileName(ContentClaims.WithoutFragment(url).Split('?')[0]);

    private static EnvironmentFacts ReadFacts(string path)
    {
        EnvironmentFacts? facts = EnvironmentFacts.TryRead(path);
        if (facts is { IsDelta: true })
        {
            throw new UsageException(ErrorCodes.BadBase, $"{EntryPath.Quote(path)} is a delta: jobs need its base, too")
            {
                Hint =
                    "give the whole pack here; what packhorse publish prints of a delta is for a submit file of your own",
            };
        }
        return facts is { IsSelfExtracting: true }
            ? facts
            : throw new UsageException(
                ErrorCodes.BadArguments,
                $"{EntryPath.Quote(path)} is no self-extracting environment of packhorse's"
            )
            {
                Hint =
                    "make one that nodes can start without anything installed: packhorse pack --image --create-executable",
            };
    }

    private static bool IsRequirement(string line) =>
        line.StartsWith(RequirementsBegin, StringComparison.OrdinalIgnoreCase);

    private static string HashOfFooter(string path)
    {
        using InputFile file = InputFile.Open(path);
        var footer = new byte[ImageFooter.Bytes];
        file.ReadExactly(footer, file.Length - footer.Length, path);
        return Sha256.Hash(footer).ToString();
    }
}

/// <summary>The inputs of jobs: what is asked for, and the files that the command names.</summary>
/// <param name="Command">With those files by their names in the sandbox.</param>
/// <param name="Bytes">As far as they are known.</param>
public sealed record JobInputs(IReadOnlyList<string> Command, IReadOnlyList<string> Files, long Bytes)
{
    /// <exception cref="NotFoundException">A file that was asked for is not there.</exception>
    /// <exception cref="UsageException">Two inputs would have the same name in the sandbox.</exception>
    public static JobInputs Of(IReadOnlyList<string> command, IReadOnlyList<string> asked)
    {
        var files = new List<string>();
        var changed = new List<string>();
        foreach (string argument in command)
        {
            bool isFile = changed.Count > 0 && FileTree.KindOf(argument) == FileKind.File;
            changed.Add(isFile ? Path.GetFileName(argument) : argument);
            if (isFile)
            {
                files.Add(argument);
            }
        }
        files.AddRange(asked);
        string[] inputs = [.. files.Distinct(StringComparer.Ordinal)];
        CheckNames(inputs);
        return new JobInputs(changed, inputs, inputs.Sum(SizeOf));
    }

    private static void CheckNames(string[] inputs)
    {
        IGrouping<string, string>? same = inputs
            .GroupBy(input => Path.GetFileName(input.Split('?')[0].TrimEnd('/')), StringComparer.Ordinal)
            .FirstOrDefault(group => group.Count() > 1);
        string? odd = inputs.FirstOrDefault(input => input.AsSpan().IndexOfAny(",\n\r\"") >= 0);
        if (same is not null || odd is not null)
        {
            throw new UsageException(
                ErrorCodes.BadArguments,
                same is not null
                    ? $"{string.Join(" and ", same)} would both be {same.Key} in the sandbox"
                    : $"HTCondor cannot transfer a file called {EntryPath.Quote(odd!)}: of commas it makes a list"
            )
            {
                Hint = "rename a file, or transfer a directory with --input",
            };
        }
    }

    private static long SizeOf(string input)
    {
        if (input.Contains("://", StringComparison.Ordinal))
        {
            return 0;
        }
        if (FileTree.KindOf(input) == FileKind.Directory)
        {
            return FileTree.ListFiles(input).Sum(name => SizeOf(Path.Combine(input, name)));
        }
        using InputFile file = InputFile.Open(input);
        return file.Length;
    }
}
