using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Packhorse.TestChannel;

/// <summary>
/// Makes wheels in memory, well-formed or broken on purpose:
/// <code>
/// byte[] wheel = new WheelBuilder("hello", "1.2")
///     .AddFile("hello/__init__.py", "def main(): print('hello')\n")
///     .AddCommand("hello = hello:main")
///     .AddScript("hallo", "#!python\nimport hello\nhello.main()\n")
///     .ToBytes();
/// </code>
/// The same calls give the same bytes. RECORD comes last and lists what is there, in the order added.
/// </summary>
public sealed class WheelBuilder(string name, string version = "1.0", string tags = "py3-none-any")
{
    // S_IFREG: tools that make wheels write it, and pip wants it of files that are executable.
    private const int RegularFile = 0x8000;

    private readonly List<(string Path, byte[] Content, ZipMemberOptions Options)> _files = [];
    private readonly List<string> _commands = [];
    private readonly List<string> _windowCommands = [];
    private string _distInfo = $"{name}-{version}.dist-info";
    private string? _metadata;
    private Func<string, string> _editRecord = text => text;
    private bool _omitRecord;
    private string _format = "1.0";
    private bool _pure = true;

    public string Name => name;

    public string Version => version;

    public string FileName => $"{name}-{version}-{tags}.whl";

    /// <param name="path">In the wheel, for example <c>hello/__init__.py</c> or <c>hello-1.2.data/headers/hello.h</c>.</param>
    public WheelBuilder AddFile(string path, string content, int mode = Modes.Regular) =>
        AddFile(
            path,
            Encoding.UTF8.GetBytes(content),
            new ZipMemberOptions { Deflate = true, Mode = RegularFile | mode }
        );

    public WheelBuilder AddFile(string path, byte[] content, ZipMemberOptions options)
    {
        _files.Add((path, content, options));
        return this;
    }

    /// <summary>Into <c>scripts/</c> of the data directory.</summary>
    public WheelBuilder AddScript(string file, string content) =>
        AddFile($"{name}-{version}.data/scripts/{file}", content);

    /// <param name="entryPoint"><c>hello = hello:main</c></param>
    public WheelBuilder AddCommand(string entryPoint)
    {
        _commands.Add(entryPoint);
        return this;
    }

    /// <summary>One that opens windows: <c>gui_scripts</c>.</summary>
    public WheelBuilder AddWindowCommand(string entryPoint)
    {
        _windowCommands.Add(entryPoint);
        return this;
    }

    /// <summary>Root-Is-Purelib is false.</summary>
    public WheelBuilder WithMachineCode()
    {
        _pure = false;
        return this;
    }

    /// <summary>What the directory of metadata is called, instead of what the file's name says.</summary>
    public WheelBuilder DistInfo(string directory)
    {
        _distInfo = directory;
        return this;
    }

    /// <summary>The whole text of METADATA.</summary>
    public WheelBuilder Metadata(string text)
    {
        _metadata = text;
        return this;
    }

    /// <summary>Wheel-Version.</summary>
    public WheelBuilder FormatVersion(string format)
    {
        _format = format;
        return this;
    }

    /// <summary>Changes the text of RECORD, as earlier changes have left it.</summary>
    public WheelBuilder EditRecord(Func<string, string> edit)
    {
        Func<string, string> earlier = _editRecord;
        _editRecord = text => edit(earlier(text));
        return this;
    }

    public WheelBuilder OmitRecord()
    {
        _omitRecord = true;
        return this;
    }

    /// <summary>Writes the wheel into a directory, which is made, and returns its path.</summary>
    public string WriteTo(string directory)
    {
        Directory.CreateDirectory(directory);
        string path = Path.Combine(directory, FileName);
        File.WriteAllBytes(path, ToBytes());
        return path;
    }

    public byte[] ToBytes()
    {
        var options = new ZipMemberOptions { Deflate = true, Mode = RegularFile | Modes.Regular };
        List<(string Path, byte[] Content, ZipMemberOptions Options)> files = [.. _files];
        void Add(string file, string text) => files.Add(($"{_distInfo}/{file}", Encoding.UTF8.GetBytes(text), options));
        Add("METADATA", _metadata ?? $"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n\nText: of any kind\n");
        string[] parts = tags.Split('-', 2);
        string tagLines = string.Concat(parts[0].Split('.').Select(python => $"Tag: {python}-{parts[1]}\n"));
        Add(
            "WHEEL",
            $"Wheel-Version: {_format}\nGenerator: test\nRoot-Is-Purelib: {(_pure ? "true" : "false")}\n{tagLines}"
        );
        string commands = Section("console_scripts", _commands) + Section("gui_scripts", _windowCommands);
        if (commands.Length > 0)
        {
            Add("entry_points.txt", commands);
        }
        if (!_omitRecord)
        {
            string record = string.Concat(files.Select(file => Line(file.Path, file.Content)));
            Add("RECORD", _editRecord($"{record}{_distInfo}/RECORD,,\n"));
        }
        using var stream = new MemoryStream();
        var zip = new ZipWriter(stream);
        foreach ((string path, byte[] content, ZipMemberOptions how) in files)
        {
            zip.Add(path, content, how);
        }
        zip.Finish();
        return stream.ToArray();
    }

    private static string Section(string title, List<string> lines) =>
        lines.Count == 0 ? "" : $"[{title}]\n{string.Join('\n', lines)}\n";

    /// <summary>A line of RECORD.</summary>
    public static string Line(string path, byte[] content)
    {
        string digest = Convert
            .ToBase64String(SHA256.HashData(content))
            .TrimEnd('=')
            .Replace('+', '-')
            .Replace('/', '_');
        string field = path.Contains(',', StringComparison.Ordinal) ? $"\"{path}\"" : path;
        return string.Create(CultureInfo.InvariantCulture, $"{field},sha256={digest},{content.Length}\n");
    }
}
