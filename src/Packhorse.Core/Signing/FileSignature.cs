using System.Security.Cryptography;
using Packhorse.Model;
using Packhorse.Os;

namespace Packhorse.Signing;

/// <summary>Who signed a file.</summary>
/// <param name="Names">As the file of allowed signers has them; empty where it has none.</param>
/// <param name="Key">The key's kind and fingerprint.</param>
/// <param name="Sha256">Of the file.</param>
public sealed record Signer(string Names, string Key, Digest Sha256);

/// <summary>
/// Detached signatures of whole files, in OpenSSH's format: what <c>ssh-keygen -Y sign</c> and <c>-Y verify</c> with the namespace
/// <c>packhorse</c> do. Verifying needs no other program; signing calls ssh-keygen, which knows agents, passphrases and hardware keys.
/// </summary>
public static class FileSignature
{
    /// <summary>What the signatures are for.</summary>
    public const string Namespace = "packhorse";

    /// <summary>Behind the name of the file that is signed.</summary>
    public const string Extension = ".sig";

    private const string Program = "ssh-keygen";
    private const int BlockBytes = 1 << 20;

    /// <param name="paths">The last of a file of allowed signers, or of public keys.</param>
    /// <exception cref="CorruptDataException">The signature is none, is of other content, or not by one of them.</exception>
    public static Signer Verify(
        (string File, string Signature, string Keys) paths,
        TimeProvider clock,
        IReporter reporter,
        CancellationToken cancellation
    )
    {
        RequireFile(paths.File);
        using InputFile file = InputFile.Open(paths.File);
        return Verify(file, paths, clock, reporter, cancellation);
    }

    /// <param name="paths">The first only for messages.</param>
    /// <inheritdoc cref="Verify(ValueTuple{string, string, string}, TimeProvider, IReporter, CancellationToken)"/>
    public static Signer Verify(
        IRandomAccess content,
        (string File, string Signature, string Keys) paths,
        TimeProvider clock,
        IReporter reporter,
        CancellationToken cancellation
    )
    {
        SshSignature signature = Read(paths.Signature);
        string names = FindSigner(signature, paths.Keys, clock);
        Digest sha256 = Check((content, paths.File), (signature, paths.Signature), reporter, cancellation);
        return new Signer(names, signature.Key.ToString(), sha256);
    }

    /// <summary>That a signature is by one of these keys, before there is the file that it is of.</summary>
    /// <exception cref="CorruptDataException">It is not, or is none.</exception>
    public static void RequireSigner(string signature, string keys, TimeProvider clock) =>
        _ = FindSigner(Read(signature), keys, clock);

    /// <summary>That a signature is one of a file, whoever has made it.</summary>
    /// <exception cref="CorruptDataException">It is of other content, or none.</exception>
    public static void RequireOf(string path, string signature, IReporter reporter, CancellationToken cancellation)
    {
        using InputFile file = InputFile.Open(path);
        _ = Check((file, path), (Read(signature), signature), reporter, cancellation);
    }

    /// <summary>Signs with the user's ssh-keygen, and verifies what it made before it gets its name.</summary>
    /// <param name="key">A private key, or a public one whose private one an agent holds.</param>
    /// <param name="scratch">Where temporary files go.</param>
    /// <returns>The path of the signature, and by whom it is.</returns>
    /// <exception cref="NotFoundException">There is no file, or no ssh-keygen.</exception>
    /// <exception cref="OperationFailedException">ssh-keygen did not sign; it has said why.</exception>
    /// <exception cref="CorruptDataException">The file changed meanwhile.</exception>
    public static (string Path, Signer Signer) Sign(
        string path,
        string key,
        string scratch,
        IReporter reporter,
        CancellationToken cancellation
    )
    {
        RequireFile(path);
        if (!FileTree.Exists(key))
        {
            throw new NotFoundException(ErrorCodes.FileNotFound, $"there is no key {EntryPath.Quote(key)}")
            {
                Hint = "ssh-keygen -t ed25519 makes one",
            };
        }
        string output = FileTree.Absolute(path) + Extension;
        OutputFile.CheckReplaceable(output);
        using var directory = new TemporaryDirectory(scratch);
        // ssh-keygen writes beside the file that it is given, and asks before it overwrites.
        string link = directory["file"];
        FileTree.CreateSymbolicLink(link, FileTree.Absolute(path));
        int? exitCode = AttachedProcess.Run(
            Program,
            ["-q", "-Y", "sign", "-n", Namespace, "-f", FileTree.Absolute(key), link]
        );
        if (exitCode is null)
        {
            throw new NotFoundException(ErrorCodes.NoSshKeygen, $"there is no {Program} to sign with")
            {
                Hint = "install OpenSSH's client (openssh-client, openssh-clients)",
            };
        }
        if (exitCode != 0 || !FileTree.FileExists(link + Extension))
        {
            throw new OperationFailedException(
                ErrorCodes.NotSigned,
                $"{Program} did not sign {EntryPath.Quote(path)} with {EntryPath.Quote(key)}: exit code {exitCode}"
            )
            {
                Hint = "its own message is above; the passphrase, the agent or the permissions of the key may be wrong",
            };
        }
        SshSignature signature = Read(link + Extension);
        using InputFile signed = InputFile.Open(path);
        Digest sha256 = Check((signed, path), (signature, "the signature"), reporter, cancellation);
        using OutputFile file = OutputFile.Create(output, FilePermissions.ReadWrite);
        file.Write(InputFile.ReadAllBytes(link + Extension, Limits.SignatureBytes), 0);
        file.Complete();
        return (output, new Signer("", signature.Key.ToString(), sha256));
    }

    private static string FindSigner(SshSignature signature, string keys, TimeProvider clock)
    {
        byte[] bytes = InputFile.ReadAllBytes(keys, Limits.AllowedSignersBytes);
        return AllowedSigners.Parse(bytes, clock.LocalTimeZone, keys).Find(signature.Key, Namespace, clock.GetUtcNow());
    }

    private static SshSignature Read(string path)
    {
        var signature = SshSignature.Parse(InputFile.ReadAllBytes(path, Limits.SignatureBytes), path);
        return signature.Namespace == Namespace
            ? signature
            : throw new CorruptDataException(
                ErrorCodes.BadSignature,
                $"{path} is a signature for {EntryPath.Quote(signature.Namespace)}, and not for '{Namespace}'"
            )
            {
                Hint = $"sign with packhorse sign, or with ssh-keygen -Y sign -n {Namespace}",
            };
    }

    // Both digests in one go: the signature's own, and the one that people compare.
    private static Digest Check(
        (IRandomAccess Content, string Where) file,
        (SshSignature Signature, string Where) with,
        IReporter reporter,
        CancellationToken cancellation
    )
    {
        using var signed = IncrementalHash.CreateHash(with.Signature.Hash);
        using var sha256 = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        reporter.BeginStage("Comparing", 1, file.Content.Length);
        var block = new byte[BlockBytes];
        long offset = 0;
        int count;
        while ((count = file.Content.Read(block, offset)) > 0)
        {
            cancellation.ThrowIfCancellationRequested();
            signed.AppendData(block, 0, count);
            sha256.AppendData(block, 0, count);
            offset += count;
            reporter.Advance(count);
        }
        return with.Signature.Verifies(signed.GetHashAndReset(), with.Where)
            ? new Digest(sha256.GetHashAndReset())
            : throw new CorruptDataException(
                ErrorCodes.BadSignature,
                $"{file.Where} is not what was signed: it was changed since, or {with.Where} is damaged or of another file"
            )
            {
                Hint = "bring the file and its signature again",
            };
    }

    private static void RequireFile(string path)
    {
        if (path != "-" && !FileTree.Exists(path))
        {
            throw new NotFoundException(ErrorCodes.FileNotFound, $"there is no file {EntryPath.Quote(path)}");
        }
        if (path == "-" || FileTree.KindOf(path) is FileKind.Directory or FileKind.Other)
        {
            throw new UsageException(
                ErrorCodes.BadArguments,
                $"{EntryPath.Quote(path)} is no file: only files have signatures"
            )
            {
                Hint = "make a tar or a self-extracting file of it",
            };
        }
    }
}
