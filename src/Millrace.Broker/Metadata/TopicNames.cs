namespace Millrace.Broker.Metadata;

/// <summary>Kafka's rules for the names of topics.</summary>
internal static class TopicNames
{
    public const string ConsumerOffsets = "__consumer_offsets";

    public const string TransactionState = "__transaction_state";

    public const string ShareGroupState = "__share_group_state";

    /// <summary>A partition's directory, "name-partition", and its "-delete" form must fit into 255 bytes of a file name.</summary>
    private const int MaxLength = 249;

    public static bool IsInternal(string name) => name is ConsumerOffsets or TransactionState or ShareGroupState;

    /// <summary>Why a name is not allowed, or null.</summary>
    public static string? Problem(string? name)
    {
        if (string.IsNullOrEmpty(name)) return "the topic name is empty";
        if (name is "." or "..") return $"the topic name '{name}' is not allowed: it names a directory";
        if (name.Length > MaxLength) return $"the topic name has {name.Length} characters, {MaxLength} are allowed";
        foreach (char c in name)
        {
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('.' or '_' or '-'))
                return $"the topic name '{name}' contains '{c}': only ASCII letters, digits, '.', '_' and '-' are allowed";
        }

        return null;
    }

    /// <summary>The form in which names collide: a metric's name cannot tell '.' from '_'.</summary>
    public static string CollisionKey(string name) => name.Replace('.', '_');
}
