using System.Xml.Linq;

namespace Millrace.Architecture.Tests;

/// <summary>Dependencies point down only. A new arrow is a decision: change docs/architecture.md and this table together.</summary>
public sealed class DependencyGraphTests
{
    private static readonly Dictionary<string, string[]> _allowed = new(StringComparer.Ordinal)
    {
        ["Millrace.Protocol"] = ["Millrace.Protocol.Generator"],
        ["Millrace.Protocol.Generator"] = [],
        ["Millrace.Broker"] = ["Millrace.Protocol"],
        ["Millrace.Schemas"] = [],
        ["Millrace.Kafka"] = ["Millrace.Schemas"],
        ["Millrace.Kafka.Testing"] = ["Millrace.Broker"],
        ["Millrace.Engines"] = [],
        ["Millrace.Connect"] = ["Millrace.Kafka"],
        ["Millrace.Connect.Postgres"] = ["Millrace.Connect"],
        ["Millrace.Connect.ClickHouse"] = ["Millrace.Connect"],
        ["Millrace.Streams"] = [],
        ["Millrace.Streams.Kafka"] = ["Millrace.Streams", "Millrace.Kafka"],
        ["Millrace.ClickHouse"] = ["Millrace.Engines", "Millrace.ClickHouse.Engine"],
        ["Millrace.ClickHouse.Engine"] = [],
        ["Millrace.Operations"] = ["Millrace.Kafka", "Millrace.Protocol"],
        ["Millrace.Console"] = ["Millrace.Operations"],
        ["Millrace.Cli"] =
        [
            "Millrace.Broker", "Millrace.Connect", "Millrace.Connect.Postgres", "Millrace.Connect.ClickHouse", "Millrace.Streams.Kafka", "Millrace.ClickHouse",
            "Millrace.ClickHouse.Engine", "Millrace.Console", "Millrace.Operations", "Millrace.Engines", "Millrace.Kafka", "Millrace.Samples.Bank",
        ],
    };

    public static TheoryData<string> SourceProjects => [.. Repository.Files("src", "*.csproj")];

    [Theory]
    [MemberData(nameof(SourceProjects))]
    public void A_project_refers_only_to_what_stands_below_it(string project)
    {
        var name = Path.GetFileNameWithoutExtension(project);
        Assert.True(_allowed.TryGetValue(name, out var allowed), $"{name} is new: add it to this table and to docs/architecture.md");
        var references = XDocument.Load(Repository.Combine(project)).Descendants("ProjectReference")
            .Select(r => Path.GetFileNameWithoutExtension(r.Attribute("Include")!.Value.Replace('\\', '/')));
        Assert.All(references, r => Assert.Contains(r, allowed!));
    }

    [Fact]
    public void The_table_has_no_cycle()
    {
        var done = new HashSet<string>(StringComparer.Ordinal);
        foreach (var project in _allowed.Keys) Visit(project, []);

        void Visit(string project, HashSet<string> path)
        {
            if (done.Contains(project) || !_allowed.TryGetValue(project, out var below)) return;
            Assert.True(path.Add(project), $"{project} depends on itself: {string.Join(" → ", path)}");
            foreach (var next in below) Visit(next, [.. path]);
            done.Add(project);
        }
    }

    [Fact]
    public void Every_project_stands_in_the_solution()
    {
        var solution = File.ReadAllText(Repository.Combine("Millrace.slnx"));
        var projects = new[] { "src", "samples", "tests", "bench" }.SelectMany(f => Repository.Files(f, "*.csproj"));
        Assert.All(projects, p => Assert.Contains(p, solution, StringComparison.Ordinal));
    }

    [Fact]
    public void Only_the_program_the_test_kit_and_tests_refer_to_the_broker()
    {
        var referring = new[] { "src", "samples", "bench" }.SelectMany(f => Repository.Files(f, "*.csproj"))
            .Where(p => File.ReadAllText(Repository.Combine(p)).Contains("Millrace.Broker.csproj", StringComparison.Ordinal))
            .Select(Path.GetFileNameWithoutExtension);
        Assert.Equal(["Millrace.Benchmarks", "Millrace.Cli", "Millrace.Kafka.Testing"], referring.Order(StringComparer.Ordinal));
    }
}
