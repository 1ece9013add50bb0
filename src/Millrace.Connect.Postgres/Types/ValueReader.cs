using Millrace.Connect.Data;

namespace Millrace.Connect.Postgres.Types;

/// <summary>Makes a Connect value of PostgreSQL's text form (UTF-8).</summary>
internal delegate object? TextReader(ReadOnlySpan<byte> text);

/// <summary>How one column's values become Connect values.</summary>
/// <param name="Schema">Builds the schema, required; the caller makes it optional.</param>
/// <param name="Read">Reads a value.</param>
/// <param name="Unavailable">Stands for an unchanged TOASTed value.</param>
internal sealed record ValueReader(Func<SchemaBuilder> Schema, TextReader Read, object? Unavailable);
