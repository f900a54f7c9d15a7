using Packhorse.Model.Matching;

namespace Packhorse.Tests.Model;

public sealed class MatchSpecTests
{
    [Theory]
    [InlineData("numpy", "1.0", "0", true)]
    [InlineData("numpy >=1.8,<2", "1.9", "0", true)]
    [InlineData("numpy >=1.8, <2", "2.0", "0", false)]
    [InlineData("numpy >= 1.8 , < 2", "1.9", "0", true)]
    [InlineData("numpy>=1.8", "1.7", "0", false)]
    [InlineData("numpy 1.8", "1.8.0", "0", true)]
    [InlineData("numpy 1.8", "1.8.1", "0", false)]
    [InlineData("numpy=1.8", "1.8.1", "0", true)]
    [InlineData("numpy 1.8.*", "1.8.1", "0", true)]
    [InlineData("numpy 1.8 py27_0", "1.8", "py27_0", true)]
    [InlineData("numpy 1.8 py27_0", "1.8", "py27_1", false)]
    [InlineData("numpy=1.8=py27_0", "1.8", "py27_0", true)]
    [InlineData("numpy=1.8=py27_0", "1.8.1", "py27_0", false)]
    [InlineData("libgcc-ng ==14.2.0=*_2", "14.2.0", "h77fa898_2", true)]
    [InlineData("libgcc-ng ==14.2.0=*_2", "14.2.0", "h77fa898_1", false)]
    [InlineData("python_abi 3.11.* *_cp311", "3.11", "5_cp311", true)]
    [InlineData("python_abi 3.11.* *_cp311", "3.11", "5_cp312", false)]
    [InlineData("blas * *mkl*", "2.1", "109_MKL_x", true)]
    [InlineData("blas * mkl", "2.1", "openblas", false)]
    [InlineData("conda-forge/linux-64::numpy >=1", "2", "0", true)]
    [InlineData("numpy[version='>=1.8,<2', build=py*]", "1.9", "py3", true)]
    [InlineData("numpy[version=\">=1.8,<2\", build=py*]", "2.9", "py3", false)]
    [InlineData("numpy >=1 # as of 2020", "1", "0", true)]
    [InlineData("__glibc >=2.17,<3.0.a0", "2.36", "0", true)]
    [InlineData("__glibc >=2.17,<3.0.a0", "2.12", "0", false)]
    public void A_specification_chooses_by_version_and_build(string text, string version, string build, bool expected)
    {
        Assert.True(MatchSpec.TryParse(text, out MatchSpec? spec));
        Assert.Equal(expected, spec.Matches(version, build));
    }

    [Theory]
    [InlineData("numpy[build_number='>=3']", 3, true)]
    [InlineData("numpy[build_number='>=3']", 2, false)]
    [InlineData("numpy[build_number=2]", 2, true)]
    public void A_specification_chooses_by_build_number(string text, ulong number, bool expected)
    {
        Assert.True(MatchSpec.TryParse(text, out MatchSpec? spec));
        Assert.Equal(expected, spec.Matches("1", "0", number));
    }

    [Theory]
    [InlineData("")]
    [InlineData("   # nothing")]
    [InlineData(">=1.0")]
    [InlineData("numpy >=1.0,")]
    [InlineData("numpy ===1")]
    [InlineData("numpy[version='>=1]")]
    [InlineData("numpy[version=1")]
    public void What_is_no_specification_is_told(string text) => Assert.False(MatchSpec.TryParse(text, out _));

    [Fact]
    public void Names_are_lower_case() =>
        Assert.True(MatchSpec.TryParse("PyYAML >=6", out MatchSpec? spec) && spec.Name == "pyyaml");
}
