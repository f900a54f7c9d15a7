using System.Text;
using Packhorse.Codecs;
using Packhorse.Fetch;
using Packhorse.Install;
using Packhorse.Model;
using Packhorse.Os;
using Packhorse.Pack;

namespace Packhorse.Packing;

/// <summary>A package that goes into an image.</summary>
/// <param name="Path">The package file, on this machine.</param>
/// <param name="Content">What it must be, with its SHA-256.</param>
internal sealed record ImagePackage(PlannedMember Member, string Path, ExpectedContent Content)
{
    public string FileName => Member.FileName;

    private PackedPackage Listed =>
        new()
        {
            Record = Member.Record,
            FileName = FileName,
            Path = Member.Path,
            Expected = Content,
            Url = Member.Origin ?? $"file:///{Member.Path}",
            Channel = PackedPackage.ChannelOf(Member.Origin),
            IsDirect = Member.IsDirect,
        };

    public PackageToInstall Describe(CancellationToken cancellation)
    {
        using InputFile file = InputFile.Open(Path);
        // The lock file has no digest of some wheels; the record that is installed has the one they are found to have.
        PackedPackage listed = Listed;
        PackedPackage known = listed.Record.IsWheel
            ? listed with
            {
                Record = listed.Record with { Sha256 = Content.Sha256, Size = Content.Size },
            }
            : listed;
        return known.Describe(new InterruptibleSource(file, cancellation), Path);
    }

    /// <summary>Links it into a sink, compared with its digest on the way.</summary>
    public LinkedPackage Link(
        PlannedPackage plan,
        (InstallTarget Target, IInstallSink Sink) to,
        Action<int> advance,
        CancellationToken cancellation
    )
    {
        using InputFile file = InputFile.Open(Path);
        var content = new InterruptibleSource(file, cancellation);
        return Listed.Link(content, Path, (plan, to.Target, to.Sink), advance, cancellation);
    }

    public void Verify(CancellationToken cancellation)
    {
        using InputFile file = InputFile.Open(Path);
        PackageContent.Verify(new InterruptibleSource(file, cancellation), Content, Path, null);
    }
}

/// <summary>The packages of an image: those of a local channel where they are, the others brought beside the output.</summary>
internal sealed class ImagePackages
{
    // Raised when the same packages would be installed in another way.
    private const int LinkerVersion = 1;

    private ImagePackages(IReadOnlyList<ImagePackage> all) => All = all;

    /// <summary>In the order of the plan.</summary>
    public IReadOnlyList<ImagePackage> All { get; }

    public long PackedBytes => All.Sum(package => package.Content.Size ?? 0);

    public static async Task<ImagePackages> BringAsync(
        ImageRequest request,
        PartDirectory directory,
        (Fetcher Fetcher, IReporter Reporter) through,
        CancellationToken cancellation
    )
    {
        IReadOnlyList<PlannedMember> members = request.Plan.Members;
        through.Reporter.BeginStage("Fetching", members.Count, request.Plan.Size);
        var packages = new ImagePackage[members.Count];
        long toBring = members.Where(member => PathOf(member) is null).Sum(member => member.Expected.Size ?? 0);
        // An image is hardly ever larger than its packages.
        SpaceCheck.Check(directory.Path, request.Plan.Size + toBring, members.Count, "the image");
        await Parallel
            .ForEachAsync(
                Enumerable.Range(0, members.Count).OrderByDescending(index => members[index].Expected.Size),
                new ParallelOptions { MaxDegreeOfParallelism = request.Downloads, CancellationToken = cancellation },
                async (index, token) =>
                {
                    packages[index] = await BringAsync(members[index], directory, through.Fetcher, token)
                        .ConfigureAwait(false);
                    through.Reporter.ItemDone(packages[index].FileName);
                }
            )
            .ConfigureAwait(false);
        return new ImagePackages(packages);
    }

    public PackageToInstall[] ReadInfos(int workers, CancellationToken cancellation)
    {
        var infos = new PackageToInstall[All.Count];
        Workers.Run(
            Enumerable.Range(0, infos.Length).ToArray(),
            workers,
            (index, token) => infos[index] = ReadInfo(All[index], token),
            cancellation
        );
        return infos;
    }

    /// <summary>Names what is installed: <c>docs/FORMAT.md</c>, "Manifest".</summary>
    public Digest EnvironmentDigest(Platform platform, bool byteCode, bool linkScripts)
    {
        var text = new StringBuilder();
        text.Append("packhorse-environment-1\n").Append(platform.Subdir).Append('\n');
        text.Append("linker ").Append(LinkerVersion).Append('\n');
        text.Append(byteCode ? "byte-code on\n" : "byte-code off\n");
        text.Append(linkScripts ? "link-scripts on\n" : "");
        foreach (ImagePackage package in All.OrderBy(package => package.FileName, StringComparer.Ordinal))
        {
            text.Append(package.FileName).Append(' ').Append(package.Content.Sha256).Append('\n');
        }
        return Sha256.Hash(Encoding.UTF8.GetBytes(text.ToString()));
    }

    private static async Task<ImagePackage> BringAsync(
        PlannedMember member,
        PartDirectory directory,
        Fetcher fetcher,
        CancellationToken cancellation
    )
    {
        if (PathOf(member) is { } local)
        {
            return new ImagePackage(member, local, member.IsKnown ? member.Expected : MemberFile.Describe(local));
        }
        string path = directory[$"members/{member.Path}"];
        ExpectedContent content = await MemberFile
            .BringAsync(member, path, fetcher, cancellation)
            .ConfigureAwait(false);
        directory.Keep();
        return new ImagePackage(member, path, content);
    }

    // Null for what has to be downloaded.
    private static string? PathOf(PlannedMember member) => Source.Parse(member.Source).Path;

    private static PackageToInstall ReadInfo(ImagePackage package, CancellationToken cancellation)
    {
        try
        {
            return package.Describe(cancellation);
        }
        catch (CorruptDataException)
        {
            package.Verify(cancellation);
            throw;
        }
    }
}
