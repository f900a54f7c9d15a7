using Packhorse.Codecs;
using Packhorse.Model;

namespace Packhorse.Conda;

/// <summary>
/// The members of a conda package in the order in which they are stored, whichever format it has: a <c>.tar.bz2</c>, or a
/// <c>.conda</c>, of which every part that ends in <c>.tar.zst</c> belongs to the package. Reads the stream once, from its beginning.
/// </summary>
public sealed class CondaPackageReader : IDisposable
{
    private const string PartSuffix = ".tar.zst";

    private readonly Stream _package;
    private readonly string _where;
    private readonly ZipStreamReader? _zip;
    private Stream? _decoder;
    private TarReader? _tar;

    /// <param name="package">The whole package file; not owned.</param>
    /// <param name="where">The package file, for messages.</param>
    public CondaPackageReader(Stream package, PackageArchiveKind kind, string where)
    {
        _package = package;
        _where = where;
        _zip = kind == PackageArchiveKind.Conda ? new ZipStreamReader(package, where) : null;
    }

    /// <summary>The current member; its content is read from here.</summary>
    public TarReader Tar => _tar!;

    /// <summary>The current member's path, checked and normalized.</summary>
    public string Path { get; private set; } = "";

    /// <summary>True for members of <c>info/</c>, which are not installed.</summary>
    public bool IsInfo => IsInfoPath(Path);

    public static bool IsInfoPath(string path) => path == "info" || path.StartsWith("info/", StringComparison.Ordinal);

    /// <returns>False after the last member.</returns>
    /// <exception cref="CorruptDataException">The package is damaged, unsafe or beyond the limits.</exception>
    public bool MoveNext()
    {
        while (true)
        {
            if (_tar is not null && _tar.MoveNext())
            {
                Path = EntryPath.Normalize(_tar.Current.Name, _where);
                if (Path.Length > 0)
                {
                    return true;
                }
                continue;
            }
            if (!OpenNextTar())
            {
                return false;
            }
        }
    }

    public void Dispose()
    {
        _decoder?.Dispose();
        _zip?.Dispose();
    }

    private bool OpenNextTar()
    {
        bool first = _tar is null;
        DrainDecoder();
        _tar = null;
        if (_zip is null)
        {
            if (!first)
            {
                return false;
            }
            _decoder = new Bzip2Stream(_package, _where);
        }
        else
        {
            do
            {
                if (!_zip.MoveNext())
                {
                    return false;
                }
            } while (!_zip.Current.Name.EndsWith(PartSuffix, StringComparison.Ordinal));
            _decoder = new ZstdStream(_zip.OpenContent(), $"{_where}: {_zip.Current.Name}");
        }
        _tar = new TarReader(_decoder, _where);
        return true;
    }

    // Some tars are padded to 10 KiB: what follows their end marker has to be decompressed too, or a cut would go unnoticed.
    private void DrainDecoder()
    {
        if (_decoder is null)
        {
            return;
        }
        Span<byte> sink = stackalloc byte[4096];
        while (_decoder.Read(sink) > 0) { }
        _decoder.Dispose();
        _decoder = null;
    }
}
