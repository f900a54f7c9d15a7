using Packhorse.Codecs;
using Packhorse.Conda;
using Packhorse.Model;

namespace Packhorse.Install;

/// <summary>Puts the prefix into one file on its way to the sink and digests the result.</summary>
public sealed class Relocation : IContentWriter, IDisposable
{
    private readonly HashingWriter _hashing;
    private readonly PrefixReplacer _replacer;

    /// <param name="output">Told where the prefix stands, if it wants to know.</param>
    public Relocation(PrefixPlaceholder placeholder, InstallTarget target, IContentWriter output)
    {
        _hashing = new HashingWriter(output);
        _replacer = new PrefixReplacer(placeholder, target, _hashing, output as IPrefixObserver);
    }

    public void Write(ReadOnlySpan<byte> bytes) => _replacer.Write(bytes);

    /// <summary>Gives out the rest.</summary>
    /// <returns>The SHA-256 of what was given out.</returns>
    public Digest Finish()
    {
        _replacer.Finish();
        return _hashing.Finish();
    }

    public void Dispose()
    {
        _replacer.Dispose();
        _hashing.Dispose();
    }

    private sealed class HashingWriter(IContentWriter output) : IContentWriter, IDisposable
    {
        private readonly Sha256 _hash = new();

        public void Write(ReadOnlySpan<byte> bytes)
        {
            _hash.Append(bytes);
            output.Write(bytes);
        }

        public Digest Finish() => _hash.Finish();

        public void Dispose() => _hash.Dispose();
    }
}
