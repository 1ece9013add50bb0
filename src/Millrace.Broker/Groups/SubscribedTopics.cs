using System.Buffers.Binary;
using System.Text;

namespace Millrace.Broker.Groups;

/// <summary>
/// Reads the topics out of a consumer's subscription (ConsumerProtocolSubscription: version int16, then the topics in all versions). The bytes belong to the
/// clients and need not follow that schema: then the answer is "unknown", never an exception.
/// </summary>
internal static class SubscribedTopics
{
    public static bool TryRead(ReadOnlySpan<byte> subscription, out IReadOnlyCollection<string> topics)
    {
        topics = [];
        if (subscription.Length < 6 || BinaryPrimitives.ReadInt16BigEndian(subscription) < 0) return false;
        var count = BinaryPrimitives.ReadInt32BigEndian(subscription[2..]);
        var rest = subscription[6..];
        // Each topic takes at least its two bytes of length, so a count beyond that is not a count.
        if (count < 0 || count > rest.Length / 2) return false;
        var names = new HashSet<string>(count, StringComparer.Ordinal);
        for (var i = 0; i < count; i++)
        {
            if (rest.Length < 2) return false;
            var length = BinaryPrimitives.ReadInt16BigEndian(rest);
            rest = rest[2..];
            if (length < 0 || length > rest.Length) return false;
            names.Add(Encoding.UTF8.GetString(rest[..length]));
            rest = rest[length..];
        }

        topics = names;
        return true;
    }
}
