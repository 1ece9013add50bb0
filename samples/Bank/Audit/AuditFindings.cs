namespace Millrace.Samples.Bank.Audit;

/// <summary>The differences that an audit finds: counted by kind, and told in words with a few examples.</summary>
internal sealed class AuditFindings
{
    /// <summary>So many examples are told of one difference.</summary>
    public const int Examples = 3;

    private readonly List<string> _words = [];

    public long Missing { get; private set; }

    public long Duplicates { get; private set; }

    public long Wrong { get; private set; }

    public long Phantoms { get; private set; }

    public IReadOnlyList<string> Words => _words;

    public void AddMissing(string what, long count, IReadOnlyList<string>? examples = null) => Missing += Tell("missing", what, count, examples);

    public void AddDuplicates(string what, long count, IReadOnlyList<string>? examples = null) => Duplicates += Tell("twice", what, count, examples);

    public void AddWrong(string what, long count, IReadOnlyList<string>? examples = null) => Wrong += Tell("wrong", what, count, examples);

    public void AddPhantoms(string what, long count, IReadOnlyList<string>? examples = null) => Phantoms += Tell("phantom", what, count, examples);

    /// <summary>A difference with a figure of its own in the report.</summary>
    public void Add(string words) => _words.Add(words);

    private long Tell(string kind, string what, long count, IReadOnlyList<string>? examples)
    {
        if (count <= 0) return 0;
        _words.Add(examples is [_, ..] ? $"{kind}: {what}: {count} ({string.Join(", ", examples.Take(Examples))}{(count > Examples ? ", …" : "")})" : $"{kind}: {what}: {count}");
        return count;
    }
}
