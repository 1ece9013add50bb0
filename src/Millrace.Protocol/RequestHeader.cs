namespace Millrace.Protocol;

/// <summary>The header of a request: version 1, or version 2 with tagged fields where the request's version is flexible.</summary>
/// <param name="ApiKey">The API.</param>
/// <param name="ApiVersion">The version of the request.</param>
/// <param name="CorrelationId">Returned in the response.</param>
/// <param name="ClientId">The client's own name.</param>
/// <remarks>KIP-482. The client id keeps its two-byte length in every version, so that a broker can read it before it knows the rest.</remarks>
public readonly record struct RequestHeader(ApiKey ApiKey, short ApiVersion, int CorrelationId, string? ClientId)
{
    /// <summary>Reads the part that all versions share.</summary>
    /// <param name="reader">At the beginning of the frame.</param>
    /// <returns>The header; tagged fields, if any, are still unread.</returns>
    public static RequestHeader Read(ref KafkaReader reader) =>
        new((ApiKey)reader.ReadInt16(), reader.ReadInt16(), reader.ReadInt32(), reader.ReadNullableString(flexible: false));

    /// <summary>Writes the header.</summary>
    /// <param name="writer">The writer.</param>
    /// <param name="flexible">Whether the request's version is flexible.</param>
    public void Write(ref KafkaWriter writer, bool flexible)
    {
        writer.WriteInt16((short)ApiKey);
        writer.WriteInt16(ApiVersion);
        writer.WriteInt32(CorrelationId);
        writer.WriteNullableString(ClientId, flexible: false);
        if (flexible) writer.WriteUnsignedVarint(0);
    }
}

/// <summary>The header of a response: version 0, or version 1 with tagged fields where the version is flexible.</summary>
/// <param name="CorrelationId">The request's.</param>
public readonly record struct ResponseHeader(int CorrelationId)
{
    /// <summary>Whether the header of a response has tagged fields. That of ApiVersions never has: its reader does not know the version yet (KIP-511).</summary>
    /// <param name="api">The API.</param>
    /// <param name="flexible">Whether the response's version is flexible.</param>
    /// <returns>Whether it has.</returns>
    public static bool IsFlexible(ApiKey api, bool flexible) => flexible && api != ApiKey.ApiVersions;

    /// <summary>Reads the header.</summary>
    /// <param name="reader">At the beginning of the frame.</param>
    /// <param name="flexible">What <see cref="IsFlexible"/> says.</param>
    /// <returns>The header.</returns>
    public static ResponseHeader Read(ref KafkaReader reader, bool flexible)
    {
        var header = new ResponseHeader(reader.ReadInt32());
        if (flexible) reader.SkipTaggedFields();
        return header;
    }

    /// <summary>Writes the header.</summary>
    /// <param name="writer">The writer.</param>
    /// <param name="flexible">What <see cref="IsFlexible"/> says.</param>
    public void Write(ref KafkaWriter writer, bool flexible)
    {
        writer.WriteInt32(CorrelationId);
        if (flexible) writer.WriteUnsignedVarint(0);
    }
}
