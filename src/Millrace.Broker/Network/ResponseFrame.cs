using Millrace.Protocol;

namespace Millrace.Broker.Network;

/// <summary>A response with its header and its length in front.</summary>
internal static class ResponseFrame
{
    private const int SizeBytes = sizeof(int);

    public static EncodedMessage Encode(IKafkaMessage response, int correlationId, short version, bool flexibleHeader, int capacity)
    {
        var writer = new KafkaWriter(capacity);
        try
        {
            writer.WriteInt32(0);
            new ResponseHeader(correlationId).Write(ref writer, flexibleHeader);
            response.Write(ref writer, version);
            writer.Patch(0, writer.Length - SizeBytes);
            return writer.Complete();
        }
        finally
        {
            writer.Dispose();
        }
    }
}
