using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Packhorse.Model;

namespace Packhorse.TestChannel;

/// <summary>How the placeholder occurs in a file (paths.json <c>file_mode</c>).</summary>
public enum PrefixMode
{
    /// <summary>Not at all: the file is linked as it is.</summary>
    None,
    Text,
    Binary,
}

/// <summary>
/// Makes conda packages of either format in memory, well-formed or broken on purpose:
/// <code>
/// BuiltPackage hello = new PackageBuilder("hello", "1.2", "h0_0")
///     .DependsOn("python >=3.11")
///     .AddFile("lib/hello.txt", "hello\n")
///     .AddExecutable("bin/hello", $"#!{Placeholder.Default}/bin/python\n", PrefixMode.Text)
///     .AddSymlink("bin/hallo", "hello")
///     .Pack();
/// </code>
/// The same calls give the same bytes. Members stand in the order of their paths, what <see cref="AddMember"/> adds after them in
/// the order added.
/// </summary>
public sealed class PackageBuilder
{
    private readonly PackageContents _contents = new();
    private readonly List<Action<JsonObject>> _indexEdits = [];
    private readonly List<Action<JsonObject>> _pathsEdits = [];
    private PackageRecord _record;
    private ArchiveQuirks _quirks = new();

    /// <param name="build">Its last digits are the build number.</param>
    public PackageBuilder(string name, string version = "1.0", string build = "h0_0")
    {
        _record = new PackageRecord
        {
            Name = name,
            Version = version,
            Build = build,
            BuildNumber = BuildNumberOf(build),
            Subdir = Platform.Linux64.Subdir,
            License = "BSD-3-Clause",
            Timestamp = 1_700_000_000_000,
        };
    }

    /// <summary><c>linux-64</c> unless said.</summary>
    public PackageBuilder Subdir(string subdir) => With(_record with { Subdir = subdir });

    public PackageBuilder DependsOn(params IEnumerable<string> specs) =>
        With(_record with { Depends = [.. _record.Depends, .. specs] });

    public PackageBuilder Constrains(params IEnumerable<string> specs) =>
        With(_record with { Constrains = [.. _record.Constrains, .. specs] });

    public PackageBuilder License(string? license) => With(_record with { License = license });

    /// <summary>Subdir <c>noarch</c>; <c>site-packages/</c> and <c>python-scripts/</c> are mapped when it is installed.</summary>
    public PackageBuilder NoArchPython() => With(_record with { NoArch = NoArchKind.Python, Subdir = "noarch" });

    public PackageBuilder NoArchGeneric() => With(_record with { NoArch = NoArchKind.Generic, Subdir = "noarch" });

    /// <summary>CEP 17, for a package named python.</summary>
    public PackageBuilder SitePackages(string path) => With(_record with { PythonSitePackagesPath = path });

    /// <summary>Of the record, and of all members. Milliseconds since 1970.</summary>
    public PackageBuilder Timestamp(long milliseconds) => With(_record with { Timestamp = milliseconds });

    /// <summary>Changes the record in any way.</summary>
    public PackageBuilder Record(Func<PackageRecord, PackageRecord> change) => With(change(_record));

    /// <summary>The text that files added from now on have in place of the prefix; <see cref="Placeholder.Default"/> at first.</summary>
    public PackageBuilder Placeholder(string placeholder)
    {
        _contents.Placeholder = placeholder;
        return this;
    }

    /// <param name="mode">Permission bits; <see cref="Modes"/> has the usual ones.</param>
    public PackageBuilder AddFile(
        string path,
        FileContent content,
        int mode = Modes.Regular,
        PrefixMode prefix = PrefixMode.None
    )
    {
        _contents.AddFile(path, content, mode, prefix);
        return this;
    }

    public PackageBuilder AddExecutable(string path, FileContent content, PrefixMode prefix = PrefixMode.None) =>
        AddFile(path, content, Modes.Executable, prefix);

    public PackageBuilder AddSymlink(string path, string target)
    {
        _contents.AddSymlink(path, target);
        return this;
    }

    /// <summary>The installer must copy it: <c>no_link</c> in paths.json and <c>info/no_link</c>.</summary>
    public PackageBuilder NoLink(string path)
    {
        _contents.NoLink(path);
        return this;
    }

    /// <summary>Of noarch python packages, into link.json.</summary>
    /// <param name="entryPoint"><c>pip = pip._internal.cli.main:main</c></param>
    public PackageBuilder AddEntryPoint(string entryPoint)
    {
        _contents.EntryPoints.Add(entryPoint);
        return this;
    }

    /// <summary>Adds <c>info/</c><paramref name="path"/>, or replaces what stands there by itself.</summary>
    public PackageBuilder AddInfo(string path, FileContent content)
    {
        _contents.Info[path] = content;
        return this;
    }

    /// <summary>Leaves <c>info/</c><paramref name="path"/> out, for example <c>index.json</c>.</summary>
    public PackageBuilder OmitInfo(string path)
    {
        _contents.OmittedInfo.Add(path);
        return this;
    }

    /// <summary>
    /// A tar member as it is, after all others (in .conda those of <c>pkg-….tar.zst</c>), and nothing about it in paths.json:
    /// names that leave the prefix, a second member of one name, hard links, devices.
    /// </summary>
    public PackageBuilder AddMember(TarMember member)
    {
        _contents.ExtraMembers.Add(member);
        return this;
    }

    /// <summary>Changes index.json last of all, also into what <see cref="PackageRecord"/> cannot say.</summary>
    public PackageBuilder EditIndex(Action<JsonObject> edit)
    {
        _indexEdits.Add(edit);
        return this;
    }

    /// <summary>Changes paths.json last of all: wrong digests, entries without a file, unknown members.</summary>
    public PackageBuilder EditPaths(Action<JsonObject> edit)
    {
        _pathsEdits.Add(edit);
        return this;
    }

    /// <summary>Changes the entry of one path in paths.json last of all.</summary>
    /// <exception cref="ArgumentException">At packing, when there is no such entry.</exception>
    public PackageBuilder EditPath(string path, Action<JsonObject> edit) =>
        EditPaths(paths =>
        {
            JsonNode? entry = paths["paths"]!.AsArray().FirstOrDefault(entry => (string?)entry!["_path"] == path);
            edit((entry ?? throw new ArgumentException($"paths.json has no {path}")).AsObject());
        });

    public PackageBuilder Quirks(ArchiveQuirks quirks)
    {
        _quirks = quirks;
        return this;
    }

    /// <returns>The package in memory.</returns>
    public BuiltPackage Pack(PackageArchiveKind kind = PackageArchiveKind.Conda)
    {
        using MemoryStream archive = new();
        Write(archive, kind);
        byte[] bytes = archive.ToArray();
        return Built(kind, bytes, SHA256.HashData(bytes), Md5(bytes));
    }

    /// <summary>Writes the package where it belongs in a channel, <c>DIRECTORY/SUBDIR/FILE</c>, without holding it in memory.</summary>
    public BuiltPackage PackInto(string channelDirectory, PackageArchiveKind kind = PackageArchiveKind.Conda)
    {
        string directory = Path.Combine(channelDirectory, _record.Subdir);
        Directory.CreateDirectory(directory);
        string path = Path.Combine(directory, BuiltPackage.FileNameOf(_record, kind).ToString());
        using (FileStream archive = new(path, FileMode.Create, FileAccess.ReadWrite, FileShare.None, 1 << 17))
        {
            Write(archive, kind);
        }
        return Built(kind, FileContent.FromFile(path), sha256: null, Md5OfFile(path));
    }

    public byte[] ToConda() => Pack(PackageArchiveKind.Conda).ToArray();

    public byte[] ToTarBz2() => Pack(PackageArchiveKind.TarBz2).ToArray();

    /// <param name="output">Must be seekable for <c>.conda</c>.</param>
    public void Write(Stream output, PackageArchiveKind kind)
    {
        PackageArchiveWriter writer = new(_record, _contents, _quirks)
        {
            EditIndex = index => _indexEdits.ForEach(edit => edit(index)),
            EditPaths = paths => _pathsEdits.ForEach(edit => edit(paths)),
        };
        if (kind == PackageArchiveKind.Conda)
        {
            writer.WriteConda(output);
        }
        else
        {
            writer.WriteTarBz2(output);
        }
    }

    private static ulong BuildNumberOf(string build)
    {
        int digits = build.Reverse().TakeWhile(char.IsAsciiDigit).Count();
        return ulong.TryParse(build.AsSpan(build.Length - digits), CultureInfo.InvariantCulture, out ulong number)
            ? number
            : 0;
    }

    // Lock files and repodata carry it beside the SHA-256; nothing is trusted because of it.
#pragma warning disable CA5351
    private static byte[] Md5(byte[] bytes) => MD5.HashData(bytes);

    private static byte[] Md5OfFile(string path)
    {
        using FileStream file = File.OpenRead(path);
        return MD5.HashData(file);
    }
#pragma warning restore CA5351

    private BuiltPackage Built(PackageArchiveKind kind, FileContent content, byte[]? sha256, byte[] md5)
    {
        PackageRecord record = _record with
        {
            Size = content.Length,
            Sha256 = sha256 is null ? content.Sha256 : new Digest(sha256),
            Md5 = new Md5Digest(md5),
        };
        return new BuiltPackage(record, kind, content);
    }

    private PackageBuilder With(PackageRecord record)
    {
        _record = record;
        return this;
    }
}
