namespace Packhorse.Runtime;

/// <summary>What <c>-h</c> says.</summary>
internal static class HelpText
{
    public static string For(Invocation invocation)
    {
        string name = Path.GetFileName(invocation.ProgramName);
        return invocation.AsPixiUnpack ? Unpacking($"{name} [OPTIONS] [PACK_FILE]", PackFile)
            : invocation.File is null ? Standalone(name)
            : SelfExtracting(name);
    }

    private const string PackFile = """

        Arguments:
          [PACK_FILE]  A tar, a self-extracting file, an image, a directory, or - for a tar on standard input [default: environment.tar]

        """;

    private const string UnpackOptions = $"""
        {PixiUnpackOptions}
              --override-virtual N=V  What this machine has, such as __glibc=2.28, in place of what is found
              --first LIST            Of an image: a file with paths, a line each, that are unpacked first
              --keep-pyc              Of an image: unpack its byte-code too
        """;

    private const string PixiUnpackOptions = """
        Options of unpacking:
          -o, --output-directory DIR  Directory that gets the environment and the activation script [default: .]
          -e, --env-name NAME         Name of the environment's directory [default: env]
          -s, --shell SHELL           Shell that the activation script is for; may be repeated [default: bash]
          -v, --verbose               Say more
          -q, --quiet                 Say only what goes wrong
          -h, --help                  This
          -V, --version               The version
        """;

    private static string Unpacking(string usage, string arguments) =>
        $"""
            Makes a conda environment of a pack.

            Usage: {usage}
            {arguments}
            {PixiUnpackOptions}

            """;

    private static string SelfExtracting(string name) =>
        $"""
            A conda environment and what unpacks it, in one file.

            Usage: {name} [OPTIONS]                     unpack to ./env and write activate.sh
                   {name} run [--into DIR] [--] CMD...  unpack once into scratch space, then become CMD with the environment active
                   {name} shell [--into DIR]            the same with an interactive shell
                   {name} mount DIR [--] [CMD...]       of an image: the same with the environment at DIR, an empty directory
                   {name} record [-o FILE] [--] CMD...  of an image: run, and note what CMD reads, for pack --record-from
                   {name} enter [-n NAME] [--] [CMD...] into the environment that another process has mounted
                   {name} verify                        compare everything in the file with its SHA-256; writes nothing
                   {name} inspect                       what is in the file
                   {name} --version

            {UnpackOptions}

            Options of all that use the environment, before or behind run, shell, mount and verify:
              --expect sha256:HEX         Compare the whole file with this digest before anything else
              --root HEX                  Compare an image's root, or the digest of a pack's manifest: in no time, and what is used is compared with it
              --base PACK                 Of a delta: the pack that it was made against, in whatever form

            Options of run and shell:
              --into DIR                  Directory for unpacked environments [default: $_CONDOR_SCRATCH_DIR, $TMPDIR or /tmp]
              --start WAYS                Of an image: auto, mount, or some of join, namespace, fusermount and unpack
              --explain                   Of an image: start nothing, print what each way would do here
              --writable                  Of an image: what is mounted can be written to, for this job alone
              -v, -q                      As above; run says nothing when all is well

            Exit codes: 0 ok, 1 other, 2 usage, 3 not found, 4 corrupt, 5 try again, 6 refused by the system, 7 wrong platform.
            Of run and shell: the command's own; 126 or 127 when it cannot be executed or found; 110 more than the above when it was
            not started.

            """;

    private static string Standalone(string name) =>
        $"""
            Makes conda environments of packs, and runs them. A pack is a tar, a directory, a self-extracting file, or an image.

            Usage: {name} unpack [OPTIONS] [PACK]             unpack to ./env and write activate.sh; PACK - is a tar on standard input
                   {name} run [--into DIR] PACK [--] CMD...   unpack once into scratch space, then become CMD in the environment
                   {name} shell [--into DIR] PACK             the same with an interactive shell
                   {name} verify [PACK]                       compare everything in the pack with its SHA-256
                   {name} inspect [PACK]                      what is in the pack
                   {name} --version

            {UnpackOptions}

            """;
}
