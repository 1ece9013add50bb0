using CsCheck;
using Millrace.Connect.Configuration;
using Millrace.Connect.Rest;

namespace Millrace.Connect.Tests;

public sealed class ConfigurationTests
{
    private static readonly ConfigDefinition Definition = new ConfigDefinition()
        .Define(new ConfigKey("host", ConfigType.String, "Host.") { Required = true })
        .Define(new ConfigKey("port", ConfigType.Int, "Port.") { Default = "5432", Minimum = 1 })
        .Define(new ConfigKey("mode", ConfigType.String, "Mode.") { Default = "a", Allowed = ["a", "b"] })
        .Define(new ConfigKey("later", ConfigType.Boolean, "Later.") { Default = "false", Unsupported = "it comes later" })
        .Define(new ConfigKey("secret", ConfigType.Password, "Secret.") { Validator = static v => v.Length < 3 ? "too short" : null });

    [Fact]
    public void Properties_are_read_as_java_does()
    {
        // Java ends lines at CR and LF only, and takes a form feed for white space.
        var line = Assert.Single(JavaProperties.Parse("\fa\u2028b = 1\u00852\f \n", "f"));
        Assert.Equal(("a\u2028b", "1\u00852", 1), (line.Key, line.Value, line.Line));
        Assert.Contains("f:2: ", Assert.Throws<ConfigException>(() => JavaProperties.Parse("a=1\nb=\\u12", "f")).Message, StringComparison.Ordinal);
        Assert.Contains("f:3: a: was given on line 1", Assert.Throws<ConfigException>(() => JavaProperties.Parse("a=1\n\na:2", "f")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_problem_is_told_under_its_key()
    {
        var result = Definition.Validate(new Dictionary<string, string> { ["port"] = "x", ["mode"] = "c", ["later"] = "true", ["hots"] = "h", ["secret"] = "ab" });
        Assert.Equal(6, result.ErrorCount);
        Assert.Contains("Missing required configuration \"host\"", Error("host"), StringComparison.Ordinal);
        Assert.Contains("Not a number of type INT", Error("port"), StringComparison.Ordinal);
        Assert.Contains("one of a, b", Error("mode"), StringComparison.Ordinal);
        Assert.Contains("it comes later", Error("later"), StringComparison.Ordinal);
        Assert.Contains("Did you mean \"host\"?", Error("hots"), StringComparison.Ordinal);
        Assert.DoesNotContain("ab", Error("secret").Replace("Invalid value [hidden]", "", StringComparison.Ordinal).Split(':')[0], StringComparison.Ordinal);
        string Error(string key) => Assert.Single(result.Values.Single(v => v.Name == key).Errors);
    }

    [Fact]
    public void A_refused_key_may_have_its_default() =>
        Assert.Equal(0, Definition.Validate(new Dictionary<string, string> { ["host"] = "h", ["later"] = "false" }).ErrorCount);

    [Fact]
    public void Worker_properties_are_read_by_Kafka_Connects_names()
    {
        var options = WorkerProperties.Parse(
            """
            # a comment
            bootstrap.servers = k1:9092,\
                k2:9092
            group.id: bank
            listeners=http://:8090
            offset.storage.topic=o
            offset.storage.replication.factor=3
            value.converter=org.apache.kafka.connect.json.JsonConverter
            value.converter.schemas.enable=false
            producer.compression.type=lz4
            security.protocol=SASL_SSL
            plugin.path=/plugins
            """, "worker.properties");
        Assert.Equal("k1:9092,k2:9092", options.BootstrapServers);
        Assert.Equal("bank", options.GroupId);
        Assert.Equal("http://0.0.0.0:8090", options.Listener);
        Assert.Equal(3, options.ReplicationFactor);
        Assert.Equal("lz4", options.ProducerSettings["compression.type"]);
        Assert.Equal("SASL_SSL", options.ClientSettings["security.protocol"]);
        Assert.Equal("false", options.ConverterSettings["value.converter.schemas.enable"]);
        Assert.Equal("false", options.ConverterSettings["key.converter.schemas.enable"]);
        Assert.Contains("plugin.path: has no effect: ", Assert.Single(options.Notices), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("group.id=a\nbootstrap.server=x", "f.properties:2: bootstrap.server: is no key")]
    [InlineData("\noffset.flush.interval.ms=soon", "f.properties:2: offset.flush.interval.ms: 'soon'")]
    [InlineData("group.id=a\ngroup.id=b", "f.properties:2: group.id: was given on line 1")]
    [InlineData("group.id=\\u12", "f.properties:1: \\u must be followed")]
    public void Errors_name_file_line_and_key(string text, string expected) =>
        Assert.Contains(expected, Assert.Throws<ConfigException>(() => WorkerProperties.Parse(text, "f.properties")).Message, StringComparison.Ordinal);

    [Fact]
    public void Any_text_is_properties_or_a_config_exception() =>
        Gen.String[Gen.Char["ab.=: \t\\u00#!\n\r01"], 0, 60].Sample(
            text =>
            {
                try
                {
                    JavaProperties.Parse(text, "f");
                }
                catch (ConfigException)
                {
                }
            },
            iter: 5000,
            seed: "0000KOIQJRe0");

    [Fact]
    public void Any_text_is_a_connector_or_a_config_exception()
    {
        const string Valid = """{"name":"n","config":{"connector.class":"c","tasks.max":1},"initial_state":"PAUSED"}""";
        Gen.OneOf(
            Gen.String[Gen.Char["{}[]\"nameconfig:,1 \\u0"], 0, 60],
            Gen.Select(Gen.Int[0, Valid.Length - 1], Gen.Char).Select(p => Valid.Remove(p.Item1, 1).Insert(p.Item1, p.Item2.ToString()))).Sample(
            text =>
            {
                try
                {
                    ConnectorJson.Parse(text, "body");
                }
                catch (ConfigException)
                {
                }
            },
            iter: 5000,
            seed: "0000KOIQJRe0");
    }

    [Fact]
    public void A_configuration_posted_without_its_wrapping_says_so() =>
        Assert.Contains("Put the connector's keys into \"config\"", Assert.Throws<ConfigException>(() => ConnectorJson.Parse("""{"name":"n","connector.class":"c"}""", "body")).Message, StringComparison.Ordinal);

    [Fact]
    public void Overrides_replace_hosts_of_the_connectors_that_have_them_and_secrets_stay_out_of_logs()
    {
        Environment.SetEnvironmentVariable("MILLRACE_TEST_SECRET", "s3cret");
        var options = new ConnectWorkerOptions { Overrides = new Dictionary<string, string> { ["database.hostname"] = "db", ["bank:database.password"] = "${env:MILLRACE_TEST_SECRET}" } };
        var resolved = ConfigSubstitution.Resolve("bank", new Dictionary<string, string> { ["database.hostname"] = "postgres-primary" }, options);
        Assert.Equal("db", resolved["database.hostname"]);
        Assert.Equal("s3cret", resolved["database.password"]);
        Assert.DoesNotContain("s3cret", ConfigSubstitution.Redacted(resolved), StringComparison.Ordinal);
        Assert.Empty(ConfigSubstitution.Resolve("sink", new Dictionary<string, string>(), options));
        Assert.Contains("NOT_SET_AT_ALL", Assert.Throws<ConfigException>(() => ConfigSubstitution.Resolve("x", new Dictionary<string, string> { ["a"] = "${env:NOT_SET_AT_ALL}" }, options)).Message, StringComparison.Ordinal);
    }
}
