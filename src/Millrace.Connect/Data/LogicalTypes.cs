namespace Millrace.Connect.Data;

/// <summary>The names of Kafka Connect's own logical types, and the .NET type that carries each.</summary>
public static class LogicalTypes
{
    /// <summary>Bytes; carried as <see cref="ConnectDecimal"/>; parameter <c>scale</c>.</summary>
    public const string Decimal = "org.apache.kafka.connect.data.Decimal";

    /// <summary>Int32, days since the epoch; carried as <see cref="DateOnly"/>.</summary>
    public const string Date = "org.apache.kafka.connect.data.Date";

    /// <summary>Int32, milliseconds since midnight; carried as <see cref="TimeOnly"/>.</summary>
    public const string Time = "org.apache.kafka.connect.data.Time";

    /// <summary>Int64, milliseconds since the epoch; carried as <see cref="DateTimeOffset"/> in UTC.</summary>
    public const string Timestamp = "org.apache.kafka.connect.data.Timestamp";

    /// <summary>A schema of <see cref="Decimal"/>.</summary>
    /// <param name="scale">Digits after the point.</param>
    public static SchemaBuilder DecimalSchema(int scale) =>
        new SchemaBuilder(ConnectType.Bytes).Name(Decimal).Version(1).Parameter("scale", scale.ToString(System.Globalization.CultureInfo.InvariantCulture));

    /// <summary>A schema of <see cref="Date"/>.</summary>
    public static SchemaBuilder DateSchema() => new SchemaBuilder(ConnectType.Int32).Name(Date).Version(1);

    /// <summary>A schema of <see cref="Time"/>.</summary>
    public static SchemaBuilder TimeSchema() => new SchemaBuilder(ConnectType.Int32).Name(Time).Version(1);

    /// <summary>A schema of <see cref="Timestamp"/>.</summary>
    public static SchemaBuilder TimestampSchema() => new SchemaBuilder(ConnectType.Int64).Name(Timestamp).Version(1);
}
