using System.Security.Cryptography;
using System.Text;

namespace Packhorse.TestChannel;

/// <summary>
/// A program of the channel's own whose files have its prefix compiled in, in every way that an installer must handle; it prints
/// what has become of them.
/// </summary>
internal static class PrefixProbe
{
    // The strings stand in a library of its own, so that no compiler can have computed with their lengths.
    private const string LibrarySource = """
        const char probe_prefix[] = PREFIX;
        const char probe_path[] = "PATH=" PREFIX "/bin:" PREFIX "/lib";
        const char probe_greeting[] = PREFIX "/share/prefix-probe/greeting.txt";
        const char probe_after[] = "after";
        """;

    private const string ProgramSource = """
        #include <stdio.h>

        extern const char probe_prefix[], probe_path[], probe_greeting[], probe_after[];

        /* A second copy, in the program itself. */
        const char own_prefix[] = PREFIX;

        int main(void)
        {
            char line[256];
            FILE *greeting = fopen(probe_greeting, "r");
            printf("prefix=%s\n%s\nown=%s\n", probe_prefix, probe_path, own_prefix);
            printf("after=%s\n", probe_after);
            if (greeting == NULL || fgets(line, sizeof line, greeting) == NULL)
            {
                perror(probe_greeting);
                return 1;
            }
            fclose(greeting);
            printf("greeting=%s", line);
            return 0;
        }
        """;

    /// <summary>Changes with the compiler.</summary>
    public static string CompilerVersion
    {
        get
        {
            Machine.Require("gcc", "gcc", "libc6-dev");
            return Tool.Run("gcc", ["--version"]).Output.Split('\n')[0];
        }
    }

    public static PackageBuilder Build(GroupPacker packer, string glibc)
    {
        string prefix = Placeholder.For("prefix-probe");
        (byte[] program, byte[] library) = Compile(prefix);
        string hash = Convert.ToHexStringLower(SHA256.HashData([.. program, .. library]))[..7];
        return new PackageBuilder("prefix-probe", "1.0", $"h{hash}_0")
            .Subdir(Machine.Subdir)
            .Placeholder(prefix)
            .DependsOn($"__glibc >={glibc},<3.0.a0", packer.Pin("dash"), packer.Pin("python"))
            .AddExecutable("bin/prefix-probe", program, PrefixMode.Binary)
            .AddFile("lib/libprefix-probe.so", library, Modes.Executable, PrefixMode.Binary)
            .AddFile("share/prefix-probe/greeting.txt", "hello from the prefix\n")
            .AddFile("share/prefix-probe/prefix.txt", $"{prefix}\n{prefix}/bin:{prefix}/lib\n", prefix: PrefixMode.Text)
            .AddFile(
                "lib/pkgconfig/prefix-probe.pc",
                $"prefix={prefix}\nlibdir=${{prefix}}/lib\n\nName: prefix-probe\nDescription: prefix\nVersion: 1.0\n",
                prefix: PrefixMode.Text
            )
            .AddExecutable(
                "bin/prefix-probe-sh",
                $"#!{prefix}/bin/dash\necho \"prefix={prefix}\"\nread -r line < \"{prefix}/share/prefix-probe/greeting.txt\"\n"
                    + "echo \"greeting=$line\"\necho \"arguments=$*\"\n",
                PrefixMode.Text
            )
            .AddExecutable("bin/prefix-probe-py", PythonScript(prefix, packer, ""), PrefixMode.Text)
            .AddExecutable("bin/prefix-probe-py-isolated", PythonScript(prefix, packer, " -I"), PrefixMode.Text);
    }

    private static string PythonScript(string prefix, GroupPacker packer, string arguments) =>
        $"#!{prefix}/bin/python{packer.PythonVersion}{arguments}\n"
        + "import sys\n\n"
        + $"print(\"prefix={prefix}\")\n"
        + "print(f\"sys.prefix={sys.prefix}\")\n"
        + "print(f\"isolated={sys.flags.isolated}\")\n"
        + "print(f\"arguments={' '.join(sys.argv[1:])}\")\n";

    private static (byte[] Program, byte[] Library) Compile(string prefix)
    {
        string work = Directory.CreateTempSubdirectory("packhorse-probe-").FullName;
        try
        {
            string library = Path.Combine(work, "libprefix-probe.so");
            string program = Path.Combine(work, "prefix-probe");
            string define = $"-DPREFIX=\"{prefix}\"";
            string[] common = ["-O2", "-s", "-Wl,--build-id=none", define, "-o"];
            File.WriteAllText(Path.Combine(work, "library.c"), LibrarySource, Encoding.ASCII);
            File.WriteAllText(Path.Combine(work, "program.c"), ProgramSource, Encoding.ASCII);
            string[] shared = ["-shared", "-fPIC", "-Wl,-soname,libprefix-probe.so"];
            Tool.Run("gcc", [.. common, library, .. shared, Path.Combine(work, "library.c")]);
            string[] rpath = ["-Wl,-rpath,$ORIGIN/../lib", "-Wl,--disable-new-dtags"];
            Tool.Run("gcc", [.. common, program, Path.Combine(work, "program.c"), library, .. rpath]);
            return (File.ReadAllBytes(program), File.ReadAllBytes(library));
        }
        finally
        {
            Directory.Delete(work, recursive: true);
        }
    }
}
