using Packhorse.Condor.Submit;

namespace Packhorse.Condor.Checks;

public enum Severity
{
    /// <summary>The job does not do what the line says, or fails.</summary>
    Error,

    /// <summary>It works, until something else goes wrong.</summary>
    Warning,
}

/// <summary>One defect of a submit file or of the script that it runs.</summary>
/// <param name="Rule">Its name, stable.</param>
/// <param name="File">The file with the defect.</param>
/// <param name="Line">From 1.</param>
/// <param name="Reason">A sentence on what happens.</param>
/// <param name="Fix">A sentence on what to write.</param>
/// <param name="Edit">The fix as a change of the submit file, where it can be made without asking.</param>
public sealed record Finding(
    string Rule,
    string File,
    int Line,
    Severity Severity,
    string Reason,
    string Fix,
    SubmitEdit? Edit = null
);

/// <summary>One thing that can be wrong.</summary>
internal interface ISubmitRule
{
    /// <summary>The name in findings.</summary>
    string Name { get; }

    IEnumerable<Finding> Check(SubmitContext context);
}
