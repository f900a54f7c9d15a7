namespace Packhorse.Model;

/// <summary>
/// Where long work says how far it is. Called from many threads at once; implementations are quick and never throw. Core formats
/// no percentages and knows no terminal.
/// </summary>
public interface IReporter
{
    /// <summary>A stage such as "Downloading" begins.</summary>
    /// <param name="items">Packages or files; 0 when not known.</param>
    /// <param name="bytes">Bytes that <see cref="Advance"/> will add up to; 0 when not known.</param>
    void BeginStage(string stage, int items, long bytes);

    /// <summary>So many bytes of the stage are done.</summary>
    void Advance(long bytes);

    /// <summary>One item of the stage is done.</summary>
    void ItemDone(string item);

    /// <summary>Something the user should know although the work goes on.</summary>
    void Warn(string message);

    /// <summary>Detail for <c>-v</c>.</summary>
    void Detail(string message);
}

/// <summary>Says nothing.</summary>
public sealed class SilentReporter : IReporter
{
    public static SilentReporter Instance { get; } = new();

    public void BeginStage(string stage, int items, long bytes) { }

    public void Advance(long bytes) { }

    public void ItemDone(string item) { }

    public void Warn(string message) { }

    public void Detail(string message) { }
}
