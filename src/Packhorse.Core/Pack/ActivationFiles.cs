using System.Text;
using Packhorse.Install;
using Packhorse.Os;

namespace Packhorse.Pack;

/// <summary>The activation scripts of one environment: begun before it gets its name, so that what can fail fails then.</summary>
internal sealed class ActivationFiles : IDisposable
{
    private readonly List<OutputFile> _files = [];
    private readonly IReadOnlyList<ActivationTarget> _targets;

    private ActivationFiles(IReadOnlyList<ActivationTarget> targets) => _targets = targets;

    /// <param name="part">What unfinished scripts are called.</param>
    public static ActivationFiles Create(UnpackRequest request, string part)
    {
        var files = new ActivationFiles(request.Scripts);
        try
        {
            foreach (ActivationTarget target in files._targets)
            {
                string unfinished = files._files.Count == 0 ? part : $"{part}-{target.FileName}";
                files._files.Add(OutputFile.CreateAt(unfinished, request.PathOf(target), FilePermissions.ReadWrite));
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
        for (int i = 0; i < _files.Count; i++)
        {
            _files[i].Write(Encoding.UTF8.GetBytes(ActivationScript.WriteFile(activation, _targets[i].Shell)), 0);
            _files[i].Complete();
        }
    }

    public void Dispose() => _files.ForEach(file => file.Dispose());
}
