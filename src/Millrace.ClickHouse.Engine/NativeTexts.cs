using System.Runtime.InteropServices;
using System.Text;

namespace Millrace.ClickHouse.Engine;

/// <summary>Strings as UTF-8 in native memory for the time of one call.</summary>
internal sealed unsafe class NativeTexts(int capacity) : IDisposable
{
    private readonly nint[] _texts = new nint[capacity];
    private readonly int[] _lengths = new int[capacity];
    private int _count;

    internal void Add(string text)
    {
        _lengths[_count] = Encoding.UTF8.GetByteCount(text);
        _texts[_count++] = Marshal.StringToCoTaskMemUTF8(text);
    }

    internal byte* Text(int index) => (byte*)_texts[index];

    internal nuint Length(int index) => (nuint)_lengths[index];

    public void Dispose()
    {
        for (var i = 0; i < _count; i++)
            Marshal.FreeCoTaskMem(_texts[i]);
    }
}
