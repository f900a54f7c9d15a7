using System.Security.Cryptography;
using System.Text.RegularExpressions;

namespace Packhorse.EndToEnd;

/// <summary>The published executable, whose codecs are native code, does what the managed build does.</summary>
public sealed partial class PublishedExecutableTests(Environments environments)
{
    [Fact]
    public void It_needs_no_library_and_no_newer_C_library_than_Enterprise_Linux_8_has()
    {
        string dynamic = Published.Start("readelf", ["--dynamic", "--wide", Published.Packhorse]).Succeeded().Output;
        Assert.DoesNotContain("(NEEDED)", dynamic, StringComparison.Ordinal);
        string versions = Published.Start("readelf", ["--version-info", Published.Packhorse]).Succeeded().Output;
        Assert.All(
            GlibcVersion().Matches(versions),
            version => Assert.True(new Version(version.Groups[1].Value) <= new Version(2, 28), version.Value)
        );
        // Linked like the runtime, but not known as one.
        string notes = Published.Start("readelf", ["--notes", "--wide", Published.Packhorse]).Succeeded().Output;
        Assert.DoesNotContain("Packhorse", notes, StringComparison.Ordinal);
    }

    [Fact]
    public void The_managed_build_packs_the_same_bytes()
    {
        string managed = environments["managed.tar"];
        Managed("pack", environments.Channel.LockFile, "-o", managed);
        Assert.Equal(Digest(environments.Pack), Digest(managed));
    }

    [Fact]
    public void The_managed_build_unpacks_the_same_tree_from_a_file_a_directory_and_a_pipe()
    {
        string directory = environments["directory-pack"];
        Published.Run("pack", environments.Channel.LockFile, "--directory-only", "-o", directory).Succeeded();
        // Into the same prefix each time: it is in the files.
        string job = environments["same/job"];
        string[] trees = new string[4];
        int next = 0;
        void Unpack(Action unpack)
        {
            unpack();
            trees[next++] = Describe(Path.Combine(job, "env"));
            Directory.Delete(job, recursive: true);
        }

        Unpack(() => Published.Run("unpack", environments.Pack, "-o", job, "--workers", "8").Succeeded());
        Unpack(() => Published.Run("unpack", directory, "-o", job, "--workers", "1").Succeeded());
        Unpack(() =>
            Published
                .Start("/bin/sh", ["-c", $"'{Published.Packhorse}' unpack - -o '{job}' < '{environments.Pack}'"])
                .Succeeded()
        );
        Unpack(() => Managed("unpack", environments.Pack, "-o", job));
        Assert.All(trees, tree => Assert.Equal(trees[0], tree));
        Assert.True(trees[0].Split('\n').Length > 1000, "the trees are too small to prove anything");
    }

    [Fact]
    public void A_failure_ends_with_the_exit_code_of_its_class()
    {
        Assert.Equal(2, Published.Run("unpack", "--no-such-option").ExitCode);
        Assert.Equal(3, Published.Run("unpack", environments["not-there.tar"]).ExitCode);
        Assert.Equal(4, Published.Run("unpack", environments.Channel.LockFile, "-o", environments["nothing"]).ExitCode);
        Assert.False(Directory.Exists(environments["nothing/env"]));
    }

    private static void Managed(params string[] arguments)
    {
        var error = new StringWriter();
        int code = Packhorse.Commands.CommandLine.Run(
            arguments,
            new Packhorse.Output.Terminal
            {
                OpenInput = () => Stream.Null,
                OpenOutput = () => Stream.Null,
                Out = TextWriter.Null,
                Error = error,
            }
        );
        Assert.True(code == 0, error.ToString());
    }

    private static string Digest(string path)
    {
        using FileStream file = File.OpenRead(path);
        return Convert.ToHexString(SHA256.HashData(file));
    }

    // Path, kind, mode, time and content of everything.
    private static string Describe(string root) =>
        string.Join(
            '\n',
            new DirectoryInfo(root)
                .EnumerateFileSystemInfos(
                    "*",
                    new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0 }
                )
                .Select(entry => (Path: Path.GetRelativePath(root, entry.FullName), Entry: entry))
                .OrderBy(item => item.Path, StringComparer.Ordinal)
                .Select(item => $"{item.Path} {Describe(item.Entry)}")
        );

    private static string Describe(FileSystemInfo entry) =>
        entry switch
        {
            { LinkTarget: { } target } => $"-> {target}",
            FileInfo file => $"{file.UnixFileMode} {file.LastWriteTimeUtc:O} {Digest(file.FullName)}",
            _ => $"{entry.UnixFileMode}",
        };

    [GeneratedRegex(@"GLIBC_(\d+\.\d+)")]
    private static partial Regex GlibcVersion();
}
