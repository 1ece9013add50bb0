using Microsoft.Extensions.Logging;
using Millrace.Streams.State;

namespace Millrace.Streams.Operators;

/// <summary>The runtime context of a function, on an operator and, if the stream is keyed, on its state backend.</summary>
internal sealed class OperatorRuntimeContext(OperatorContext context, IKeyedStateStore? states) : RuntimeContext
{
    private ILogger? _logger;

    public override string JobName => context.JobName;

    public override string OperatorName => context.OperatorName;

    public override int SubtaskIndex => context.SubtaskIndex;

    public override int Parallelism => context.Parallelism;

    public override int Attempt => context.Attempt;

    public override ILogger Logger => _logger ??= context.LoggerFactory.CreateLogger("Millrace.Streams.Jobs." + context.OperatorName);

    private IKeyedStateStore States => states
        ?? throw new InvalidOperationException($"Operator '{context.OperatorName}' asks for keyed state, but its stream is not keyed. Put KeyBy before it.");

    public override IValueState<T> GetState<T>(ValueStateDescriptor<T> descriptor) => States.GetState(descriptor);

    public override IListState<T> GetListState<T>(ListStateDescriptor<T> descriptor) => States.GetListState(descriptor);

    public override IMapState<TMapKey, TMapValue> GetMapState<TMapKey, TMapValue>(MapStateDescriptor<TMapKey, TMapValue> descriptor) =>
        States.GetMapState(descriptor);

    public override IReducingState<T> GetReducingState<T>(ReducingStateDescriptor<T> descriptor) => States.GetReducingState(descriptor);

    public override IAggregatingState<TIn, TResult> GetAggregatingState<TIn, TAccumulator, TResult>(
        AggregatingStateDescriptor<TIn, TAccumulator, TResult> descriptor) => States.GetAggregatingState(descriptor);
}
