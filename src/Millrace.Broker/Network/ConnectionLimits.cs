using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Millrace.Broker.Network;

/// <summary>
/// <c>max.connections</c>, <c>max.connections.per.ip</c> and its overrides, over all listeners. As in Kafka a connection above the first waits for another to end, one above those of an address is closed.
/// </summary>
internal sealed class ConnectionLimits
{
    private readonly Lock _counting = new();
    private readonly Dictionary<IPAddress, int> _open = [];
    private readonly Dictionary<IPAddress, int> _overrides;
    private readonly SemaphoreSlim? _all;
    private readonly int _perAddress;

    private ConnectionLimits(int all, int perAddress, Dictionary<IPAddress, int> overrides)
    {
        _all = all < int.MaxValue ? new SemaphoreSlim(all, all) : null;
        (_perAddress, _overrides) = (perAddress, overrides);
    }

    private bool Counts => _perAddress < int.MaxValue || _overrides.Count > 0;

    /// <summary>Reads the settings.</summary>
    /// <exception cref="BrokerStartException">An override is none.</exception>
    public static ConnectionLimits Create(BrokerOptions options)
    {
        string list = options.Settings.GetValueOrDefault("max.connections.per.ip.overrides") ?? "";
        try
        {
            return new ConnectionLimits((int)options.Number("max.connections", int.MaxValue), (int)options.Number("max.connections.per.ip", int.MaxValue), Overrides(list));
        }
        catch (FormatException e)
        {
            throw new BrokerStartException($"max.connections.per.ip.overrides: {e.Message}", e);
        }
    }

    /// <summary>Reads <c>ADDRESS:NUMBER,…</c>.</summary>
    /// <exception cref="FormatException">An entry is none.</exception>
    public static Dictionary<IPAddress, int> Overrides(string list)
    {
        var overrides = new Dictionary<IPAddress, int>();
        foreach (string entry in list.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            int colon = entry.LastIndexOf(':');
            if (colon <= 0 || !IPAddress.TryParse(entry.AsSpan(0, colon), out var address) || !int.TryParse(entry.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out int number))
                throw new FormatException($"'{entry}' is no ADDRESS:NUMBER; names of hosts are not looked up");
            overrides[Plain(address)] = number;
        }

        return overrides;
    }

    /// <summary>Waits until there are fewer connections than <c>max.connections</c>.</summary>
    public Task WaitAsync(CancellationToken cancellationToken) => _all is null ? Task.CompletedTask : _all.WaitAsync(cancellationToken);

    /// <summary>Counts a connection; false where its address has as many as it may.</summary>
    public bool TryCount(Socket client, out IPAddress? address)
    {
        address = null;
        if (!Counts || client.RemoteEndPoint is not IPEndPoint remote) return true;
        var from = Plain(remote.Address);
        lock (_counting)
        {
            int open = _open.GetValueOrDefault(from);
            if (open >= _overrides.GetValueOrDefault(from, _perAddress)) return false;
            _open[from] = open + 1;
        }

        address = from;
        return true;
    }

    /// <summary>A counted connection has ended.</summary>
    public void Discount(IPAddress? address)
    {
        if (address is null) return;
        lock (_counting)
        {
            if (_open[address] == 1) _open.Remove(address);
            else _open[address]--;
        }
    }

    /// <summary>What has waited is over.</summary>
    public void Release() => _all?.Release();

    private static IPAddress Plain(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
}
