using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Millrace.Broker.Tests.Server;

/// <summary>What a broker logged, from information on: the other side of a connection that a test saw closed.</summary>
internal sealed class BrokerLog : ILoggerFactory, ILogger
{
    private readonly ConcurrentQueue<string> _lines = new();

    public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException();

    public ILogger CreateLogger(string categoryName) => this;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (IsEnabled(logLevel)) _lines.Enqueue($"{logLevel}: {formatter(state, exception)} {exception}");
    }

    public void Dispose()
    {
        // Nothing to let go.
    }

    public override string ToString() => string.Join('\n', _lines);
}
