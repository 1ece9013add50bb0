using System.Reflection;
using System.Runtime.InteropServices;
using System.Runtime.Loader;
using Microsoft.Extensions.Logging;
using Millrace.Cli.Infrastructure;
using Millrace.Streams;
using Millrace.Streams.Monitoring;

namespace Millrace.Cli.Hosting;

/// <summary>How jobs are run.</summary>
internal sealed record JobsHostOptions
{
    public required string Listen { get; init; }

    public required string CheckpointDirectory { get; init; }

    public TimeSpan CheckpointInterval { get; init; } = TimeSpan.FromSeconds(1);

    public int Parallelism { get; init; } = 1;

    public required IReadOnlyDictionary<string, string> Settings { get; init; }
}

/// <summary>Runs stream jobs in this process and serves their state.</summary>
internal sealed class JobsHost : IAsyncDisposable
{
    private static readonly TimeSpan _longestStop = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan _longestCancel = TimeSpan.FromSeconds(5);

    private readonly JobsServer _server;
    private readonly IReadOnlyList<JobClient> _jobs;

    private JobsHost(JobsServer server, IReadOnlyList<JobClient> jobs)
    {
        _server = server;
        _jobs = jobs;
    }

    public string Address => _server.Address;

    /// <summary>Completes when a job ends for good, which an unbounded job does only by failing.</summary>
    public Task<JobExecutionResult> AnyEnded => Task.WhenAny(_jobs.Select(static j => j.Completion)).Unwrap();

    public static async Task<JobsHost> StartAsync(IReadOnlyList<IStreamJob> jobs, JobsHostOptions options, ILoggerFactory logging, CancellationToken cancellationToken)
    {
        var registry = new JobRegistry();
        var server = await JobsServer.StartAsync(options.Listen, registry, logging, cancellationToken);
        var running = new List<JobClient>();
        try
        {
            foreach (var job in jobs)
            {
                var env = StreamExecutionEnvironment.GetExecutionEnvironment(new StreamExecutionOptions { LoggerFactory = logging, Registry = registry });
                env.Parallelism = options.Parallelism;
                env.EnableCheckpointing(options.CheckpointInterval);
                env.CheckpointConfig.CheckpointStorage = Path.Combine(Path.GetFullPath(options.CheckpointDirectory), job.Name);
                job.Build(env, options.Settings);
                running.Add(await env.StartAsync(job.Name, cancellationToken));
            }

            return new JobsHost(server, running);
        }
        catch
        {
            await new JobsHost(server, running).DisposeAsync();
            throw;
        }
    }

    /// <summary>The jobs of an assembly: public classes that implement <see cref="IStreamJob"/>.</summary>
    public static IReadOnlyList<IStreamJob> Find(Assembly assembly) =>
        [.. assembly.GetExportedTypes().Where(static t => t is { IsClass: true, IsAbstract: false } && t.IsAssignableTo(typeof(IStreamJob))).Select(static t => (IStreamJob)Activator.CreateInstance(t)!).OrderBy(static j => j.Name, StringComparer.Ordinal)];

    public static Assembly Load(string path)
    {
        if (!File.Exists(path)) throw new CliException($"{path}: there is no such file; --assembly takes the built .dll that holds the jobs");
        // In the default context, so that the jobs' Millrace.Streams is this program's; what only the jobs need lies beside them.
        var beside = new AssemblyDependencyResolver(Path.GetFullPath(path));
        AssemblyLoadContext.Default.Resolving += (context, name) => beside.ResolveAssemblyToPath(name) is { } found ? context.LoadFromAssemblyPath(found) : null;
        AssemblyLoadContext.Default.ResolvingUnmanagedDll += (_, name) => beside.ResolveUnmanagedDllToPath(name) is { } found && NativeLibrary.TryLoad(found, out var library) ? library : 0;
        return AssemblyLoadContext.Default.LoadFromAssemblyPath(Path.GetFullPath(path));
    }

    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(_jobs.Select(StopAsync));
        await _server.DisposeAsync();
    }

    // With a last checkpoint if Kafka takes it; without one nothing is lost either, since the next run goes back to the one before.
    private static async Task StopAsync(JobClient job)
    {
        var stopping = Task.Run(job.StopAsync);
        if (await Task.WhenAny(stopping, Task.Delay(_longestStop)) == stopping)
        {
            await stopping;
            return;
        }

        await Task.WhenAny(Task.Run(job.CancelAsync), Task.Delay(_longestCancel));
    }
}
