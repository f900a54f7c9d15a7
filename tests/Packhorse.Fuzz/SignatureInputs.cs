using System.Text;

namespace Packhorse.Fuzz;

/// <summary>Signatures of ssh-keygen, armored and not, and what allows their keys.</summary>
internal static class SignatureInputs
{
    private const string Ed25519Key =
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIG5j39EaXNfpMSnvnv0zjl5fk8qCMupUleoHYH99CQsd";

    private const string Ed25519 = """
        -----BEGIN SSH SIGNATURE-----
        U1NIU0lHAAAAAQAAADMAAAALc3NoLWVkMjU1MTkAAAAgbmPf0Rpc1+kxKe+e/TOOXl+Tyo
        Iy6lSV6gdgf30JCx0AAAAJcGFja2hvcnNlAAAAAAAAAAZzaGE1MTIAAABTAAAAC3NzaC1l
        ZDI1NTE5AAAAQKgV2tozgeiUnG+9pVyGg5UUiCzHpy63t943xcCTqoftu7HqIcoU9NRC8t
        dL0FU6MqXyewwVCC9vgdULH2+ysAk=
        -----END SSH SIGNATURE-----

        """;

    private const string Ecdsa = """
        -----BEGIN SSH SIGNATURE-----
        U1NIU0lHAAAAAQAAAGgAAAATZWNkc2Etc2hhMi1uaXN0cDI1NgAAAAhuaXN0cDI1NgAAAE
        EESOqcWqUY7COHKJE2wx0jV11nUi3NJ36WyxnkUzCPB0oIflyQAa0JgCTIX2G6mCEaPG06
        lJMgiLqDu9huSnlEcwAAAAlwYWNraG9yc2UAAAAAAAAABnNoYTUxMgAAAGQAAAATZWNkc2
        Etc2hhMi1uaXN0cDI1NgAAAEkAAAAhAP3gkEkMvb/9fgEGgBI6VXuFFYemgM2lU2yAsiCh
        V+tTAAAAIFrxtBzrmt37Qx4ki1G2RVU/IODudnH9tf1o6//iDrQo
        -----END SSH SIGNATURE-----

        """;

    public static IReadOnlyList<byte[]> Signatures() =>
        [Encoding.ASCII.GetBytes(Ed25519), Encoding.ASCII.GetBytes(Ecdsa), Bare(Ed25519), Bare(Ecdsa)];

    public static IReadOnlyList<byte[]> Signers() =>
        [
            Encoding.ASCII.GetBytes($"{Ed25519Key} alice@example.org\n"),
            Encoding.ASCII.GetBytes(
                $"# keys\nalice@example.org,bob@* cert-authority,namespaces=\"packhorse,!f?le\",valid-after=\"20260101Z\",valid-before=\"202701011200\" {Ed25519Key}\n"
            ),
        ];

    private static byte[] Bare(string armored) =>
        Convert.FromBase64String(string.Concat(armored.Split('\n').Where(line => !line.StartsWith('-'))));
}
