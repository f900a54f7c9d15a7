namespace Packhorse.Model;

/// <summary>
/// A failure that a user can act on. The subclass says what can be done next (<see cref="ExitClass"/>), <see cref="Code"/> is
/// stable across releases, <see cref="Hint"/> names the next step where there is one.
/// </summary>
public abstract class PackhorseException : Exception
{
    private protected PackhorseException(ExitClass exitClass, string code, string message, Exception? inner)
        : base(message, inner)
    {
        ExitClass = exitClass;
        Code = code;
    }

    public ExitClass ExitClass { get; }

    /// <summary>For example <c>PH0401</c>: the two middle digits are the exit class.</summary>
    public string Code { get; }

    /// <summary>One sentence on what to do next, without a leading "hint:".</summary>
    public string? Hint { get; init; }
}

/// <summary>None of the other classes fits.</summary>
public sealed class OperationFailedException(string code, string message, Exception? inner = null)
    : PackhorseException(ExitClass.Other, code, message, inner);

/// <summary>What was asked for makes no sense; asking differently helps.</summary>
public sealed class UsageException(string code, string message, Exception? inner = null)
    : PackhorseException(ExitClass.Usage, code, message, inner);

/// <summary>Something that was named does not exist.</summary>
public sealed class NotFoundException(string code, string message, Exception? inner = null)
    : PackhorseException(ExitClass.NotFound, code, message, inner);

/// <summary>Bytes are not what their digest, their size or their format says. The only exception that leaves a parser.</summary>
public sealed class CorruptDataException(string code, string message, Exception? inner = null)
    : PackhorseException(ExitClass.Corrupt, code, message, inner);

/// <summary>The same command may succeed later.</summary>
public sealed class TransientException(string code, string message, Exception? inner = null)
    : PackhorseException(ExitClass.Transient, code, message, inner);

/// <summary>The operating system refused.</summary>
public sealed class SystemRefusedException(string code, string message, Exception? inner = null)
    : PackhorseException(ExitClass.Refused, code, message, inner)
{
    /// <summary>The error number, or 0 where there is none.</summary>
    public int Errno { get; init; }
}

/// <summary>Made for another platform or in an unknown format version.</summary>
public sealed class IncompatibleException(string code, string message, Exception? inner = null)
    : PackhorseException(ExitClass.Incompatible, code, message, inner);
