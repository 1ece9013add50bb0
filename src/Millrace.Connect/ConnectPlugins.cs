using Millrace.Connect.Configuration;
using Millrace.Connect.Converters;
using Millrace.Connect.Rest;
using Millrace.Connect.Transforms;

namespace Millrace.Connect;

/// <summary>
/// The connectors, converters and transforms that a worker can make, by class name. Names are those of Apache Kafka and Debezium, so that their
/// configurations run unchanged; a name's last part alone is accepted too, as Kafka Connect does.
/// </summary>
public sealed class ConnectPlugins
{
    private readonly Dictionary<string, Func<IConnector>> _connectors = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Func<IConverter>> _converters = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Func<ITransform>> _transforms = new(StringComparer.Ordinal);

    /// <summary>The plugins that come with Millrace.Connect: converters and transforms.</summary>
    public ConnectPlugins() => BuiltInPlugins.AddTo(this);

    /// <summary>The connectors' class names and kinds (<c>source</c> or <c>sink</c>) and versions.</summary>
    public IEnumerable<(string Class, string Kind, string Version)> Connectors =>
        _connectors.Select(c => (c.Key, c.Value())).Select(c => (c.Key, c.Item2 is ISourceConnector ? "source" : "sink", c.Item2.Version));

    /// <summary>Adds a connector.</summary>
    public ConnectPlugins AddConnector(string className, Func<IConnector> create) => Add(_connectors, className, create);

    /// <summary>Adds a converter.</summary>
    public ConnectPlugins AddConverter(string className, Func<IConverter> create) => Add(_converters, className, create);

    /// <summary>Adds a transform.</summary>
    public ConnectPlugins AddTransform(string className, Func<ITransform> create) => Add(_transforms, className, create);

    /// <summary>Checks a connector's JSON file without anything outside: <c>{"name":…,"config":{…}}</c>.</summary>
    /// <param name="text">The file's text.</param>
    /// <param name="file">The file's name, for messages.</param>
    /// <returns>The connector's name, and every key with its value and what is wrong with it.</returns>
    /// <exception cref="ConfigException">The text is no connector file, or its class is not known.</exception>
    public (string Name, ConfigValidation Validation) CheckFile(string text, string file) => CheckFile(text, file, static (_, config) => config);

    /// <summary>Checks a connector's JSON file as a worker would take it, without anything outside.</summary>
    /// <param name="text">The file's text.</param>
    /// <param name="file">The file's name, for messages.</param>
    /// <param name="worker">The worker's options, whose <see cref="ConnectWorkerOptions.Overrides"/> count.</param>
    /// <returns>The connector's name, and every key with its value and what is wrong with it.</returns>
    /// <exception cref="ConfigException">The text is no connector file, its class is not known, or a variable or file that it refers to is not there.</exception>
    public (string Name, ConfigValidation Validation) CheckFile(string text, string file, ConnectWorkerOptions worker) =>
        CheckFile(text, file, (name, config) => ConfigSubstitution.Resolve(name, config, worker));

    internal IConnector CreateConnector(string className) => Find(_connectors, className, "connector")();

    internal IConverter CreateConverter(string className) => Find(_converters, className, "converter")();

    internal ITransform CreateTransform(string className) => Find(_transforms, className, "transform")();

    internal string ResolveConnector(string className) => FindName(_connectors, className, "connector");

    private (string Name, ConfigValidation Validation) CheckFile(string text, string file, Func<string, IReadOnlyDictionary<string, string>, IReadOnlyDictionary<string, string>> resolve)
    {
        var (name, given, _) = ConnectorJson.Parse(text, file);
        var config = resolve(name, given);
        var className = config.GetValueOrDefault("connector.class") ?? throw new ConfigException($"{file}: \"config\" has no \"connector.class\".");
        var named = new Dictionary<string, string>(config, StringComparer.Ordinal) { ["name"] = name };
        return (name, ConnectorValidation.Check(CreateConnector(className), named, this, out _));
    }

    private ConnectPlugins Add<T>(Dictionary<string, Func<T>> to, string className, Func<T> create)
    {
        to[className] = create;
        return this;
    }

    private static Func<T> Find<T>(Dictionary<string, Func<T>> among, string className, string what) => among[FindName(among, className, what)];

    private static string FindName<T>(Dictionary<string, Func<T>> among, string className, string what)
    {
        if (among.ContainsKey(className)) return className;
        var simple = among.Keys.Where(k => LastPart(k) == className || LastPart(k) == className + "Connector").ToArray();
        return simple.Length == 1 ? simple[0] : throw new ConfigException(
            $"Failed to find any class that implements a {what} and which name matches {className}. Available are: {string.Join(", ", among.Keys.Order(StringComparer.Ordinal))}.");

        static string LastPart(string name) => name[(name.LastIndexOfAny(['.', '$']) + 1)..];
    }
}
