using Microsoft.Extensions.Logging;
using Millrace.Connect.Storage;

namespace Millrace.Connect;

/// <summary>What the runners share.</summary>
internal sealed record WorkerServices(
    ConnectWorkerOptions Options, ConnectPlugins Plugins, KafkaClients Clients, OffsetStore Offsets, ConfigStore Configs, StatusStore Statuses, ILoggerFactory LoggerFactory);

/// <summary>A task's name.</summary>
internal readonly record struct TaskIdentity(string Connector, int Task)
{
    /// <summary>As KIP-618 names it, so that Apache's worker and ours fence each other.</summary>
    internal string TransactionalId(ConnectWorkerOptions options) => $"{options.GroupId}-{Connector}-{Task}";

    public override string ToString() => $"{Connector}-{Task}";
}

/// <summary>Another worker runs this task now; restarting by itself would only fence that one in turn.</summary>
internal sealed class TaskFencedException(string message, Exception inner) : ConnectException(message, inner);
