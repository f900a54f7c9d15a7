using System.Globalization;
using System.Text;
using CsCheck;
using Packhorse.Image;
using Packhorse.Install;
using Packhorse.Model;
using Packhorse.TestChannel;
using Packhorse.Tests.Support;

namespace Packhorse.Tests.Image;

/// <summary>Installing for one prefix and moving to another equals installing for that one.</summary>
public sealed class RelocatedTreeTests : IDisposable
{
    private readonly ScratchDirectory _scratch = new();

    public void Dispose() => _scratch.Dispose();

    // Shorter, longer, with a blank, with what JSON escapes; and such that first lines are longer than the kernel allows.
    public static TheoryData<string, string> Prefixes =>
        new()
        {
            { "/media/p/0123456789ab", "/p" },
            { "/media/p/0123456789ab", "/srv/somewhere/else/entirely/env" },
            { "/media/p/0123456789ab", "/home/user name/env" },
            { "/media/p/0123456789ab", "/data/say \"hello\"\\env" },
            { "/media/p/0123456789ab", "/straße/日本" },
            { "/media/p/0123456789ab", "/" + new string('d', 113) },
            { "/media/p/0123456789ab", "/" + new string('d', 114) },
            { "/media/p/0123456789ab", "/" + new string('d', 200) },
            { "/" + new string('l', 220), "/p" },
            { "/" + new string('l', 220), "/with a blank" },
            { "/with a blank", "/p" },
            { "/with a blank", "/" + new string('l', 220) },
            { "/a", "/a/a/a" },
        };

    [Theory]
    [MemberData(nameof(Prefixes))]
    public void Every_file_of_the_sample_is_as_if_it_were_installed_there(string baked, string prefix)
    {
        string[] packages = MakeSample();
        using EnvironmentImage image = Open(MakeImage(baked));

        AssertInstalled(packages, prefix, image.TreeAt(prefix));
        AssertInstalled(packages, baked, image.TreeAt(baked));
    }

    [Fact]
    public void Real_packages_are_as_if_they_were_installed_there()
    {
        string[] names =
        [
            "conda-forge/linux-64/ncurses-6.5-h59595ed_0.conda",
            "conda-forge/linux-64/libsqlite-3.46.0-hde9e2c9_0.conda",
            "defaults/linux-64/readline-6.2-2.tar.bz2",
        ];
        ChannelDirectory channel = RealChannel.Make(_scratch["channel"], names);
        channel.WriteLock(_scratch["project"]);
        string[] packages = [.. channel.Packages.Select(channel.PathOf)];
        using EnvironmentImage image = Open(MakeImage("/media/p/0123456789ab"));

        foreach (string prefix in (string[])["/p", "/home/user name/env", "/" + new string('x', 70)])
        {
            AssertInstalled(packages, prefix, image.TreeAt(prefix));
        }
    }

    [Fact]
    public void Records_say_what_installing_there_would_say()
    {
        SamplePackages.Channel(_scratch["channel"]).WriteLock(_scratch["project"]);
        CommandRun.Of("pack", "-q", "-o", _scratch["environment.tar"], _scratch["project"]).Successful();
        using EnvironmentImage image = Open(MakeImage("/media/p/0123456789ab"));
        foreach (string directory in (string[])["a", "a directory", new string('l', 130)])
        {
            CommandRun.Of("unpack", "-q", "-o", _scratch[directory], _scratch["environment.tar"]).Successful();
            string prefix = _scratch[directory] + "/env";
            File.Delete(Path.Combine(prefix, InstalledDigests.Path));

            TreeListing.AssertSame(TreeListing.Of(prefix), Trees.List(image.TreeAt(prefix)));
        }
    }

    [Fact]
    public void Files_of_any_shape_are_as_if_they_were_installed_there()
    {
        (Gen<int> bytes, Gen<bool> flags) = (Gen.Int[1, 200], Gen.Bool);
        Gen<string> prefixes = Gen.Select(bytes, flags, (length, blank) => MakePrefix(length, blank));
        int number = 0;
        Gen.Select(Gen.Int[0, 1_000_000], prefixes, prefixes)
            .Sample(
                (seed, baked, prefix) =>
                {
                    string name = string.Create(CultureInfo.InvariantCulture, $"{Interlocked.Increment(ref number)}");
                    string directory = _scratch[name];
                    string package = MakeRandom(directory, seed);
                    using EnvironmentImage image = Open(MakeImage(baked, directory));
                    IImageTree tree = image.TreeAt(prefix);
                    AssertInstalled([package], prefix, tree);
                    AssertAnyPiece(tree, new Random(seed));
                },
                iter: 30,
                threads: 1
            );
    }

    [Fact]
    public void A_prefix_that_is_too_long_is_refused_with_the_files_name()
    {
        MakeSample();
        using EnvironmentImage image = Open(MakeImage("/media/p/0123456789ab"));
        string longest = "/" + new string('x', Placeholder.Length - 1);
        Assert.NotNull(image.TreeAt(longest));

        var error = Assert.Throws<UsageException>(() => image.TreeAt(longest + "x"));

        Assert.Equal(ErrorCodes.PrefixTooLong, error.Code);
        Assert.Contains("256 bytes", error.Message, StringComparison.Ordinal);
        Assert.Matches("'(bin/tool.bin|lib/old.so|lib/libpython3.11.so.1.0)'", error.Message);
    }

    private string[] MakeSample()
    {
        ChannelDirectory channel = SamplePackages.Channel(_scratch["channel"]);
        channel.WriteLock(_scratch["project"]);
        return [.. channel.Packages.Select(channel.PathOf)];
    }

    private byte[] MakeImage(string prefix, string? directory = null)
    {
        directory ??= _scratch.Root;
        string output = Path.Combine(directory, "image.sqfs");
        CommandRun
            .Of("pack", "-q", "-o", output, "--prefix", prefix, "--pyc", "off", Path.Combine(directory, "project"))
            .Successful();
        return File.ReadAllBytes(output);
    }

    private static EnvironmentImage Open(byte[] file) => EnvironmentImage.Open(new MemorySource(file), "image");

    private static void AssertInstalled(string[] packages, string prefix, IImageTree tree)
    {
        var sink = new MemorySink();
        PackageFiles.Install(packages, new InstallTarget(prefix, Platform.Linux64), sink);
        Assert.NotEmpty(sink.Files);
        foreach ((string path, (InstallFile file, byte[] expected)) in sink.Files)
        {
            InodeReference inode = Trees.Find(tree, path);
            InodeAttributes attributes = tree.Attributes(inode);
            Assert.Equal((path, expected.Length), (path, (int)attributes.Size));
            Assert.Equal((path, file.Mode, file.Modified), (path, attributes.Mode, attributes.Modified));
            byte[] actual = Trees.ReadAll(tree, inode);
            Assert.True(expected.AsSpan().SequenceEqual(actual), $"{path} at {prefix}");
        }
        foreach ((string path, string target) in sink.Links)
        {
            Assert.Equal(target, Encoding.UTF8.GetString(tree.ReadLink(Trees.Find(tree, path))));
        }
    }

    private static void AssertAnyPiece(IImageTree tree, Random random)
    {
        foreach ((_, InodeReference inode, InodeKind kind) in Trees.Walk(tree))
        {
            if (kind != InodeKind.File)
            {
                continue;
            }
            byte[] whole = Trees.ReadAll(tree, inode);
            for (int i = 0; i < 20; i++)
            {
                int offset = random.Next(whole.Length + 2);
                var piece = new byte[random.Next(1000)];
                int count = tree.Read(inode, offset, piece);
                Assert.Equal(Math.Clamp(whole.Length - offset, 0, piece.Length), count);
                Assert.True(count == 0 || whole.AsSpan(offset, count).SequenceEqual(piece.AsSpan(0, count)));
            }
        }
    }

    private static string MakePrefix(int length, bool blank)
    {
        char[] prefix = new string('p', length + 1).ToCharArray();
        prefix[0] = '/';
        if (blank && length > 3)
        {
            prefix[2] = ' ';
        }
        return new string(prefix);
    }

    // Files of pieces that are placeholders, parts of them, NULs, lines, and the prefix's own letters.
    private static string MakeRandom(string directory, int seed)
    {
        var random = new Random(seed);
        string placeholder = Placeholder.Default;
        var package = new PackageBuilder("random").DependsOn();
        string[] lines =
        [
            "",
            "#!/bin/sh\n",
            $"#!{placeholder}/bin/python\n",
            $"#! {placeholder}/bin/python3.11 -E -s\n",
            $"#!{placeholder}/bin/perl -w",
            $"#!/usr/bin/env {placeholder}/bin/tool\n",
            $"#!/bin/{new string('x', 200)} -a\n",
            $"#!{placeholder}/bin/a\\ b c\r\n",
            "#!\n",
        ];
        string[] pieces =
        [
            placeholder,
            placeholder + "/lib",
            placeholder[..100],
            "\0",
            "\0\0\0",
            "\n",
            "/ppp",
            "text",
            ":",
        ];
        for (int i = 0; i < 40; i++)
        {
            var content = new StringBuilder(lines[random.Next(lines.Length)]);
            for (int count = random.Next(30); count > 0; count--)
            {
                content.Append(pieces[random.Next(pieces.Length)]);
            }
            PrefixMode mode = i % 2 == 0 ? PrefixMode.Text : PrefixMode.Binary;
            package.AddFile($"share/{i}", Encoding.UTF8.GetBytes(content.ToString()), Modes.Regular, mode);
        }
        var channel = new ChannelDirectory(Path.Combine(directory, "channel"));
        channel.Add(package);
        channel.WriteLock(Path.Combine(directory, "project"));
        return channel.PathOf(channel.Packages[0]);
    }
}
