using CsCheck;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Millrace.Broker.Log;
using Millrace.Broker.Tests.Groups;
using Millrace.Broker.Transactions;
using Millrace.Protocol;

namespace Millrace.Broker.Tests.Transactions;

/// <summary>
/// Random histories of one transactional id: incarnations that take over, begin and end, disks that refuse markers or states, crashes. Whoever has been replaced must
/// be refused, and every outcome that was acknowledged must in the end stand in every partition of its transaction.
/// </summary>
public sealed class TransactionModelTests
{
    private enum Kind
    {
        Init,
        Recover,
        Add,
        Commit,
        Abort,
        BreakMarkers,
        BreakLog,
        Mend,
        Crash,
    }

    private static readonly Gen<(Kind Kind, int Who, int Partition)> Action = Gen.Select(
        Gen.Frequency((2, Gen.Const(Kind.Init)), (1, Gen.Const(Kind.Recover)), (8, Gen.Const(Kind.Add)), (4, Gen.Const(Kind.Commit)), (2, Gen.Const(Kind.Abort)),
            (1, Gen.Const(Kind.BreakMarkers)), (1, Gen.Const(Kind.BreakLog)), (3, Gen.Const(Kind.Mend)), (1, Gen.Const(Kind.Crash))),
        Gen.Int[0, 4],
        Gen.Int[0, 2]);

    [Fact]
    public async Task Every_history_fences_zombies_and_keeps_acknowledged_outcomes() =>
        await Action.List[1, 50].SampleAsync(RunAsync, iter: 1_000);

    private static async Task RunAsync(List<(Kind Kind, int Who, int Partition)> actions)
    {
        using var model = new Model();
        foreach (var (kind, who, partition) in actions) await model.ApplyAsync(kind, who, new TopicPartition("t", partition));
        await model.FinishAsync();
    }

    private sealed class Model : ITransactionMarkers, IDisposable
    {
        private readonly FakeTimeProvider _clock = new(DateTimeOffset.FromUnixTimeSeconds(1_700_000_000));
        private readonly InMemoryCoordinatorLog _log = new("__transaction_state");
        private readonly InMemoryProducerIdStore _ids = new();
        private readonly List<(long Id, short Epoch)> _incarnations = [];
        private readonly Dictionary<(TopicPartition Partition, long Id, short Epoch, bool Commit), int> _written = [];
        private readonly Dictionary<(TopicPartition Partition, long Id, short Epoch, bool Commit), int> _acknowledged = [];
        private HashSet<TopicPartition> _open = [];
        private TransactionCoordinator _coordinator;
        private bool _markersBroken;

        public Model() => _coordinator = NewCoordinator();

        public async Task ApplyAsync(Kind kind, int who, TopicPartition partition)
        {
            var claim = _incarnations.Count == 0 ? default : _incarnations[^Math.Min(who + 1, _incarnations.Count)];
            switch (kind)
            {
                case Kind.Init:
                    await InitAsync(null);
                    break;
                case Kind.Recover when _incarnations.Count > 0:
                    await InitAsync(claim);
                    break;
                case Kind.Add when _incarnations.Count > 0:
                    var added = await _coordinator.AddPartitionsAsync("x", claim.Id, claim.Epoch, [partition]);
                    CheckFenced(claim, added);
                    if (added == ErrorCode.None) _open.Add(partition);
                    break;
                case Kind.Commit or Kind.Abort when _incarnations.Count > 0:
                    await EndAsync(claim, kind == Kind.Commit);
                    break;
                case Kind.BreakMarkers:
                    _markersBroken = true;
                    break;
                case Kind.BreakLog:
                    _log.Failure = ErrorCode.KafkaStorageError;
                    break;
                case Kind.Mend:
                    Mend();
                    break;
                case Kind.Crash:
                    await RestartAsync();
                    break;
            }
        }

        public async Task FinishAsync()
        {
            Mend();
            await RestartAsync();
            Assert.False(_coordinator.Describe("x")?.IsPrepared ?? false, "a decided transaction is finished at the latest by a restart");
            foreach (var (marker, count) in _acknowledged) Assert.True(_written.GetValueOrDefault(marker) >= count, $"{marker}: {count} acknowledged");
        }

        public async ValueTask<ErrorCode> WriteAsync(TopicPartition partition, long producerId, short producerEpoch, int coordinatorEpoch, bool commit)
        {
            await Task.Yield();
            if (_markersBroken) return ErrorCode.KafkaStorageError;
            var marker = (partition, producerId, producerEpoch, commit);
            _written[marker] = _written.GetValueOrDefault(marker) + 1;
            return ErrorCode.None;
        }

        public void Dispose() => _coordinator.Dispose();

        private async Task InitAsync((long Id, short Epoch)? expected)
        {
            var result = await _coordinator.InitProducerIdAsync("x", 60_000, expected);
            if (result.Error != ErrorCode.None) return;
            var identity = (result.ProducerId, result.ProducerEpoch);
            // Only the retry of a recovery may be told the same identity again.
            if (_incarnations.Contains(identity)) Assert.NotNull(expected);
            else _incarnations.Add(identity);
            Assert.Equal(_incarnations[^1], identity);
            _open = [];
        }

        private async Task EndAsync((long Id, short Epoch) claim, bool commit)
        {
            var before = _coordinator.Describe("x")!.State;
            var ended = await _coordinator.EndAsync("x", claim.Id, claim.Epoch, commit);
            CheckFenced(claim, ended);
            if (ended != ErrorCode.None || before != TransactionState.Ongoing) return;
            foreach (var partition in _open)
            {
                var marker = (partition, claim.Id, claim.Epoch, commit);
                _acknowledged[marker] = _acknowledged.GetValueOrDefault(marker) + 1;
            }

            _open = [];
        }

        private void CheckFenced((long Id, short Epoch) claim, ErrorCode error)
        {
            if (claim != _incarnations[^1]) Assert.NotEqual(ErrorCode.None, error);
        }

        private void Mend()
        {
            _markersBroken = false;
            _log.Failure = ErrorCode.None;
        }

        private async Task RestartAsync()
        {
            _coordinator.Dispose();
            _coordinator = NewCoordinator();
            _coordinator.Load();
            await _coordinator.ResumeAsync();
        }

        private TransactionCoordinator NewCoordinator() =>
            new(new TransactionCoordinatorOptions(), _log, this, _ids, _clock, NullLoggerFactory.Instance);
    }
}
