namespace Millrace.Streams.Runtime;

/// <summary>
/// Decides when all inputs have reached a checkpoint's barrier. In exactly-once mode a channel that has is blocked until the others have too. A newer
/// barrier cancels an older one that is still pending; barriers of checkpoints that ended or were aborted are ignored, whichever way they come late.
/// </summary>
/// <remarks>No channel ends while a job runs: a source that is done goes on passing barriers until the last checkpoint of the job (see CheckpointCoordinator).</remarks>
internal sealed class BarrierAligner
{
    private readonly bool _blocks;
    private readonly bool[] _arrived;
    private int _missing;
    private long _pending;
    private long _ended;

    public BarrierAligner(int channels, bool blocks)
    {
        _arrived = new bool[channels];
        _missing = channels;
        _blocks = blocks;
    }

    public bool IsBlocked(int channel) => _blocks && _arrived[channel];

    /// <summary>Whether this was the last barrier missing: take the snapshot now.</summary>
    public bool OnBarrier(int channel, long checkpointId)
    {
        if (checkpointId <= _ended || checkpointId < _pending)
        {
            return false;
        }

        if (checkpointId > _pending)
        {
            Release();
            _pending = checkpointId;
        }

        if (!_arrived[channel])
        {
            _arrived[channel] = true;
            _missing--;
        }

        if (_missing > 0)
        {
            return false;
        }

        _ended = checkpointId;
        Release();
        return true;
    }

    public void OnAborted(long checkpointId)
    {
        _ended = Math.Max(_ended, checkpointId);
        if (_pending != 0 && _pending <= checkpointId)
        {
            Release();
        }
    }

    private void Release()
    {
        Array.Clear(_arrived);
        _missing = _arrived.Length;
        _pending = 0;
    }
}
