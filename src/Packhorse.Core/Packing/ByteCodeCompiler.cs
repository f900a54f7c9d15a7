using System.Buffers.Binary;
using System.Text;
using Packhorse.Model;
using Packhorse.Os;

namespace Packhorse.Packing;

/// <summary>A module and where it will be.</summary>
/// <param name="Path">Relative to the prefix.</param>
internal readonly record struct PythonModule(string Path, byte[] Source);

/// <summary>
/// Compiles modules to byte-code by the environment's own Python: files that name the hash of their source and are taken unchecked (PEP 552),
/// as nothing can change in an image; checked only where the source has the prefix in it, and so changes with it. Equal modules in equal groups give equal bytes. One thread asks.
/// </summary>
internal sealed class ByteCodeCompiler : IDisposable
{
    private const string ResourceName = "Packhorse.Packing.compile.py";

    // Byte-code is about as large as its source; what is larger than this is no byte-code.
    private const int LargestAnswer = 256 << 20;

    private readonly PipedProcess _python;

    private ByteCodeCompiler(PipedProcess python, string tag)
    {
        _python = python;
        Tag = tag;
    }

    /// <summary>What stands in the names of its files, such as <c>cpython-311</c>.</summary>
    public string Tag { get; }

    /// <param name="interpreter">Absolute path.</param>
    /// <returns>Null when it does not run here, or is too old for byte-code of this kind.</returns>
    public static ByteCodeCompiler? TryStart(string interpreter)
    {
        // The order of sets is in byte-code.
        var environment = new Dictionary<string, string> { ["PYTHONHASHSEED"] = "0", ["LC_ALL"] = "C.UTF-8" };
        var python = PipedProcess.TryStart(interpreter, ["-s", "-S", "-B", "-c", ReadScript()], environment);
        if (python is null)
        {
            return null;
        }
        try
        {
            byte[] tag = ReadBytes(python.Output);
            if (tag.Length is > 0 and < 64)
            {
                return new ByteCodeCompiler(python, Encoding.ASCII.GetString(tag));
            }
        }
        catch (Exception error) when (error is IOException or EndOfStreamException)
        {
            // It has ended: not the Python that it should be.
        }
        python.Dispose();
        return null;
    }

    /// <summary>Where the byte-code of a module belongs.</summary>
    public string PathFor(string module)
    {
        int slash = module.LastIndexOf('/');
        string name = module[(slash + 1)..^".py".Length];
        return $"{module[..(slash + 1)]}__pycache__/{name}.{Tag}.pyc";
    }

    /// <param name="modules">One group.</param>
    /// <param name="prefix">The prefix that will be in the byte-code.</param>
    /// <returns>For each module its byte-code; empty for what does not compile.</returns>
    public byte[][] Compile(IReadOnlyList<PythonModule> modules, string prefix)
    {
        try
        {
            WriteBytes(Encoding.UTF8.GetBytes(prefix));
            WriteNumber(modules.Count);
            foreach (PythonModule module in modules)
            {
                WriteBytes(Encoding.UTF8.GetBytes($"{prefix}/{module.Path}"));
                WriteBytes(module.Source);
            }
            _python.Input.Flush();
            return [.. modules.Select(_ => ReadBytes(_python.Output))];
        }
        catch (IOException)
        {
            throw new OperationFailedException(
                ErrorCodes.ByteCode,
                $"the environment's Python stopped while it compiled modules such as {EntryPath.Quote(modules[0].Path)}: {_python.WaitForError().Trim()}"
            )
            {
                Hint = "--pyc off makes the image without byte-code",
            };
        }
    }

    public void Dispose() => _python.Dispose();

    private static string ReadScript()
    {
        using Stream stream =
            typeof(ByteCodeCompiler).Assembly.GetManifestResourceStream(ResourceName)
            ?? throw new InvalidOperationException($"the resource {ResourceName} is missing");
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return reader.ReadToEnd();
    }

    private void WriteBytes(ReadOnlySpan<byte> bytes)
    {
        WriteNumber(bytes.Length);
        _python.Input.Write(bytes);
    }

    private void WriteNumber(int number)
    {
        Span<byte> bytes = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, number);
        _python.Input.Write(bytes);
    }

    private static byte[] ReadBytes(Stream stream)
    {
        Span<byte> number = stackalloc byte[sizeof(int)];
        stream.ReadExactly(number);
        int length = BinaryPrimitives.ReadInt32LittleEndian(number);
        if (length is < 0 or > LargestAnswer)
        {
            throw new IOException("an answer of impossible size");
        }
        var bytes = new byte[length];
        stream.ReadExactly(bytes);
        return bytes;
    }
}
