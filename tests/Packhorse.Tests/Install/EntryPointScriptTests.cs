using System.Text;
using Packhorse.Install;
using Packhorse.Model;
using Packhorse.Tests.Support;

namespace Packhorse.Tests.Install;

public sealed class EntryPointScriptTests
{
    [Fact]
    public void The_script_is_rattlers()
    {
        string snapshot = File.ReadAllText(
            Fixtures.Require("install-snapshots/rattler__install__entry_point__test__entry_point_script.snap")
        );
        string expected = snapshot[(snapshot.IndexOf("---\n", 4, StringComparison.Ordinal) + 4)..];
        Assert.Equal(expected.TrimEnd(), Script("jupyter-lab = jupyterlab.labapp:main", "/prefix", "3.11.0").TrimEnd());
    }

    [Fact]
    public void The_first_name_of_the_function_is_imported()
    {
        string script = Script("tool = package.module:Class.run [extra]", "/prefix", "3.11.0");
        Assert.Contains("\nfrom package.module import Class\n", script, StringComparison.Ordinal);
        Assert.EndsWith("\tsys.exit(Class.run())\n", script, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/prefix", "#!/prefix/bin/python3.11\n")]
    [InlineData("/pre fix", "#!/bin/sh\n'''exec' \"/pre fix/bin/python3.11\" \"$0\" \"$@\" #'''\n")]
    public void A_blank_in_the_prefix_goes_through_sh(string prefix, string first) =>
        Assert.StartsWith(first, Script("tool = m:f", prefix, "3.11.0"), StringComparison.Ordinal);

    [Fact]
    public void An_interpreter_of_125_bytes_is_named_directly_and_one_of_126_is_not()
    {
        string prefix = "/" + new string('p', 125 - "/bin/python3.11".Length - 1);
        Assert.StartsWith(
            $"#!{prefix}/bin/python3.11\n",
            Script("tool = m:f", prefix, "3.11.0"),
            StringComparison.Ordinal
        );
        Assert.StartsWith(
            $"#!/bin/sh\n'''exec' \"{prefix}p/bin/python3.11\" ",
            Script("tool = m:f", prefix + "p", "3.11.0"),
            StringComparison.Ordinal
        );
    }

    private static string Script(string entryPoint, string prefix, string python)
    {
        var record = new PackageRecord
        {
            Name = "python",
            Version = python,
            Build = "0",
            Subdir = "linux-64",
        };
        PythonScheme scheme = PythonScheme.Find([record], Platform.Linux64)!;
        var target = new InstallTarget(prefix, Platform.Linux64);
        return Encoding.UTF8.GetString(EntryPointScript.Write(EntryPoint.Parse(entryPoint, "test"), scheme, target));
    }
}
