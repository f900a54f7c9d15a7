using System.Buffers;
using System.Text;
using Packhorse.Conda;

namespace Packhorse.Install;

/// <summary>Where rewritten bytes go.</summary>
public interface IContentWriter
{
    void Write(ReadOnlySpan<byte> bytes);
}

/// <summary>
/// Is told where in a file as it is written the prefix stands, so that another prefix can be put there later. Offsets are of the file
/// with the prefix in it.
/// </summary>
public interface IPrefixObserver
{
    /// <summary>The first line was written by the rules of <see cref="Shebang"/>; it is the first that is told of.</summary>
    /// <param name="line">The line as packaged, without its newline.</param>
    /// <param name="written">Bytes that stand in its place.</param>
    void OnFirstLine(ReadOnlySpan<byte> line, ReadOnlySpan<byte> placeholder, int written);

    /// <summary>The prefix begins here; behind the first line, and in ascending order.</summary>
    void OnPrefix(long offset);

    /// <summary>Binary files: the string that held the last prefixes ends here, filled up with NULs to its old length.</summary>
    void OnStringEnd(long offset);
}

/// <summary>
/// Replaces the placeholder of one file by the prefix while its content streams through, in constant memory. Text: every occurrence,
/// and the first line by the rules of <see cref="Shebang"/>. Binary: from an occurrence to the next NUL all occurrences, then as many
/// NULs as keep the length (conda's and rattler's rules).
/// </summary>
public sealed class PrefixReplacer : IDisposable
{
    private const int WindowBytes = 128 << 10;

    private readonly IContentWriter _output;
    private readonly IPrefixObserver? _observer;
    private readonly InstallTarget _target;
    private readonly byte[] _placeholder;
    private readonly PrefixFileMode _mode;
    private byte[] _window;
    private int _held;
    private bool _firstLinePending;

    // Binary: inside a string that had the placeholder, and how many bytes it has lost so far.
    private bool _insideString;
    private int _lost;

    // Bytes given out so far.
    private long _written;

    public PrefixReplacer(
        PrefixPlaceholder placeholder,
        InstallTarget target,
        IContentWriter output,
        IPrefixObserver? observer = null
    )
    {
        _output = output;
        _observer = observer;
        _target = target;
        _mode = placeholder.Mode;
        _placeholder = Encoding.UTF8.GetBytes(placeholder.Text);
        _window = ArrayPool<byte>.Shared.Rent(WindowBytes + _placeholder.Length);
        _firstLinePending = _mode == PrefixFileMode.Text && !target.Platform.IsWindows;
    }

    public void Write(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            int count = Math.Min(bytes.Length, _window.Length - _held);
            bytes[..count].CopyTo(_window.AsSpan(_held));
            _held += count;
            bytes = bytes[count..];
            Process(final: false);
        }
    }

    /// <summary>The content has ended: gives out what is still held.</summary>
    public void Finish() => Process(final: true);

    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(_window);
        _window = [];
        _held = 0;
    }

    private void Process(bool final)
    {
        int start = 0;
        if (_firstLinePending)
        {
            if (!TryTakeFirstLine(final, out start))
            {
                return;
            }
            _firstLinePending = false;
        }
        ReadOnlySpan<byte> window = _window.AsSpan(start, _held - start);
        int kept = _mode == PrefixFileMode.Text ? ReplaceText(window, final) : ReplaceBinary(window, final);
        window[^kept..].CopyTo(_window);
        _held = kept;
    }

    // A shebang is buffered up to its newline, as far as one can be sensible.
    private bool TryTakeFirstLine(bool final, out int length)
    {
        length = 0;
        ReadOnlySpan<byte> window = _window.AsSpan(0, _held);
        if (window.Length < 2 && !final)
        {
            return false;
        }
        if (!window.StartsWith("#!"u8))
        {
            return true;
        }
        int newline = window.IndexOf((byte)'\n');
        if (newline < 0 && !final && window.Length <= Model.Limits.ShebangBytes)
        {
            return false;
        }
        if (newline > Model.Limits.ShebangBytes || (newline < 0 && window.Length > Model.Limits.ShebangBytes))
        {
            return true;
        }
        length = newline < 0 ? window.Length : newline;
        byte[] line = Shebang.Rewrite(window[..length], _placeholder, _target);
        _observer?.OnFirstLine(window[..length], _placeholder, line.Length);
        Emit(line);
        return true;
    }

    // Returns how many bytes at the end must be looked at again together with what follows.
    private int ReplaceText(ReadOnlySpan<byte> window, bool final)
    {
        while (window.IndexOf(_placeholder) is var at and >= 0)
        {
            Emit(window[..at]);
            EmitPrefix();
            window = window[(at + _placeholder.Length)..];
        }
        return WriteAllButTail(window, final);
    }

    private int ReplaceBinary(ReadOnlySpan<byte> window, bool final)
    {
        while (true)
        {
            int at = window.IndexOf(_placeholder);
            int end = _insideString ? window.IndexOf((byte)0) : -1;
            if (end >= 0 && (at < 0 || end < at))
            {
                Emit(window[..end]);
                EndString();
                window = window[end..];
            }
            else if (at >= 0)
            {
                Emit(window[..at]);
                EmitPrefix();
                _insideString = true;
                _lost += _placeholder.Length - _target.PrefixBytes.Length;
                window = window[(at + _placeholder.Length)..];
            }
            else
            {
                break;
            }
        }
        int kept = WriteAllButTail(window, final);
        if (final && _insideString)
        {
            EndString();
        }
        return kept;
    }

    private int WriteAllButTail(ReadOnlySpan<byte> window, bool final)
    {
        int kept = final ? 0 : Math.Min(window.Length, _placeholder.Length - 1);
        Emit(window[..^kept]);
        return kept;
    }

    private void EndString()
    {
        Span<byte> zeros = stackalloc byte[512];
        zeros.Clear();
        while (_lost > 0)
        {
            int count = Math.Min(_lost, zeros.Length);
            Emit(zeros[..count]);
            _lost -= count;
        }
        _insideString = false;
        _observer?.OnStringEnd(_written);
    }

    private void EmitPrefix()
    {
        _observer?.OnPrefix(_written);
        Emit(_target.PrefixBytes);
    }

    private void Emit(ReadOnlySpan<byte> bytes)
    {
        _output.Write(bytes);
        _written += bytes.Length;
    }
}
