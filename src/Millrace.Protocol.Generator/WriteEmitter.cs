namespace Millrace.Protocol.Generator;

/// <summary>Writes the <c>Write</c> method of a structure. Tagged fields go out in the order of their tags, and only where they differ from the default.</summary>
internal sealed class WriteEmitter(WireMessage message, CodeWriter code)
{
    public void Emit(WireStruct type, bool isRoot)
    {
        code.Line(isRoot ? "/// <inheritdoc/>" : "/// <summary>Writes the structure as the given version of its message has it.</summary>");
        code.Open("public void Write(ref global::Millrace.Protocol.KafkaWriter writer, short version)");
        if (isRoot) code.Line("global::Millrace.Protocol.MalformedMessageException.ThrowIfVersionOutOfRange(version, LowestVersion, HighestVersion);");
        if (message.FlexibleFrom is { } from) code.Line($"bool flexible = version >= {from};");
        else code.Line("const bool flexible = false;");
        foreach (var field in type.Fields)
        {
            if (field.Tag is not null) continue;
            string condition = Conditions.Of(message, field.Versions, "");
            if (condition.Length > 0) code.Open($"if ({condition})");
            Value(field);
            if (condition.Length > 0) code.Close();
        }

        EmitTags(type);
        code.Close();
        if (IsTagged(type)) EmitIsDefault(type);
    }

    private bool IsTagged(WireStruct type) =>
        message.Structs.Concat([message.Root]).Any(s => s.Fields.Any(f => f.Tag is not null && f.Struct == type && !f.IsArray));

    private void EmitIsDefault(WireStruct type)
    {
        code.Line();
        string all = string.Join(" && ", type.Fields.Select(static f => "!(" + Differs(f) + ")"));
        code.Line($"internal bool IsDefault() => {(all.Length == 0 ? "true" : all)};");
    }

    private void EmitTags(WireStruct type)
    {
        if (message.FlexibleFrom is null) return;
        var tagged = type.Fields.FindAll(static f => f.Tag is not null);
        if (tagged.Count == 0)
        {
            code.Line("if (flexible) writer.WriteUnsignedVarint(0);");
            return;
        }

        tagged.Sort(static (a, b) => a.Tag!.Value.CompareTo(b.Tag!.Value));
        code.Open("if (flexible)");
        code.Line("uint tags = 0;");
        foreach (var field in tagged) code.Line($"if ({Present(field)}) tags++;");
        code.Line("writer.WriteUnsignedVarint(tags);");
        foreach (var field in tagged)
        {
            code.Open($"if ({Present(field)})");
            code.Line($"int mark = writer.BeginTag({field.Tag});");
            Value(field);
            code.Line("writer.EndTag(mark);");
            code.Close();
        }

        code.Close();
    }

    private string Present(WireField field)
    {
        string condition = Conditions.Of(message, field.Versions, "");
        return condition.Length == 0 ? Differs(field) : $"{condition} && {Differs(field)}";
    }

    private static string Differs(WireField field)
    {
        bool nullDefault = field.Default == "null";
        if (field.Nullable is not null && nullDefault) return $"{field.Name} is not null";
        if (field.IsArray) return field.Nullable is null ? $"{field.Name}.Count > 0" : $"{field.Name} is not {{ Count: 0 }}";
        if (field.Struct is not null) return field.Nullable is null ? $"!{field.Name}.IsDefault()" : $"{field.Name} is null || !{field.Name}.IsDefault()";
        return field.Scalar switch
        {
            "bool" => field.Default == "true" ? $"!{field.Name}" : field.Name,
            "string" => $"{field.Name} != {field.Default ?? "\"\""}",
            "bytes" => $"{field.Name} is not {{ Length: 0 }}",
            "records" => $"{field.Name}.Length > 0",
            "uuid" => $"{field.Name} != global::System.Guid.Empty",
            "error" => $"{field.Name} != 0",
            _ => $"{field.Name} != {field.Default ?? "0"}",
        };
    }

    private void Value(WireField field)
    {
        if (field.IsArray)
        {
            ArrayValue(field);
        }
        else if (field.Struct is not null && field.Nullable is not null)
        {
            // As a tagged field Kafka writes the marker as an unsigned number.
            code.Line($"writer.WriteInt8((sbyte)({field.Name} is null ? {(field.Tag is null ? -1 : 0)} : 1));");
            code.Line($"{field.Name}?.Write(ref writer, version);");
        }
        else if (field.Struct is not null)
        {
            code.Line($"{field.Name}.Write(ref writer, version);");
        }
        else
        {
            code.Line($"writer.{Method(field, field.Name)};");
        }
    }

    private string Method(WireField field, string value)
    {
        string name = WireTypes.Method(field.Scalar!);
        if (!WireTypes.HasLength(field.Scalar!)) return $"Write{name}({value})";
        if (field.Nullable is not { } nullable || field.IsArray) return $"Write{name}({value}, flexible)";
        string condition = Conditions.Of(message, nullable, "");
        return condition.Length == 0
            ? $"WriteNullable{name}({value}, flexible)"
            : $"WriteNullable{name}({value}.RequiredUnless({condition}), flexible)";
    }

    private void ArrayValue(WireField field)
    {
        if (field.Nullable is { } nullable)
        {
            string condition = Conditions.Of(message, nullable, "");
            if (condition.Length > 0) code.Line($"if ({field.Name} is null && !({condition})) global::Millrace.Protocol.MalformedMessageException.ThrowNull(\"{field.Name}\");");
            code.Line($"writer.WriteArrayLength({field.Name}?.Count ?? -1, flexible);");
            code.Open($"if ({field.Name} is not null)");
        }
        else
        {
            code.Line($"writer.WriteArrayLength({field.Name}.Count, flexible);");
            code.Open();
        }

        code.Open($"foreach (var item in {field.Name})");
        code.Line(field.Struct is not null ? "item.Write(ref writer, version);" : $"writer.{Method(field, "item")};");
        code.Close();
        code.Close();
    }
}
