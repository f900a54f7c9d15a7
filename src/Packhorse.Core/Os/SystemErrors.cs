using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Packhorse.Model;

namespace Packhorse.Os;

/// <summary>Turns what the operating system says into exceptions that tell a user what to do next.</summary>
public static class SystemErrors
{
    // errno values of Linux, asm-generic/errno-base.h; the same on every architecture that we ship for.
    public const int EPERM = 1;
    public const int ENOENT = 2;
    public const int EINTR = 4;
    public const int EBADF = 9;
    public const int EAGAIN = 11;
    public const int EACCES = 13;
    public const int EEXIST = 17;
    public const int EXDEV = 18;
    public const int ENOTDIR = 20;
    public const int EISDIR = 21;
    public const int EINVAL = 22;
    public const int EMFILE = 24;
    public const int EMLINK = 31;
    public const int ENOSPC = 28;
    public const int EROFS = 30;
    public const int EPIPE = 32;
    public const int ENAMETOOLONG = 36;
    public const int ENOSYS = 38;
    public const int ENOTEMPTY = 39;
    public const int ELOOP = 40;
    public const int EOPNOTSUPP = 95;
    public const int EDQUOT = 122;

    /// <param name="operation">What was tried, as in "cannot {operation} {path}".</param>
    public static PackhorseException FromErrno(int errno, string operation, string path, Exception? inner = null)
    {
        string message = $"cannot {operation} {EntryPath.Quote(path)}: {Describe(errno)}";
        return errno switch
        {
            ENOENT => new NotFoundException(ErrorCodes.FileNotFound, message, inner),
            ENOSPC or EDQUOT => new SystemRefusedException(ErrorCodes.DiskFull, message, inner)
            {
                Errno = errno,
                Hint = "free some space or choose a directory on another file system",
            },
            EACCES or EPERM => new SystemRefusedException(ErrorCodes.PermissionDenied, message, inner)
            {
                Errno = errno,
            },
            EROFS => new SystemRefusedException(ErrorCodes.ReadOnly, message, inner)
            {
                Errno = errno,
                Hint = "choose a directory that can be written to",
            },
            ENOTDIR or EISDIR or EEXIST or ELOOP => new SystemRefusedException(ErrorCodes.NotADirectory, message, inner)
            {
                Errno = errno,
            },
            EPIPE => new SystemRefusedException(ErrorCodes.SystemRefused, message, inner)
            {
                Errno = errno,
                Hint = "whoever reads it ended early, and has perhaps said why",
            },
            // A lock that another process holds.
            EAGAIN => new TransientException(
                ErrorCodes.Busy,
                $"{EntryPath.Quote(path)} is in use by another process",
                inner
            )
            {
                Hint = "wait for the other process, or choose another path",
            },
            _ => new SystemRefusedException(ErrorCodes.SystemRefused, message, inner) { Errno = errno },
        };
    }

    /// <summary>Translates an exception of the base class library; returns null for what is none of the system's.</summary>
    public static PackhorseException? FromException(Exception error, string operation, string path) =>
        error switch
        {
            PackhorseException known => known,
            FileNotFoundException or DirectoryNotFoundException => new NotFoundException(
                ErrorCodes.FileNotFound,
                $"cannot {operation} {EntryPath.Quote(path)}: no such file or directory"
            ),
            UnauthorizedAccessException => new SystemRefusedException(
                ErrorCodes.PermissionDenied,
                $"cannot {operation} {EntryPath.Quote(path)}: {Inner(error)}",
                error
            ),
            PathTooLongException => new UsageException(
                ErrorCodes.BadArguments,
                $"cannot {operation} {EntryPath.Quote(path)}: the path is too long",
                error
            ),
            // On Unix the HResult of an IOException is the errno.
            IOException when !OperatingSystem.IsWindows() && error.HResult is > 0 and < 4096 => FromErrno(
                error.HResult,
                operation,
                path
            ),
            IOException => new SystemRefusedException(
                ErrorCodes.SystemRefused,
                $"cannot {operation} {EntryPath.Quote(path)}: {error.Message}",
                error
            ),
            _ => null,
        };

    /// <summary>Runs an operation of the base class library and translates what it throws.</summary>
    public static T Translating<T>(string operation, string path, Func<T> action)
    {
        try
        {
            return action();
        }
        catch (Exception error)
            when (error is not PackhorseException && FromException(error, operation, path) is { } translated)
        {
            throw translated;
        }
    }

    /// <inheritdoc cref="Translating{T}"/>
    public static void Translating(string operation, string path, Action action) =>
        Translating(
            operation,
            path,
            () =>
            {
                action();
                return true;
            }
        );

    [UnsupportedOSPlatform("windows")]
    internal static PackhorseException LastError(string operation, string path) =>
        FromErrno(Marshal.GetLastPInvokeError(), operation, path);

    private static string Describe(int errno)
    {
        string text = Marshal.GetPInvokeErrorMessage(errno);
        return text.Length > 0 ? char.ToLowerInvariant(text[0]) + text[1..] : $"error {errno}";
    }

    private static string Inner(Exception error) =>
        error.InnerException is IOException inner && inner.HResult is > 0 and < 4096
            ? Describe(inner.HResult)
            : "permission denied";
}
