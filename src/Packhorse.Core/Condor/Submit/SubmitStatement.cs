namespace Packhorse.Condor.Submit;

/// <summary>What a line of a submit file is.</summary>
public enum StatementKind
{
    Blank,
    Comment,

    /// <summary><c>name = value</c>: a command of HTCondor's or a macro of the user's.</summary>
    Assignment,

    /// <summary><c>+Name = value</c> or <c>MY.Name = value</c>: an attribute of the job.</summary>
    Attribute,
    Queue,

    /// <summary><c>if</c>, <c>elif</c>, <c>else</c>, <c>endif</c>.</summary>
    Condition,

    /// <summary><c>include</c>, <c>use</c>, <c>error</c>, <c>warning</c>.</summary>
    Directive,

    /// <summary>None of these: condor_submit refuses it.</summary>
    Unknown,
}

/// <summary>One statement of a submit file: a line with those that continue it.</summary>
public sealed record SubmitStatement
{
    public required StatementKind Kind { get; init; }

    /// <summary>Index of its first line, from 0.</summary>
    public required int FirstLine { get; init; }

    public required int LineCount { get; init; }

    /// <summary>What is assigned to, without <c>+</c> or <c>MY.</c>; otherwise the first word.</summary>
    public string Name { get; init; } = "";

    /// <summary>Continuation lines joined, blanks at both ends gone.</summary>
    public string Value { get; init; } = "";

    /// <summary>How many <c>if</c> it is in.</summary>
    public int Depth { get; init; }

    /// <summary>For messages, from 1.</summary>
    public int Line => FirstLine + 1;
}
