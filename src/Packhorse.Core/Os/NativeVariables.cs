using System.Runtime.Versioning;
using Packhorse.Os.Interop;

namespace Packhorse.Os;

/// <summary>Variables of the process as libraries linked into it see them: .NET keeps a copy of its own.</summary>
[SupportedOSPlatform("linux")]
public static class NativeVariables
{
    /// <summary>Not thread-safe: to be called before other threads are there. Started programs do not get it.</summary>
    public static void Set(string name, string value) => _ = LibC.setenv(name, value, overwrite: 1);
}
