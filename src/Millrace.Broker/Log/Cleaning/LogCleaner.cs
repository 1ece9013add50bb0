namespace Millrace.Broker.Log.Cleaning;

internal static class LogCleaner
{
    public static Task CleanIfDueAsync(PartitionLog log, LogCheckpoints checkpoints, long now, CancellationToken cancellationToken)
        => Task.CompletedTask;
}
