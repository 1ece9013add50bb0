using Microsoft.Extensions.Logging;

namespace Millrace.Connect;

/// <summary>A task of a connector with its state; keeps a runner running, and starts it again after a failure.</summary>
internal sealed class TaskInstance(TaskIdentity identity, IConnector connector, IReadOnlyDictionary<string, string> config, WorkerServices services, string workerId) : IAsyncDisposable
{
    private static readonly TimeSpan FirstBackoff = TimeSpan.FromSeconds(1);
    private readonly ILogger _logger = services.LoggerFactory.CreateLogger<TaskInstance>();
    private CancellationTokenSource _stop = new();
    private Task _loop = Task.CompletedTask;

    internal TaskIdentity Identity => identity;

    internal IReadOnlyDictionary<string, string> Config => config;

    internal string State { get; private set; } = "UNASSIGNED";

    internal string? Trace { get; private set; }

    internal int Restarts { get; private set; }

    internal TaskMetrics Metrics { get; } = new(services.Options.TimeProvider);

    internal void Start()
    {
        _stop.Dispose();
        _stop = new CancellationTokenSource();
        _loop = RunAsync(_stop.Token);
    }

    /// <summary>Ends the runner, if there is one: a paused task is stopped again when its connector ends or goes on.</summary>
    internal async Task StopAsync(string state)
    {
        await _stop.CancelAsync();
        await _loop;
        if (State != "FAILED" || state != "UNASSIGNED") Set(state, null);
    }

    internal void Forget() => services.Statuses.Task(identity.Connector, identity.Task, null, null, workerId);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _loop;
        _stop.Dispose();
    }

    private async Task RunAsync(CancellationToken stop)
    {
        await Task.Yield();
        var backoff = FirstBackoff;
        while (!stop.IsCancellationRequested)
        {
            var began = services.Options.TimeProvider.GetTimestamp();
            try
            {
                await RunOnceAsync(stop);
                return;
            }
            catch (Exception e)
            {
                if (stop.IsCancellationRequested)
                {
                    if (e is ConnectException) _logger.TaskEndRefused(identity.ToString(), e.Message);
                    else if (e is not OperationCanceledException) _logger.TaskEndFailed(e, identity.ToString());
                    return;
                }

                Metrics.Failed();
                if (e is ConnectException) _logger.TaskRefused(identity.ToString(), e.Message);
                else _logger.TaskFailed(e, identity.ToString());
                Set("FAILED", e.ToString());
                if (!services.Options.RestartFailedTasks || e is TaskFencedException) return;
            }

            if (services.Options.TimeProvider.GetElapsedTime(began) > services.Options.MaxRestartBackoff) backoff = FirstBackoff;
            if (!await WaitAsync(backoff, stop)) return;
            backoff = backoff * 2 < services.Options.MaxRestartBackoff ? backoff * 2 : services.Options.MaxRestartBackoff;
            Restarts++;
        }
    }

    private Task RunOnceAsync(CancellationToken stop) => connector is ISourceConnector source
        ? new SourceTaskRunner(identity, source, config, services, Metrics, Running).RunAsync(stop)
        : new SinkTaskRunner(identity, (ISinkConnector)connector, config, services, Metrics, Running).RunAsync(stop);

    private async Task<bool> WaitAsync(TimeSpan delay, CancellationToken stop)
    {
        _logger.TaskRestarts(identity.ToString(), delay);
        try
        {
            await Task.Delay(delay, services.Options.TimeProvider, stop);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    private void Running()
    {
        _logger.TaskRunning(identity.ToString());
        Set("RUNNING", null);
    }

    private void Set(string state, string? trace)
    {
        State = state;
        Trace = trace;
        services.Statuses.Task(identity.Connector, identity.Task, state, trace, workerId);
    }
}
