using System.Globalization;
using System.Text;
using Millrace.Streams;
using Millrace.Streams.Monitoring;

namespace Millrace.Cli.Hosting;

/// <summary>Metrics of stream jobs in Prometheus' text format 0.0.4.</summary>
internal static class JobMetrics
{
    public static string Render(JobRegistry jobs)
    {
        var text = new StringBuilder();
        JobSnapshot[] snapshots = [.. jobs.Jobs.Select(static j => j.GetSnapshot())];
        Family("millrace_job_running", "gauge", "1 while the job runs.", j => [("", j.Status == JobStatus.Running ? 1 : 0)]);
        Family("millrace_job_restarts_total", "counter", "Restarts after failures.", j => [("", j.Restarts)]);
        Family("millrace_job_checkpoints_total", "counter", "Checkpoints by outcome.", j => [(",outcome=\"completed\"", j.Checkpoints.Completed), (",outcome=\"failed\"", j.Checkpoints.Failed)]);
        Family("millrace_job_checkpoint_duration_seconds", "gauge", "Duration of the latest completed checkpoint.", j => j.Checkpoints.Latest is { } c ? [("", c.Duration.TotalSeconds)] : []);
        Family("millrace_job_checkpoint_bytes", "gauge", "Size of the latest completed checkpoint.", j => j.Checkpoints.Latest is { } c ? [("", c.Bytes)] : []);
        Family("millrace_task_records_in_total", "counter", "Records read by a task.", j => j.Vertices.Select(static v => ($",task=\"{Escape(v.Name)}\"", (double)v.RecordsIn)));
        Family("millrace_task_records_out_total", "counter", "Records written by a task.", j => j.Vertices.Select(static v => ($",task=\"{Escape(v.Name)}\"", (double)v.RecordsOut)));
        Family("millrace_task_watermark_milliseconds", "gauge", "Event time that a task has reached.", j => j.Vertices.Where(static v => v.Watermark > 0).Select(static v => ($",task=\"{Escape(v.Name)}\"", (double)v.Watermark)));
        return text.ToString();

        void Family(string name, string type, string help, Func<JobSnapshot, IEnumerable<(string Labels, double Value)>> samples)
        {
            text.Append(CultureInfo.InvariantCulture, $"# HELP {name} {help}\n# TYPE {name} {type}\n");
            foreach (var job in snapshots)
            {
                foreach (var (labels, value) in samples(job)) text.Append(CultureInfo.InvariantCulture, $"{name}{{job=\"{Escape(job.Name)}\"{labels}}} {value}\n");
            }
        }
    }

    private static string Escape(string label) => label.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);
}
