using Packhorse.Model;

namespace Packhorse.Lock;

/// <summary>The file that is read, for messages of the form <c>WHERE:LINE: what is wrong</c>.</summary>
internal sealed record LockText(string Where)
{
    public CorruptDataException Corrupt(int line, string problem, Exception? inner = null) =>
        new(ErrorCodes.BadLock, $"{Where}:{line}: {problem}", inner);
}
