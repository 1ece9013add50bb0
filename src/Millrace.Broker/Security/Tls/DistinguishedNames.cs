using System.Formats.Asn1;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Millrace.Broker.Security.Tls;

/// <summary>
/// A certificate's subject as text, in the form of RFC 2253 that Java's <c>X500Principal.getName()</c> has and that mapping rules and ACLs are written for: the most
/// special part first, no space behind commas, unknown attributes by number and in hexadecimal.
/// </summary>
internal static class DistinguishedNames
{
    private const string Escaped = ",=+<>#;\"\\";

    private static readonly Dictionary<string, string> Keywords = new(StringComparer.Ordinal)
    {
        ["2.5.4.3"] = "CN",
        ["2.5.4.6"] = "C",
        ["2.5.4.7"] = "L",
        ["2.5.4.8"] = "ST",
        ["2.5.4.9"] = "STREET",
        ["2.5.4.10"] = "O",
        ["2.5.4.11"] = "OU",
        ["0.9.2342.19200300.100.1.25"] = "DC",
        ["0.9.2342.19200300.100.1.1"] = "UID",
    };

    public static string Format(X500DistinguishedName name)
    {
        var parts = new List<string>();
        var sequence = new AsnReader(name.RawData, AsnEncodingRules.DER).ReadSequence();
        while (sequence.HasData)
        {
            // A part can have several attributes, joined by +.
            var part = sequence.ReadSetOf(skipSortOrderValidation: true);
            var attributes = new List<string>();
            while (part.HasData) attributes.Add(Attribute(part.ReadSequence()));
            parts.Add(string.Join('+', attributes));
        }

        parts.Reverse();
        return string.Join(',', parts);
    }

    private static string Attribute(AsnReader attribute)
    {
        string type = attribute.ReadObjectIdentifier();
        var encoded = attribute.ReadEncodedValue();
        return Keywords.TryGetValue(type, out string? keyword) && Text(encoded) is { } text
            ? $"{keyword}={Escape(text)}"
            : $"{type}=#{Convert.ToHexStringLower(encoded.Span)}";
    }

    private static string? Text(ReadOnlyMemory<byte> encoded)
    {
        var reader = new AsnReader(encoded, AsnEncodingRules.DER);
        var tag = reader.PeekTag();
        if (tag.TagClass != TagClass.Universal) return null;
        var type = (UniversalTagNumber)tag.TagValue;
        return type is UniversalTagNumber.UTF8String or UniversalTagNumber.PrintableString or UniversalTagNumber.IA5String or UniversalTagNumber.BMPString or UniversalTagNumber.T61String
            ? reader.ReadCharacterString(type)
            : null;
    }

    private static string Escape(string text)
    {
        text = text.Trim(' ');
        var result = new StringBuilder(text.Length);
        foreach (char c in text)
        {
            if (Escaped.Contains(c, StringComparison.Ordinal)) result.Append('\\');
            result.Append(c);
        }

        return result.ToString();
    }
}
