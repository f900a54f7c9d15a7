using System.Runtime.InteropServices;

namespace Packhorse.Os;

/// <summary>A list of texts as <c>execve</c> takes it: pointers to bytes with a NUL at the end, and a null pointer after the last.</summary>
internal sealed unsafe class NativeTexts : IDisposable
{
    private byte** _array;

    public NativeTexts(IReadOnlyList<byte[]> texts)
    {
        _array = (byte**)NativeMemory.AllocZeroed((nuint)texts.Count + 1, (nuint)sizeof(nint));
        for (int i = 0; i < texts.Count; i++)
        {
            var text = (byte*)NativeMemory.AllocZeroed((nuint)texts[i].Length + 1);
            texts[i].CopyTo(new Span<byte>(text, texts[i].Length));
            _array[i] = text;
        }
    }

    public byte** Pointer => _array;

    public void Dispose()
    {
        byte** array = _array;
        _array = null;
        if (array is null)
        {
            return;
        }
        for (byte** item = array; *item is not null; item++)
        {
            NativeMemory.Free(*item);
        }
        NativeMemory.Free(array);
    }
}
