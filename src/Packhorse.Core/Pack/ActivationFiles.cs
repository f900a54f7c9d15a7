using System.Text;
using Packhorse.Install;
using Packhorse.Os;

namespace Packhorse.Pack;

/// <summary>The activation scripts of one environment: begun before it gets its name, so that what can fail fails then.</summary>
internal sealed class ActivationFiles : IDisposable
{
    private readonly List<(OutputFile File, ActivationShell Shell)> _files = [];

    /// <param name="part">What unfinished scripts are called.</param>
    public static ActivationFiles Create(UnpackRequest request, string part)
    {
        var files = new ActivationFiles();
        try
        {
            foreach ((string path, ActivationShell shell) in request.Scripts)
            {
                string unfinished = files._files.Count == 0 ? part : $"{part}-{shell}";
                files._files.Add((OutputFile.CreateAt(unfinished, path, FilePermissions.ReadWrite), shell));
            }
        }
        catch
        {
            files.Dispose();
            throw;
        }
        return files;
    }

    public void Write(Activation activation)
    {
        foreach ((OutputFile file, ActivationShell shell) in _files)
        {
            file.Write(Encoding.UTF8.GetBytes(ActivationScript.WriteFile(activation, shell)), 0);
            file.Complete();
        }
    }

    public void Dispose() => _files.ForEach(script => script.File.Dispose());
}
