using System.Globalization;
using System.Runtime.Versioning;
using System.Text;
using Packhorse.Os;

namespace Packhorse.Mount;

/// <summary>
/// The first process after it has started the server of a mount and the command in it: it stands in the place of the command. It passes
/// signals on, stops when the command stops, ends with the command's exit code; and when the server is lost it ends what runs in the
/// mount and says so. It has become a program of its own for that, so that its signals are blocked from the first thread on.
/// </summary>
[SupportedOSPlatform("linux")]
internal sealed class Supervisor
{
    /// <summary>The exit code of a command that failed after something of its environment could not be read; the log says what.</summary>
    private const int UnreadableExitCode = 104;

    // By which a command tells HTCondor that it has written a checkpoint, and is to be started again: no failure.
    private const int CheckpointExitCode = 85;

    private static readonly TimeSpan PatienceWithServer = TimeSpan.FromSeconds(2);

    private readonly int _command;
    private readonly int _server;
    private readonly PacketSocket _control;
    private readonly Action<string> _tell;
    private bool _isUnreadable;

    private Supervisor(int command, int server, PacketSocket control, Action<string> tell) =>
        (_command, _server, _control, _tell) = (command, server, control, tell);

    /// <summary>Becomes the supervisor; returns only by an exception.</summary>
    /// <param name="server">0 when another process has started it.</param>
    public static void Become(int command, int server, PacketSocket control, IReadOnlyList<byte[]> environment)
    {
        new Descriptor(control.Number).KeepOnExecute(true);
        IEnumerable<string> numbers = new[] { command, server, control.Number }.Select(number =>
            number.ToString(CultureInfo.InvariantCulture)
        );
        List<byte[]> arguments = ["packhorse"u8.ToArray(), Encoding.UTF8.GetBytes(MountRole.Supervise)];
        arguments.AddRange(numbers.Select(Encoding.UTF8.GetBytes));
        ProcessImage.Replace(ChildRequest.ThisProgram, arguments, environment);
    }

    /// <param name="arguments">As <see cref="Become"/> gave them.</param>
    /// <param name="tell">Gets sentences for the job's log.</param>
    /// <returns>The command's exit code.</returns>
    public static int Run(ReadOnlySpan<string> arguments, Action<string> tell)
    {
        int[] numbers = [.. arguments.ToArray().Select(text => int.Parse(text, CultureInfo.InvariantCulture))];
        var control = new Descriptor(numbers[2]);
        control.KeepOnExecute(false);
        using var socket = new PacketSocket(control);
        using SignalQueue signals = SignalQueue.Open();
        // Whoever waits for the end of what the command writes or reads must not wait for this process.
        Processes.ForgetStandard(StandardDescriptors.Input, StandardDescriptors.Output);
        Processes.CloseInherited(3);
        return new Supervisor(numbers[0], numbers[1], socket, tell).Watch(signals);
    }

    private int Watch(SignalQueue signals)
    {
        while (true)
        {
            // News may have come before signals were watched, so that they are asked for first.
            while (Processes.NextNews() is { } news)
            {
                if (Handle(news) is { } exitCode)
                {
                    return exitCode;
                }
            }
            bool[] ready = PacketSocket.Wait([signals.Number, _control.Number], -1);
            if (ready[1] && !HearServer())
            {
                return LoseServer();
            }
            while (signals.Next() is { } signal)
            {
                Pass(signal);
            }
        }
    }

    private int? Handle(ChildNews news)
    {
        if (news.Process == _server && news.ExitCode is not null)
        {
            return LoseServer(news.Signal);
        }
        if (news.Process != _command)
        {
            return null;
        }
        if (news.ExitCode is null)
        {
            // The shell that waits for this process is to see that its job has stopped.
            Processes.StopOwn();
            return null;
        }
        if (IsServerLost())
        {
            return LoseServer();
        }
        EndServer();
        return Judge(news);
    }

    // Success is success: what could not be read was not needed then, or asked for by the kernel alone.
    private int Judge(ChildNews news)
    {
        int code = news.ExitCode!.Value;
        if (!_isUnreadable || code is 0 or CheckpointExitCode)
        {
            return code;
        }
        string how = news.Signal > 0 ? $"was ended by signal {news.Signal}" : $"ended with exit code {code}";
        _tell($"the command {how} after an error of reading its environment; this is exit code {UnreadableExitCode}");
        return UnreadableExitCode;
    }

    // A terminal's signals come to the command anyway, which is in the same process group; and what it sends itself it means itself.
    private void Pass(Signal signal)
    {
        if (
            signal is { Number: not Signal.ChildChanged, Sender: { } sender }
            && (sender == 0 || !Processes.IsWithin(sender, _command))
        )
        {
            Processes.Send(_command, signal.Number);
        }
    }

    /// <returns>False when the server is gone.</returns>
    private bool HearServer()
    {
        (char letter, string text, _) = MountMessage.Receive(_control);
        if (letter is MountMessage.Tell or MountMessage.Unreadable)
        {
            _isUnreadable |= letter == MountMessage.Unreadable;
            _tell(text);
        }
        return letter != '\0';
    }

    // A command that the loss of the server has killed may be heard of first.
    private bool IsServerLost()
    {
        while (PacketSocket.Wait([_control.Number], 0)[0])
        {
            if (!HearServer())
            {
                return true;
            }
        }
        return false;
    }

    private void EndServer()
    {
        _ = MountMessage.Send(_control, MountMessage.End);
        long until = Environment.TickCount64 + (long)PatienceWithServer.TotalMilliseconds;
        while (Environment.TickCount64 < until)
        {
            // It closes its side when it has nothing left to do, or goes on for others of the job; what it had to tell comes before.
            if (PacketSocket.Wait([_control.Number], 100)[0] && !HearServer())
            {
                return;
            }
        }
    }

    private int LoseServer(int signal = 0)
    {
        Processes.KillNamespaceOf(_command);
        Processes.Send(_command, Processes.Kill);
        if (signal == 0 && _server != 0)
        {
            Processes.WaitFor(_server);
        }
        _tell(
            "the server of the mount was killed, perhaps for want of memory; without it the environment is gone, and the command was ended"
        );
        return 128 + Processes.Kill;
    }
}
