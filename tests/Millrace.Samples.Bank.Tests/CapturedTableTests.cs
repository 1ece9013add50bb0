using System.Text;
using Millrace.Samples.Bank.Audit;

namespace Millrace.Samples.Bank.Tests;

public sealed class CapturedTableTests
{
    private readonly CapturedTable<long, long> _table = new(static r => r.GetProperty("id").GetInt64(), static r => r.GetProperty("value").GetInt64());

    [Fact]
    public void Events_in_their_order_leave_the_latest_row_and_no_duplicates()
    {
        Apply('r', 100, 1, 10);
        Apply('u', 120, 1, 11);
        Apply('c', 130, 2, 20);
        Apply('d', 140, 2, 20);
        Apply('c', 150, 2, 21);
        _table.Apply([]);
        Assert.Equal((5L, 0L, 0L), (_table.Events, _table.Duplicates, _table.Reinserted));
        Assert.Equal([(1L, 11L), (2L, 21L)], _table.Rows.Select(static r => (r.Key, r.Value)).Order());
    }

    [Theory]
    [InlineData('r', 100)]
    [InlineData('u', 120)]
    [InlineData('u', 140)]
    public void A_record_that_comes_again_is_a_duplicate_and_changes_nothing(char op, long lsn)
    {
        Apply('r', 100, 1, 10);
        if (op != 'r')
        {
            Apply('u', 120, 1, 11);
            Apply('u', 140, 1, 12);
        }

        var before = _table.Rows[1];
        Apply(op, lsn, 1, 99);
        Assert.Equal((1L, 0L, before), (_table.Duplicates, _table.Reinserted, _table.Rows[1]));
    }

    [Fact]
    public void A_replayed_run_of_records_counts_each_of_them()
    {
        (long Lsn, long Value)[] run = [(100, 1), (110, 2), (120, 3)];
        foreach (var (lsn, value) in run) Apply(lsn == 100 ? 'c' : 'u', lsn, 1, value);
        foreach (var (lsn, value) in run) Apply(lsn == 100 ? 'c' : 'u', lsn, 1, value);
        Assert.Equal((3L, 3L), (_table.Duplicates, _table.Rows[1]));
    }

    [Theory]
    [InlineData('r', 'r')]
    [InlineData('c', 'c')]
    [InlineData('r', 'c')]
    [InlineData('c', 'r')]
    public void A_row_that_is_inserted_where_it_is_already_is_told_even_at_another_position(char first, char second)
    {
        Apply(first, 100, 1, 10);
        Apply(second, 200, 1, 10);
        Assert.Equal((0L, 1L), (_table.Duplicates, _table.Reinserted));
    }

    private void Apply(char op, long lsn, long id, long value)
    {
        var image = $$"""{"id":{{id}},"value":{{value}}}""";
        _table.Apply(Encoding.UTF8.GetBytes(
            $$"""
            {
              "op": "{{op}}", "before": {{(op == 'd' ? image : "null")}}, "after": {{(op == 'd' ? "null" : image)}},
              "source": { "lsn": {{lsn}}, "snapshot": "{{(op == 'r' ? "true" : "false")}}" }
            }
            """));
    }
}
