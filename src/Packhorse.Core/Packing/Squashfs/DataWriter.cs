using Packhorse.Codecs;
using Packhorse.Model;

namespace Packhorse.Packing.Squashfs;

/// <summary>
/// Turns the contents of files, one after the other, into data and fragment blocks. A file smaller than a block goes into a fragment
/// block together with others; one of equal content that came before is used again.
/// </summary>
internal sealed class DataWriter(BlockPipeline pipeline) : IDisposable
{
    private readonly Dictionary<Digest, FileData> _small = [];

    // Used on the writing thread alone.
    private readonly Dictionary<(long Size, Digest Digest), FileData> _large = [];
    private readonly List<(long Start, uint Size)> _fragments = [];

    private DataBlock? _fragment;
    private int _fragmentCount;
    private FileData? _current;
    private Sha256? _hash;
    private DataBlock? _block;

    /// <summary>Place and stored size of the fragment blocks; complete when the pipeline is.</summary>
    public IReadOnlyList<(long Start, uint Size)> Fragments => _fragments;

    public void Begin()
    {
        _current = new FileData();
        _hash = new Sha256();
        _block = pipeline.Rent();
    }

    public void Write(ReadOnlySpan<byte> bytes)
    {
        _hash!.Append(bytes);
        _current!.Size += bytes.Length;
        while (!bytes.IsEmpty)
        {
            if (_block!.Free == 0)
            {
                // Only now is it known that the file has more than this block.
                WriteBlock();
                _block = pipeline.Rent();
            }
            bytes = bytes[_block.Fill(bytes)..];
        }
    }

    /// <summary>The file is complete.</summary>
    /// <param name="digest">SHA-256 of its content.</param>
    public FileData End(out Digest digest)
    {
        FileData data = _current!;
        digest = _hash!.Finish();
        bool isSmall = data.Size < (long)_block!.Free + _block.Count;
        if (isSmall)
        {
            data = EndSmall(data, digest);
        }
        else
        {
            WriteBlock();
            Digest all = digest;
            pipeline.Then(position => ShareLarge(data, all, position));
        }
        _hash.Dispose();
        _current = null;
        _hash = null;
        _block = null;
        return data;
    }

    /// <summary>Discards what came of the file; blocks that were written stay unused.</summary>
    public void Abandon()
    {
        _hash?.Dispose();
        if (_block is not null)
        {
            pipeline.Return(_block);
        }
        _current = null;
        _hash = null;
        _block = null;
    }

    /// <summary>No file comes any more.</summary>
    public void Complete()
    {
        if (_fragment is not null)
        {
            FlushFragment(_fragment);
            _fragment = null;
        }
    }

    public void Dispose() => _hash?.Dispose();

    private FileData EndSmall(FileData data, Digest digest)
    {
        if (_small.TryGetValue(digest, out FileData? same) || data.Size == 0)
        {
            pipeline.Return(_block!);
            return same ?? data;
        }
        _small.Add(digest, data);
        if (_fragment is not null && _fragment.Free < _block!.Count)
        {
            FlushFragment(_fragment);
            _fragment = null;
        }
        if (_fragment is null)
        {
            // The file's own block becomes the next fragment block.
            _fragment = _block!;
            data.FragmentOffset = 0;
        }
        else
        {
            data.FragmentOffset = _fragment.Count;
            _fragment.Fill(_block!.Raw);
            pipeline.Return(_block);
        }
        data.Fragment = _fragmentCount;
        return data;
    }

    private void FlushFragment(DataBlock fragment)
    {
        _fragmentCount++;
        pipeline.Write(fragment, (start, size) => _fragments.Add((start, size)));
    }

    private void WriteBlock()
    {
        FileData data = _current!;
        DataBlock block = _block!;
        int count = block.Count;
        block.DetectHole();
        pipeline.Write(
            block,
            (start, size) =>
            {
                if (data.Blocks.Count == 0)
                {
                    data.Start = start;
                }
                data.Blocks.Add(size);
                data.Sparse += size == 0 ? count : 0;
            }
        );
    }

    // On the writing thread: the blocks of a file that was there before are overwritten by what comes next.
    private void ShareLarge(FileData data, Digest digest, WritePosition position)
    {
        if (_large.TryGetValue((data.Size, digest), out FileData? same))
        {
            position.Offset = data.Start;
            data.ShareWith(same);
        }
        else
        {
            _large.Add((data.Size, digest), data);
        }
    }
}
