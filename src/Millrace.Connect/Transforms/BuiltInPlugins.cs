namespace Millrace.Connect;

/// <summary>The converters and transforms of this package under the class names that configurations use.</summary>
internal static class BuiltInPlugins
{
    internal static void AddTo(ConnectPlugins plugins)
    {
        plugins
            .AddConverter("org.apache.kafka.connect.json.JsonConverter", static () => new Converters.JsonConverter())
            .AddConverter("org.apache.kafka.connect.storage.StringConverter", static () => new Converters.StringConverter())
            .AddConverter("org.apache.kafka.connect.converters.ByteArrayConverter", static () => new Converters.ByteArrayConverter());
        plugins
            .AddTransform("io.debezium.transforms.ByLogicalTableRouter", static () => new Transforms.ByLogicalTableRouter())
            .AddTransform("io.debezium.transforms.ExtractNewRecordState", static () => new Transforms.ExtractNewRecordState())
            .AddTransform("org.apache.kafka.connect.transforms.RegexRouter", static () => new Transforms.RegexRouter());
    }
}
