namespace Millrace.Broker.Security;

/// <summary>Who a client is: Kafka's <c>TYPE:NAME</c>.</summary>
/// <param name="Type">Usually <c>User</c>.</param>
/// <param name="Name">The name within the type.</param>
internal sealed record KafkaPrincipal(string Type, string Name)
{
    public const string User = "User";

    /// <summary>Who has not said who he is.</summary>
    public static KafkaPrincipal Anonymous { get; } = new(User, "ANONYMOUS");

    public static KafkaPrincipal Of(string user) => new(User, user);

    /// <summary>Reads <c>TYPE:NAME</c>; null where it is none.</summary>
    public static KafkaPrincipal? Parse(string text)
    {
        int colon = text.IndexOf(':', StringComparison.Ordinal);
        return colon > 0 && colon < text.Length - 1 ? new(text[..colon], text[(colon + 1)..]) : null;
    }

    public override string ToString() => $"{Type}:{Name}";
}
