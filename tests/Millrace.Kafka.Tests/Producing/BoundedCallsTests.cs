using Microsoft.Extensions.Time.Testing;
using Millrace.Kafka.Producing;

namespace Millrace.Kafka.Tests.Producing;

public sealed class BoundedCallsTests
{
    [Fact]
    public async Task A_call_that_never_returns_is_given_up_and_its_producer_freed_when_it_does()
    {
        var clock = new FakeTimeProvider();
        var calls = new BoundedCalls(clock);
        using var answer = new ManualResetEventSlim();
        var producer = new Producer();
        var stuck = calls.RunAsync("send offsets", TimeSpan.FromSeconds(30), _ => answer.Wait());
        clock.Advance(TimeSpan.FromSeconds(31));
        Assert.False(stuck.IsCompleted);
        clock.Advance(BoundedCalls.Grace);
        var failure = await Assert.ThrowsAsync<TimeoutException>(() => stuck);
        Assert.Contains("could not send offsets", failure.Message, StringComparison.Ordinal);
        Assert.True(calls.IsGivenUp);
        await Assert.ThrowsAsync<TimeoutException>(() => calls.RunAsync("commit", TimeSpan.FromSeconds(30), _ => Assert.Fail("must not be touched")));

        await calls.DisposeAsync(producer);
        Assert.False(producer.Disposed.Task.IsCompleted);
        answer.Set();
        await producer.Disposed.Task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task A_call_that_ends_in_time_gives_its_result_or_its_own_error()
    {
        var calls = new BoundedCalls(TimeProvider.System);
        await calls.RunAsync("commit", TimeSpan.FromSeconds(30), timeout => Assert.Equal(TimeSpan.FromSeconds(30), timeout));
        await Assert.ThrowsAsync<InvalidOperationException>(() => calls.RunAsync("commit", TimeSpan.FromSeconds(30), _ => throw new InvalidOperationException()));
        Assert.False(calls.IsGivenUp);
        var producer = new Producer();
        await calls.DisposeAsync(producer);
        Assert.True(producer.Disposed.Task.IsCompleted);
    }

    private sealed class Producer : IDisposable
    {
        public TaskCompletionSource Disposed { get; } = new();

        public void Dispose() => Disposed.TrySetResult();
    }
}
