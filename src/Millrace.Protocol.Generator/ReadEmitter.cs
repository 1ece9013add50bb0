namespace Millrace.Protocol.Generator;

/// <summary>Writes the <c>Read</c> method of a structure.</summary>
internal sealed class ReadEmitter(WireMessage message, CodeWriter code)
{
    public void Emit(WireStruct type, bool isRoot)
    {
        code.Line(isRoot ? "/// <inheritdoc/>" : "/// <summary>Reads the structure as the given version of its message has it.</summary>");
        code.Open($"public void Read(ref global::Millrace.Protocol.KafkaReader reader, short version)");
        if (isRoot) code.Line("global::Millrace.Protocol.MalformedMessageException.ThrowIfVersionOutOfRange(version, LowestVersion, HighestVersion);");
        if (message.FlexibleFrom is { } from) code.Line($"bool flexible = version >= {from};");
        else code.Line("const bool flexible = false;");
        foreach (var field in type.Fields)
        {
            if (field.Tag is null) Guarded(field, () => Value(field));
        }

        EmitTags(type);
        code.Close();
    }

    private void EmitTags(WireStruct type)
    {
        if (message.FlexibleFrom is null) return;
        var tagged = type.Fields.FindAll(static f => f.Tag is not null);
        if (tagged.Count == 0)
        {
            code.Line("if (flexible) reader.SkipTaggedFields();");
            return;
        }

        code.Open("if (flexible)");
        code.Open("for (int remaining = reader.ReadTagCount(); remaining > 0; remaining--)");
        code.Line("int tag = reader.ReadTag(out int end);");
        code.Open("switch (tag)");
        foreach (var field in tagged)
        {
            code.Line($"case {field.Tag}{Condition(field, " when ")}:");
            code.Open();
            Value(field);
            code.Line("break;");
            code.Close();
        }

        code.Close();
        code.Line("reader.EndTag(end);");
        code.Close();
        code.Close();
    }

    private void Guarded(WireField field, Action body)
    {
        string condition = Condition(field, "");
        if (condition.Length == 0)
        {
            body();
            return;
        }

        code.Open($"if ({condition})");
        body();
        code.Close();
    }

    private string Condition(WireField field, string prefix) => Conditions.Of(message, field.Versions, prefix);

    private void Value(WireField field)
    {
        if (field.IsArray) ArrayValue(field);
        else if (field.Struct is { } nested) StructValue(field, nested);
        else code.Line($"{field.Name} = reader.{Method(field)};");
    }

    private string Method(WireField field)
    {
        string name = WireTypes.Method(field.Scalar!);
        if (!WireTypes.HasLength(field.Scalar!)) return $"Read{name}()";
        if (field.Nullable is not { } nullable) return $"Read{name}(flexible)";
        string condition = Conditions.Of(message, nullable, "");
        return condition.Length == 0
            ? $"ReadNullable{name}(flexible)"
            : $"ReadNullable{name}(flexible).RequiredUnless({condition})";
    }

    private void StructValue(WireField field, WireStruct nested)
    {
        if (field.Nullable is not null)
        {
            code.Open($"if (reader.ReadInt8() < {(field.Tag is null ? 0 : 1)})");
            code.Line($"{field.Name} = null;");
            code.Close();
            code.Open("else");
        }
        else
        {
            code.Open();
        }

        code.Line($"var value = new {nested.Name}();");
        code.Line("value.Read(ref reader, version);");
        code.Line($"{field.Name} = value;");
        code.Close();
    }

    private void ArrayValue(WireField field)
    {
        string element = MessageEmitter.ElementType(field);
        code.Open();
        code.Line($"int count = reader.ReadArrayLength(flexible, {WireTypes.MinimumBytes(message, field)});");
        if (field.Nullable is { } nullable)
        {
            string condition = Conditions.Of(message, nullable, "");
            if (condition.Length > 0) code.Line($"if (count < 0 && !({condition})) global::Millrace.Protocol.MalformedMessageException.ThrowNull(\"{field.Name}\");");
            code.Open("if (count < 0)");
            code.Line($"{field.Name} = null;");
            code.Close();
            code.Open("else");
        }
        else
        {
            code.Line($"if (count < 0) global::Millrace.Protocol.MalformedMessageException.ThrowNull(\"{field.Name}\");");
            code.Open();
        }

        code.Line($"var items = new List<{element}>(count);");
        code.Open("for (int i = 0; i < count; i++)");
        if (field.Struct is not null)
        {
            code.Line($"var item = new {element}();");
            code.Line("item.Read(ref reader, version);");
            code.Line("items.Add(item);");
        }
        else
        {
            code.Line($"items.Add(reader.Read{WireTypes.Method(field.Scalar!)}({(WireTypes.HasLength(field.Scalar!) ? "flexible" : "")}));");
        }

        code.Close();
        code.Line($"{field.Name} = items;");
        code.Close();
        code.Close();
    }
}
