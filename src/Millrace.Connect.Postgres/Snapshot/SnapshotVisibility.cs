using System.Globalization;

namespace Millrace.Connect.Postgres.Snapshot;

/// <summary>
/// Which transactions a snapshot has seen: PostgreSQL's <c>xmin:xmax:xip_list</c>. When the slot is older than the snapshot, the stream repeats
/// transactions whose rows the snapshot has; this tells exactly which.
/// </summary>
internal sealed class SnapshotVisibility
{
    private readonly uint _xmax;
    private readonly HashSet<uint> _running;
    private readonly string _text;

    private SnapshotVisibility(string text, uint xmax, HashSet<uint> running, ulong lsn)
    {
        _text = text;
        _xmax = xmax;
        _running = running;
        Lsn = lsn;
    }

    /// <summary>The WAL position after the snapshot was taken: no later commit is in it.</summary>
    internal ulong Lsn { get; }

    /// <summary>Reads PostgreSQL's text.</summary>
    /// <exception cref="FormatException">The text is not of that form.</exception>
    internal static SnapshotVisibility Parse(string text, ulong lsn)
    {
        var parts = text.Split(':');
        if (parts.Length != 3) throw new FormatException($"\"{text}\" is not a snapshot.");
        var running = parts[2].Split(',', StringSplitOptions.RemoveEmptyEntries).Select(Truncate).ToHashSet();
        return new(text, Truncate(parts[1]), running, lsn);

        // The stream has 32-bit ids without their epoch.
        static uint Truncate(string xid) => unchecked((uint)ulong.Parse(xid, CultureInfo.InvariantCulture));
    }

    internal bool HasSeen(uint xid, ulong commitLsn) => commitLsn < Lsn && unchecked((int)(xid - _xmax)) < 0 && !_running.Contains(xid);

    public override string ToString() => _text;
}
