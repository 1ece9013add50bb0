namespace Millrace.Streams.Runtime;

/// <summary>All input channels of a subtask. Takes from each in turn, but not from those that wait at a barrier.</summary>
internal sealed class InputGate(InputChannel[] channels, BarrierAligner aligner)
{
    private int _next;

    public BarrierAligner Aligner => aligner;

    public bool TryTake(out ChannelItem item, out int channel)
    {
        for (var tried = 0; tried < channels.Length; tried++)
        {
            channel = _next;
            if (++_next == channels.Length)
            {
                _next = 0;
            }

            if (!aligner.IsBlocked(channel) && channels[channel].TryDequeue(out item))
            {
                return true;
            }
        }

        item = default;
        channel = -1;
        return false;
    }
}
