using Millrace.Broker.Security;

namespace Millrace.Broker.Security.Sasl;

/// <summary>One authentication by one mechanism: takes the client's tokens one after another.</summary>
internal interface ISaslExchange
{
    /// <summary>Takes a token and gives the server's; null where the exchange fails, with the reason in <see cref="Failure"/>.</summary>
    byte[]? Next(ReadOnlySpan<byte> token);

    /// <summary>Set when the client has proved who it is.</summary>
    KafkaPrincipal? Principal { get; }

    /// <summary>When what the client has shown ceases to hold; null for never.</summary>
    DateTimeOffset? ExpiresAt { get; }

    /// <summary>What the client is told. It never says which of name and password was wrong.</summary>
    string Failure { get; }

    /// <summary>For whom the client gives itself out, for the audit log.</summary>
    string? Claimed { get; }
}
