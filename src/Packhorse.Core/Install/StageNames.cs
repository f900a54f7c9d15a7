namespace Packhorse.Install;

/// <summary>Names in a prefix that are used while it is being made; no package gets them.</summary>
internal static class StageNames
{
    /// <summary>The stage in an environment that exists.</summary>
    public const string Inner = ".packhorse-part";

    /// <summary>In the stage: packages of which it is not known yet where their files go.</summary>
    public const string Incoming = ".packhorse-incoming";
}
