namespace Packhorse.Run;

/// <summary>
/// An environment in which something can be started, however it came to be there. No signal handlers of this process may be left when
/// something is started: they would hide from the command what its caller ignores.
/// </summary>
public interface IReadyEnvironment
{
    /// <summary>Starts a command with the environment active. Where this process becomes the command, nothing is returned.</summary>
    /// <param name="command">The command and its arguments, as bytes.</param>
    /// <param name="tell">Gets what a shell would say of a command that cannot be executed.</param>
    /// <returns>The command's exit code, as a shell tells it; 126 or 127 when there is no such command.</returns>
    int Run(IReadOnlyList<byte[]> command, Action<string> tell);

    /// <summary>The same with an interactive shell, where there is one.</summary>
    /// <exception cref="Model.NotFoundException">There is no shell on this machine.</exception>
    int Shell();
}
