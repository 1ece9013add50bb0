namespace Millrace.Protocol.Generator;

/// <summary>What a message is for: it decides the interface that the generated class carries.</summary>
internal enum MessageKind
{
    Request,
    Response,
    Record,
}

/// <summary>An inclusive range of versions; <see cref="High"/> is <see cref="short.MaxValue"/> where it is open.</summary>
internal sealed class VersionRange(int low, int high)
{
    public int Low { get; } = low;

    public int High { get; } = high;
}

/// <summary>One message of a description file.</summary>
internal sealed class WireMessage(MessageKind kind, string name, string? api, VersionRange versions, int? flexibleFrom)
{
    public MessageKind Kind { get; } = kind;

    public string Name { get; } = name;

    public string? Api { get; } = api;

    public VersionRange Versions { get; } = versions;

    public int? FlexibleFrom { get; } = flexibleFrom;

    public WireStruct Root { get; } = new(name);

    public List<WireStruct> Structs { get; } = [];

    public bool AlwaysFlexible => FlexibleFrom is { } from && from <= Versions.Low;
}

/// <summary>A message's own fields, or those of one of its nested structures.</summary>
internal sealed class WireStruct(string name)
{
    public string Name { get; } = name;

    public List<WireField> Fields { get; } = [];
}

/// <summary>One field of a structure.</summary>
internal sealed class WireField
{
    public string Name { get; set; } = "";

    /// <summary>The scalar's name, or null where the type is <see cref="Struct"/>.</summary>
    public string? Scalar { get; set; }

    public WireStruct? Struct { get; set; }

    public bool IsArray { get; set; }

    /// <summary>The versions in which the value can be null; null where it never can.</summary>
    public VersionRange? Nullable { get; set; }

    public VersionRange Versions { get; set; } = new(0, short.MaxValue);

    public int? Tag { get; set; }

    /// <summary>The default as written in the description, or null where it is the type's own.</summary>
    public string? Default { get; set; }
}
