namespace Packhorse.Model;

/// <summary>What a caller can do about a failure; the numbers are the exit codes of every command.</summary>
public enum ExitClass
{
    Ok = 0,

    /// <summary>None of the others.</summary>
    Other = 1,

    /// <summary>The command line, a manifest or a configuration asks for something that makes no sense.</summary>
    Usage = 2,

    /// <summary>A named file, environment, platform or package does not exist.</summary>
    NotFound = 3,

    /// <summary>Bytes are not what their digest, size or format says.</summary>
    Corrupt = 4,

    /// <summary>A retry may help: network, a busy lock.</summary>
    Transient = 5,

    /// <summary>The system refused: disk full, permission, read-only.</summary>
    Refused = 6,

    /// <summary>Made for another platform, or in a format version that this program does not know.</summary>
    Incompatible = 7,

    /// <summary>A check ran and found errors.</summary>
    FindingsFound = 8,
}
