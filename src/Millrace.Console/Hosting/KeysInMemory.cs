using System.Xml.Linq;
using Microsoft.AspNetCore.DataProtection.Repositories;

namespace Millrace.Console.Hosting;

/// <summary>Keeps the key ring in the process: the console has no sessions that outlive it, so it writes nothing into anyone's home.</summary>
internal sealed class KeysInMemory : IXmlRepository
{
    private readonly Lock _lock = new();
    private readonly List<XElement> _keys = [];

    public IReadOnlyCollection<XElement> GetAllElements()
    {
        lock (_lock) return [.. _keys.Select(static key => new XElement(key))];
    }

    public void StoreElement(XElement element, string friendlyName)
    {
        lock (_lock) _keys.Add(new XElement(element));
    }
}
