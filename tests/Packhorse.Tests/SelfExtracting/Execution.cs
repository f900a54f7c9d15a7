using System.ComponentModel;
using System.Diagnostics;
using System.Text;

namespace Packhorse.Tests.SelfExtracting;

/// <summary>A program run to its end with exactly the environment that is given.</summary>
internal sealed record Execution
{
    private const int TextFileBusy = 26;

    public required string[] Command { get; init; }

    public Dictionary<string, string> Environment { get; init; } = new() { ["PATH"] = "/usr/bin:/bin" };

    public string Directory { get; init; } = "/";

    public byte[] Input { get; init; } = [];

    public Outcome Run()
    {
        using Process process = new();
        process.StartInfo = new ProcessStartInfo(Command[0], Command[1..])
        {
            WorkingDirectory = Directory,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = Encoding.Latin1,
        };
        process.StartInfo.Environment.Clear();
        foreach ((string name, string value) in Environment)
        {
            process.StartInfo.Environment[name] = value;
        }
        Start(process);
        Task<string> errors = process.StandardError.ReadToEndAsync();
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        try
        {
            process.StandardInput.BaseStream.Write(Input);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It did not want all of its input.
        }
        if (!process.WaitForExit(TimeSpan.FromMinutes(2)))
        {
            process.Kill(entireProcessTree: true);
            Assert.Fail($"{string.Join(' ', Command)} does not end");
        }
        process.WaitForExit();
        return new Outcome(process.ExitCode, output.Result, errors.Result);
    }

    // Another test may be starting a process just now, which holds the file open for writing until it has become its program.
    private static void Start(Process process)
    {
        for (int attempt = 1; ; attempt++)
        {
            try
            {
                process.Start();
                return;
            }
            catch (Win32Exception busy) when (busy.NativeErrorCode == TextFileBusy && attempt < 100)
            {
                Thread.Sleep(20);
            }
        }
    }
}

/// <summary>What became of it.</summary>
internal sealed record Outcome(int ExitCode, string Output, string Error)
{
    public Outcome ExpectCode(int code)
    {
        Assert.True(ExitCode == code, $"exit code {ExitCode}, expected {code}\n{Output}\n{Error}");
        return this;
    }
}
