namespace Millrace.Console.Pipeline;

/// <summary>Lays a graph out in columns: each place stands right of all that feed it; rows follow the neighbours to keep lines short.</summary>
internal static class PipelineLayout
{
    public static PipelineGraph Arrange(IReadOnlyList<PipelineNode> nodes, IReadOnlyList<PipelineEdge> edges)
    {
        if (nodes.Count == 0) return PipelineGraph.Empty;
        var known = nodes.Select(static node => node.Id).ToHashSet(StringComparer.Ordinal);
        PipelineEdge[] real = [.. edges.Where(edge => known.Contains(edge.From) && known.Contains(edge.To) && edge.From != edge.To).DistinctBy(static edge => (edge.From, edge.To))];
        var into = real.ToLookup(static edge => edge.To, static edge => edge.From, StringComparer.Ordinal);
        var outOf = real.ToLookup(static edge => edge.From, static edge => edge.To, StringComparer.Ordinal);

        // Longest path; as many rounds as nodes, so that a loop (a job that writes to its own input) ends too.
        var column = nodes.ToDictionary(static node => node.Id, static _ => 0, StringComparer.Ordinal);
        for (var round = 0; round < Math.Min(nodes.Count, 12); round++)
        {
            foreach (var edge in real)
            {
                if (column[edge.To] <= column[edge.From] && column[edge.From] < 11) column[edge.To] = column[edge.From] + 1;
            }
        }

        // A place with nothing before it stands just left of what it feeds.
        foreach (var node in nodes.Where(node => !into[node.Id].Any() && outOf[node.Id].Any()))
            column[node.Id] = Math.Max(0, outOf[node.Id].Min(next => column[next]) - 1);

        var columns = nodes.GroupBy(node => column[node.Id]).OrderBy(static group => group.Key).Select(static group => group.Select(static node => node.Id).ToList()).ToList();
        var row = new Dictionary<string, double>(StringComparer.Ordinal);
        foreach (var ids in columns) Place(ids, row);
        for (var sweep = 0; sweep < 4; sweep++)
        {
            foreach (var ids in columns) Sort(ids, row, into);
            foreach (var ids in Enumerable.Reverse(columns)) Sort(ids, row, outOf);
        }

        var rows = columns.Max(static ids => ids.Count);
        foreach (var ids in columns)
        {
            // Shorter columns are centred.
            var shift = (rows - ids.Count) / 2.0;
            for (var i = 0; i < ids.Count; i++) row[ids[i]] = i + shift;
        }

        var index = columns.SelectMany(static (ids, at) => ids.Select(id => (id, at))).ToDictionary(static pair => pair.id, static pair => pair.at, StringComparer.Ordinal);
        return new PipelineGraph([.. nodes.Select(node => node with { Column = index[node.Id], Row = row[node.Id] }).OrderBy(static node => node.Column).ThenBy(static node => node.Row)], real, columns.Count, rows);
    }

    private static void Sort(List<string> ids, Dictionary<string, double> row, ILookup<string, string> neighbours)
    {
        var wish = ids.ToDictionary(static id => id, id => neighbours[id].Select(next => row[next]).DefaultIfEmpty(row[id]).Average(), StringComparer.Ordinal);
        var sorted = ids.OrderBy(id => wish[id]).ThenBy(id => row[id]).ToList();
        ids.Clear();
        ids.AddRange(sorted);
        Place(ids, row);
    }

    private static void Place(List<string> ids, Dictionary<string, double> row)
    {
        for (var i = 0; i < ids.Count; i++) row[ids[i]] = i - ((ids.Count - 1) / 2.0);
    }
}
