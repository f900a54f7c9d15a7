using Packhorse.Model;

namespace Packhorse.Fetch;

/// <summary>
/// What has arrived of one download, from whom, and with which digest so far. Knows nothing of networks; decides what may be
/// continued by whom.
/// </summary>
internal sealed class Transfer : IDisposable
{
    private readonly FetchRequest _request;
    private readonly IFetchTarget _target;
    private readonly IReporter _reporter;
    private readonly ContentHash _hash;
    private readonly List<Place> _servedBy = [];
    private (Place Place, string ETag)? _validator;
    private bool _hasPrefix;
    private long? _saidTotal;
    private bool _begun;
    private long _furthest;

    public Transfer(FetchRequest request, IFetchTarget target, IReporter reporter)
    {
        _request = request;
        _target = target;
        _reporter = reporter;
        _hash = new ContentHash(request.Expected is { Sha256: null, Md5: not null });
    }

    public long? ExpectedSize => _request.Expected.Size;

    /// <summary>Bytes of the whole file: as expected, else as the server said whose bytes have arrived.</summary>
    public long? Total => ExpectedSize ?? _saidTotal;

    public bool IsVerifiable => _request.Expected.IsVerifiable || _request.Rule is not null;

    /// <summary>Bytes in the target: where the next one goes.</summary>
    public long Position { get; private set; }

    /// <summary>Bytes that came for the first time: what counts as progress. Never falls.</summary>
    public long NewBytes { get; private set; }

    /// <summary>One place may continue what another began. The same digest is the same bytes, until it turns out not to be.</summary>
    public bool MayMix { get; set; } = true;

    /// <summary>Takes over what an earlier run left, unless it cannot be right.</summary>
    public void ReadPrefix(Stream prefix, CancellationToken cancellation)
    {
        if (!IsVerifiable)
        {
            _target.Restart();
            return;
        }
        var buffer = new byte[1 << 20];
        int count;
        while ((count = prefix.Read(buffer)) > 0)
        {
            cancellation.ThrowIfCancellationRequested();
            _hash.Append(buffer.AsSpan(0, count));
            _reporter.Advance(count);
            Position += count;
        }
        _hasPrefix = Position > 0;
        _furthest = Position;
        if (Position > ExpectedSize || (Position == ExpectedSize && !DigestIsRight()))
        {
            Discard();
        }
    }

    /// <summary>Goes back to the start unless <paramref name="place"/> may continue at <see cref="Position"/>.</summary>
    public void PrepareFor(Place place)
    {
        bool sameBytes = IsVerifiable && (MayMix || IsOnlyFrom(place));
        bool sameEntity = _validator?.Place == place && IsOnlyFrom(place);
        if (Position > 0 && (place.RangesAreUnusable || !(sameBytes || sameEntity)))
        {
            Restart();
        }
    }

    /// <summary>Going elsewhere would mean to begin anew.</summary>
    public bool MustStayWith(Place place) => Position > 0 && !(IsVerifiable && MayMix) && IsOnlyFrom(place);

    /// <summary>The strong entity tag under which <paramref name="place"/> served what has arrived.</summary>
    public string? ValidatorOf(Place place) => _validator is { } known && known.Place == place ? known.ETag : null;

    /// <summary>An answer of <paramref name="place"/> begins at <see cref="Position"/>.</summary>
    /// <param name="total">Bytes of the whole file as the server says.</param>
    public void Begin(Place place, long? total, string? strongETag)
    {
        _validator = strongETag is null ? null : (place, strongETag);
        BeginTarget(total);
    }

    public void Write(Place place, ReadOnlySpan<byte> bytes)
    {
        if (!_servedBy.Contains(place))
        {
            _servedBy.Add(place);
        }
        _target.Write(Position, bytes);
        _hash.Append(bytes);
        _reporter.Advance(bytes.Length);
        Position += bytes.Length;
        if (Position > _furthest)
        {
            NewBytes += Position - _furthest;
            _furthest = Position;
        }
    }

    /// <summary>Forgets all bytes so far. Bytes up to where it was count as progress no more.</summary>
    public void Restart()
    {
        if (Position == 0 && !_begun)
        {
            return;
        }
        _target.Restart();
        _hash.Restart();
        _reporter.Advance(-Position);
        Position = 0;
        _begun = false;
        _hasPrefix = false;
        _validator = null;
        _saidTotal = null;
        _servedBy.Clear();
    }

    /// <summary>As <see cref="Restart"/>, because the bytes are wrong: getting right ones is progress from the first on.</summary>
    public void Discard()
    {
        Restart();
        _furthest = 0;
    }

    public bool HasBytesFrom(Place place) => _servedBy.Contains(place);

    public bool IsOnlyFrom(Place place) => !_hasPrefix && _servedBy.TrueForAll(other => other == place);

    /// <summary>True when nothing is expected, or what has arrived is it.</summary>
    public bool DigestIsRight() =>
        _request.Expected switch
        {
            { Sha256: { } sha256 } => _hash.Sha256() == sha256,
            { Md5: { } md5 } => _hash.Md5() == md5,
            _ => _request.Rule?.Accepts(_hash.Sha256()) ?? true,
        };

    /// <summary>What has arrived has the digest expected: it is all.</summary>
    public bool IsProvenRight() => IsVerifiable && Position == (ExpectedSize ?? Position) && DigestIsRight();

    /// <summary>The end has been reached: compares all with what was expected.</summary>
    /// <exception cref="AttemptFailure"><see cref="FetchIncidentKind.WrongBytes"/>.</exception>
    public FetchedContent Verify()
    {
        ExpectedContent expected = _request.Expected;
        bool sizeIsRight = expected.Size is null || expected.Size == Position;
        if (!sizeIsRight || !DigestIsRight())
        {
            bool byMd5 = expected is { Sha256: null, Md5: not null };
            string digest = byMd5 ? $"md5 {expected.Md5}" : $"sha256 {expected.Sha256}";
            string wanted = Describe(expected.Size, _request.Rule?.Wanted ?? digest);
            string got = Describe(Position, byMd5 ? $"md5 {_hash.Md5()}" : $"sha256 {_hash.Sha256()}");
            string culprits = _servedBy.Count + (_hasPrefix ? 1 : 0) > 1 ? $" ({Sources()})" : "";
            throw new AttemptFailure(
                FetchIncidentKind.WrongBytes,
                $"it served wrong bytes{culprits}: expected {wanted}; got {got}"
            )
            {
                IsAboutSize = !IsVerifiable,
            };
        }
        BeginTarget(Position);
        return new FetchedContent(Position, _hash.Sha256());
    }

    public void Dispose() => _hash.Dispose();

    private void BeginTarget(long? total)
    {
        _saidTotal ??= total;
        if (!_begun)
        {
            _begun = true;
            _target.Begin(Total);
        }
    }

    private string Sources() =>
        string.Join(
            ", then ",
            _servedBy.Select(place => place.ToString()).Prepend("what an earlier run left").Skip(_hasPrefix ? 0 : 1)
        );

    private string Describe(long? size, string digest)
    {
        string bytes = size is null ? "" : $"{size:N0} bytes";
        return !IsVerifiable ? bytes
            : size is null ? digest
            : $"{bytes}, {digest}";
    }
}
