using System.Runtime.InteropServices;
using Packhorse.TestChannel;
using Packhorse.Tests.Support;

namespace Packhorse.Tests.TestChannel;

public sealed class DebianTests
{
    private static readonly PrefixLayout Layout = new("x86_64-linux-gnu", "3.11");

    [Theory]
    [InlineData("3.11.2-6+deb12u9", "3.11.2")]
    [InlineData("2:1.21.12+dfsg-1+b2", "1.21.12")]
    [InlineData("1:1.2.13.dfsg-1", "1.2.13")]
    [InlineData("20250419~deb12u2", "20250419")]
    [InlineData("12.2.0-14+deb12u1", "12.2.0")]
    [InlineData("2026f-0+deb12u1", "2026f")]
    [InlineData("6.4~rc1-2", "6.4.rc1")]
    [InlineData("1.8.1+ds1-1~bpo", "1.8.1")]
    public void Debian_versions_become_versions_of_conda(string debian, string conda) =>
        Assert.Equal(conda, DebianGroup.UpstreamVersion(debian));

    [Theory]
    [InlineData("usr/bin/python3.11", "bin/python3.11")]
    [InlineData("bin/dash", "bin/dash")]
    [InlineData("usr/lib/x86_64-linux-gnu/libssl.so.3", "lib/libssl.so.3")]
    [InlineData("lib/x86_64-linux-gnu/libz.so.1", "lib/libz.so.1")]
    [InlineData("usr/include/x86_64-linux-gnu/zconf.h", "include/zconf.h")]
    [InlineData("usr/lib/python3/dist-packages/six.py", "lib/python3.11/site-packages/six.py")]
    [InlineData("lib/terminfo/x/xterm", "share/terminfo/x/xterm")]
    [InlineData("etc/inputrc", "etc/inputrc")]
    [InlineData("usr/share/doc/six/copyright", null)]
    [InlineData("usr/lib/python3.11/EXTERNALLY-MANAGED", null)]
    [InlineData("var/lib/dpkg/x", null)]
    public void Files_of_a_root_have_their_place_in_a_prefix(string debian, string? prefix) =>
        Assert.Equal(prefix, Layout.Map(debian));

    [Theory]
    [InlineData("usr/lib/x86_64-linux-gnu/libz.so", "libz.so.1.2.13", "libz.so.1.2.13")]
    [InlineData("usr/lib/x86_64-linux-gnu/libbz2.so.1.0", "/lib/x86_64-linux-gnu/libbz2.so.1", "libbz2.so.1")]
    [InlineData("usr/lib/ssl/openssl.cnf", "/etc/ssl/openssl.cnf", "../../etc/ssl/openssl.cnf")]
    [InlineData("usr/share/x/libs", "/usr/lib/x86_64-linux-gnu", "../../lib")]
    [InlineData("usr/bin/tool", "/etc/alternatives/tool", null)]
    [InlineData("usr/share/terminfo/v/vt100", "/lib/terminfo/v/vt100", null)]
    [InlineData("usr/lib/x", "/var/lib/x", null)]
    public void Links_lead_to_the_same_file_in_the_prefix(string path, string target, string? expected) =>
        Assert.Equal(expected, Layout.MapLink(path, target));

    [Theory]
    [InlineData("'BINDIR': '/usr/bin',", "'BINDIR': 'P/bin',")]
    [InlineData("'LIBDIR': '/usr/lib/x86_64-linux-gnu',", "'LIBDIR': 'P/lib',")]
    [InlineData("'TZPATH': '/usr/share/zoneinfo:/usr/lib/zoneinfo'", "'TZPATH': 'P/share/zoneinfo:P/lib/zoneinfo'")]
    [InlineData("'--prefix=/usr' ", "'--prefix=P' ")]
    [InlineData("'INSTALL': '/usr/bin/install -c'", "'INSTALL': '/usr/bin/install -c'")]
    [InlineData("'WASM_STDLIB': './usr/lib/python3.11'", "'WASM_STDLIB': './usr/lib/python3.11'")]
    [InlineData("/usr/local/lib", "/usr/local/lib")]
    public void Configured_paths_are_told_from_those_of_the_build_machine(string text, string expected) =>
        Assert.Equal(expected, PythonPatches.ReplacePrefix(text, "x86_64-linux-gnu", "P"));

    [Fact]
    public void A_library_gets_its_search_path_in_place_and_still_loads()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "ELF files are loaded on Linux");
        using ScratchDirectory scratch = new();
        // The distribution's own: it is in every process of .NET.
        string? library = File.ReadLines("/proc/self/maps")
            .Select(line => line.Split(' ')[^1])
            .FirstOrDefault(path => path.Contains("/libstdc++.so", StringComparison.Ordinal));
        Assert.SkipWhen(library is null, "no libstdc++ in this process");
        byte[] original = File.ReadAllBytes(library);
        ElfFile elf = ElfFile.TryParse(original)!;
        Assert.Contains("libc.so.6", elf.Needed);

        byte[]? changed = elf.WithRpath("$ORIGIN/../lib");

        Assert.Equal(original.Length, changed?.Length);
        ElfFile again = ElfFile.TryParse(changed!)!;
        Assert.Equal("$ORIGIN/../lib", again.SearchPath);
        Assert.Equal(elf.Needed, again.Needed);
        nint handle = NativeLibrary.Load(scratch.Write("lib/copy.so", changed!));
        Assert.True(NativeLibrary.TryGetExport(handle, "__cxa_throw", out _));
        NativeLibrary.Free(handle);
    }

    [Fact]
    public void What_is_no_elf_file_is_left_alone()
    {
        Assert.Null(ElfFile.TryParse([]));
        Assert.Null(ElfFile.TryParse("#!/bin/sh\n"u8.ToArray()));
        Assert.Null(ElfFile.TryParse(new byte[4096]));
    }
}
