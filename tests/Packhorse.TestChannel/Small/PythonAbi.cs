namespace Packhorse.TestChannel;

/// <summary>A package without files, which ties others to one version of Python.</summary>
internal static class PythonAbi
{
    public static PackageBuilder Build(GroupPacker packer) =>
        new PackageBuilder("python_abi", packer.PythonVersion, $"1_{packer.PythonTag}")
            .Record(record => record with { BuildNumber = 1 })
            .NoArchGeneric()
            .Constrains($"python {packer.PythonVersion}.* *_cpython");
}
