namespace Packhorse.Model;

/// <summary>The stable codes of <see cref="PackhorseException.Code"/>; <c>docs/reference/errors.md</c> lists them.</summary>
public static class ErrorCodes
{
    public const string Unexpected = "PH0100";
    public const string PackagesDoNotFit = "PH0101";
    public const string ServerRefused = "PH0102";
    public const string ServerNotTrusted = "PH0103";
    public const string ByteCode = "PH0104";
    public const string BuildFailed = "PH0105";
    public const string NotSigned = "PH0106";

    public const string BadArguments = "PH0200";
    public const string BadManifest = "PH0201";
    public const string BadConfiguration = "PH0202";
    public const string OutputInTheWay = "PH0203";
    public const string UnsupportedPackageKind = "PH0204";
    public const string AmbiguousPlatform = "PH0205";
    public const string UnknownShell = "PH0206";
    public const string UnsupportedUrl = "PH0207";
    public const string PrefixTooLong = "PH0208";
    public const string NoScratchDirectory = "PH0209";
    public const string NotARuntime = "PH0210";
    public const string BadBase = "PH0211";

    public const string FileNotFound = "PH0300";
    public const string EnvironmentNotFound = "PH0301";
    public const string PlatformNotFound = "PH0302";
    public const string UrlNotFound = "PH0303";
    public const string NoFrontEnd = "PH0304";
    public const string NoSshKeygen = "PH0305";

    public const string Malformed = "PH0400";
    public const string DigestMismatch = "PH0401";
    public const string SizeMismatch = "PH0402";
    public const string Truncated = "PH0403";
    public const string LimitExceeded = "PH0404";
    public const string UnsafePath = "PH0405";
    public const string BadLock = "PH0406";
    public const string BadPackage = "PH0407";
    public const string BadPack = "PH0408";
    public const string NotVerified = "PH0409";
    public const string BadImage = "PH0410";
    public const string BadSubmitFile = "PH0411";
    public const string BadJobRecord = "PH0412";
    public const string BadSignature = "PH0413";
    public const string SignerNotAllowed = "PH0414";

    public const string DownloadFailed = "PH0500";
    public const string Busy = "PH0501";
    public const string ConnectionLost = "PH0502";
    public const string UploadFailed = "PH0503";

    public const string SystemRefused = "PH0600";
    public const string DiskFull = "PH0601";
    public const string PermissionDenied = "PH0602";
    public const string ReadOnly = "PH0603";
    public const string NotADirectory = "PH0604";
    public const string NotPrivate = "PH0605";
    public const string CannotMount = "PH0606";

    public const string WrongPlatform = "PH0700";
    public const string NewerFormat = "PH0701";
    public const string UnsupportedHere = "PH0702";
}
