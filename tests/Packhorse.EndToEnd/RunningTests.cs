namespace Packhorse.EndToEnd;

/// <summary>Real software in an unpacked environment, with an empty PATH before activation.</summary>
public sealed class RunningTests(Environments environments)
{
    // The C library's own family: conda environments take it from the machine.
    private static readonly string[] FromTheMachine =
    [
        "ld-",
        "libc.",
        "libm.",
        "libpthread.",
        "libdl.",
        "librt.",
        "libutil.",
        "libresolv.",
        "libnss_",
    ];

    [Fact]
    public void Python_reports_the_prefix_and_imports_its_compiled_modules()
    {
        Outcome python = environments
            .Activated(
                "python -c 'import ssl, sqlite3, ctypes, curses, lzma, bz2, readline, zlib, hashlib, uuid, sys; print(sys.prefix)'"
            )
            .Succeeded();
        Assert.Equal(environments.Prefix, python.Output.Trim());
    }

    [Fact]
    public void Everything_that_python_maps_lies_in_the_environment()
    {
        Outcome maps = environments
            .Activated("python -c \"import ssl, sqlite3, ctypes, curses, lzma; print(open('/proc/self/maps').read())\"")
            .Succeeded();
        string[] mapped =
        [
            .. maps
                .Output.Split('\n')
                .Where(line => line.Contains('/', StringComparison.Ordinal))
                .Select(line => line[line.IndexOf('/', StringComparison.Ordinal)..])
                .Distinct(StringComparer.Ordinal),
        ];
        Assert.Contains(mapped, path => path.StartsWith(environments.Prefix, StringComparison.Ordinal));
        string[] strangers =
        [
            .. mapped.Where(path =>
                !path.StartsWith(environments.Prefix, StringComparison.Ordinal)
                && !FromTheMachine.Any(name => Path.GetFileName(path).StartsWith(name, StringComparison.Ordinal))
                && !path.Contains("/locale", StringComparison.Ordinal)
                && !path.Contains("/gconv", StringComparison.Ordinal)
            ),
        ];
        Assert.Empty(strangers);
    }

    [Theory]
    [InlineData("pip --version", "pip ")]
    [InlineData("tqdm --version", "4.")]
    [InlineData("openssl version", "OpenSSL")]
    [InlineData("python -m pip list", "tqdm")]
    public void Commands_of_the_environment_start(string command, string expected) =>
        Assert.Contains(expected, environments.Activated(command).Succeeded().Output, StringComparison.Ordinal);

    [Fact]
    public void A_compiled_program_finds_its_data_by_the_prefix_inside_it()
    {
        string output = environments.Activated("prefix-probe").Succeeded().Output;
        Assert.Contains($"prefix={environments.Prefix}\n", output, StringComparison.Ordinal);
        Assert.Contains(
            $"PATH={environments.Prefix}/bin:{environments.Prefix}/lib\n",
            output,
            StringComparison.Ordinal
        );
        Assert.Contains("greeting=hello from the prefix", output, StringComparison.Ordinal);
        Assert.Contains("after=after", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("prefix-probe-sh one two", "arguments=one two")]
    [InlineData("prefix-probe-py one two", "isolated=0")]
    [InlineData("prefix-probe-py-isolated one two", "isolated=1")]
    public void Scripts_start_by_their_rewritten_shebang(string command, string expected)
    {
        string output = environments.Activated(command).Succeeded().Output;
        Assert.Contains($"prefix={environments.Prefix}\n", output, StringComparison.Ordinal);
        Assert.Contains(expected, output, StringComparison.Ordinal);
    }

    [Fact]
    public void Activation_sets_variables_and_sources_scripts()
    {
        string output = environments
            .Activated("printf '%s|%s|%s' \"$CONDA_PREFIX\" \"$CURIOSITIES_VALUE\" \"$CURIOSITIES_ACTIVATED\"")
            .Succeeded()
            .Output;
        Assert.Equal($"{environments.Prefix}|some value|{environments.Prefix}", output);
    }
}
