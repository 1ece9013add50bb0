using Millrace.Broker.Network;
using Millrace.Broker.Sharing;
using Millrace.Protocol;

namespace Millrace.Broker.Handlers;

/// <summary>What ShareFetch and ShareAcknowledge have in common: checking answers, and passing them on.</summary>
internal static class ShareAcknowledgements
{
    /// <summary>Takes the answers for one partition.</summary>
    public static async ValueTask<ShareOutcome> TakeAsync(
        BrokerContext broker, RequestContext context, ShareKey key, string member, IReadOnlyList<AcknowledgementBatch> batches, bool isRenewing)
    {
        if (Problem(batches, isRenewing) is { } problem) return new ShareOutcome(ErrorCode.InvalidRequest, problem);
        try
        {
            var partition = broker.Coordinators.Sharing.Partitions.Get(key);
            var leader = broker.CheckLeader(context, partition.Log);
            if (leader != ErrorCode.None) return new ShareOutcome(leader);
            if (isRenewing && !partition.Settings.MayRenew && batches.Any(static b => b.Types.Contains((sbyte)AcknowledgeType.Renew)))
                return new ShareOutcome(ErrorCode.InvalidRecordState, "Renewing acquisition locks is not enabled for the group.");
            return await partition.AcknowledgeAsync(member, batches);
        }
        catch (RequestFailedException e)
        {
            return new ShareOutcome(e.Error, e.Message);
        }
    }

    private static string? Problem(IReadOnlyList<AcknowledgementBatch> batches, bool isRenewing)
    {
        var highest = isRenewing ? AcknowledgeType.Renew : AcknowledgeType.Reject;
        var previous = -1L;
        foreach (var batch in batches)
        {
            if (batch.First > batch.Last) return $"the first offset {batch.First} of a batch is after its last, {batch.Last}";
            if (batch.First <= previous) return $"the batch from {batch.First} overlaps the one before, or does not follow it";
            if (batch.Types.Count == 0) return "a batch has no acknowledge type";
            if (batch.Types.Count > 1 && batch.Types.Count != batch.Last - batch.First + 1) return $"a batch of {batch.Last - batch.First + 1} offsets has {batch.Types.Count} acknowledge types";
            if (batch.Types.Any(t => t < 0 || t > (sbyte)highest)) return "a batch has an unknown acknowledge type";
            previous = batch.Last;
        }

        return null;
    }
}
