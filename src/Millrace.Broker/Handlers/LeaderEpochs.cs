using Millrace.Broker.Log;
using Millrace.Protocol;

namespace Millrace.Broker.Handlers;

/// <summary>Compares the leader epoch that a client believes in with the partition's (KIP-320).</summary>
internal static class LeaderEpochs
{
    public static ErrorCode Check(PartitionLog log, int clientEpoch) =>
        clientEpoch < 0 || clientEpoch == log.LeaderEpoch ? ErrorCode.None
        : clientEpoch < log.LeaderEpoch ? ErrorCode.FencedLeaderEpoch
        : ErrorCode.UnknownLeaderEpoch;
}
