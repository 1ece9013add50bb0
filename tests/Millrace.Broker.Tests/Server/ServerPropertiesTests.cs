using Millrace.Broker.Configuration;

namespace Millrace.Broker.Tests.Server;

public sealed class ServerPropertiesTests
{
    private static readonly BrokerOptions Base = new() { DataDirectory = "data" };

    [Fact]
    public void A_usual_file_is_accepted_with_replication_clamped()
    {
        var properties = ServerPropertiesReader.Read(
            """
            # Replication
            default.replication.factor=3
            min.insync.replicas=2
            unclean.leader.election.enable=false
            num.io.threads=8
            socket.send.buffer.bytes=102400
            log.segment.bytes=1073741824
            log.retention.hours=24
            num.partitions=6
            listeners=PLAINTEXT://0.0.0.0:19092,CONTROLLER://:9093
            advertised.listeners=PLAINTEXT://kafka.bank.example:9092
            log.dirs=/var/lib/kafka
            """,
            "server.properties");
        var options = properties.ApplyTo(Base);
        Assert.Equal(12 - 1, properties.Settings.Count);
        Assert.Equal(2, properties.Settings[0].Line);
        Assert.Contains("counts as 1", properties.Settings[0].Effect, StringComparison.Ordinal);
        Assert.Equal(2, options.Notices.Count);
        Assert.Equal((6, "0.0.0.0:19092", "kafka.bank.example:9092", "/var/lib/kafka"), (options.DefaultPartitions, options.Listen, options.Advertised, options.DataDirectory));
        Assert.Equal("86400000", options.TopicDefaults["retention.ms"]);
        Assert.Equal("1", options.TopicDefaults["min.insync.replicas"]);
    }

    [Fact]
    public void Escapes_and_line_ends_are_javas()
    {
        var properties = ServerPropertiesReader.Read("log.dirs=/data/caf\\u00e9\u2028x\\\r\n  /y\rnum.partitions=3", "server.properties");

        Assert.Equal("/data/caf\u00e9\u2028x/y", properties.ApplyTo(Base).DataDirectory);
        Assert.Equal(3, properties.ApplyTo(Base).DefaultPartitions);
        Assert.Equal(3, properties.Settings[1].Line);
        var error = Assert.Throws<ServerPropertiesException>(static () => ServerPropertiesReader.Read("num.partitions=3\nlog.dirs=/data/\\u00", "server.properties"));
        Assert.StartsWith("server.properties:2: ", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_controllers_file_is_accepted()
    {
        var properties = ServerPropertiesReader.Read(
            "process.roles=controller\nnode.id=1\ncontroller.quorum.voters=1@controller1:9093,2@controller2:9093\ncontroller.listener.names=CONTROLLER\n", "controller.properties");
        Assert.Equal(4, properties.Settings.Count);
        Assert.Equal(1, properties.ApplyTo(Base).NodeId);
    }

    [Theory]
    [InlineData("log.retention.hourz=1", "f:1: log.retention.hourz", "log.retention.hours")]
    [InlineData("# c\nretention.ms=5", "f:2: retention.ms", "log.retention.ms")]
    [InlineData("num.partitions=many", "f:1: num.partitions", "whole number")]
    [InlineData("num.partitions=1\nnum.partitions=2", "f:2: num.partitions", "line 1")]
    [InlineData("min.insync.replicas=4\ndefault.replication.factor=3", "f:1: min.insync.replicas", "larger than")]
    [InlineData("ssl.engine.factory.class=x", "f:1: ssl.engine.factory.class", "refused")]
    [InlineData("listeners=SSL://:9093", "f:1: ssl.keystore.location", "speaks TLS")]
    [InlineData("listeners=SASL_SSL://:9093", "f:1: sasl.enabled.mechanisms", "is needed")]
    [InlineData("listeners=APPS://:9093\nlistener.security.protocol.map=APPS:SASL_PLAINTEXT", "f:1: sasl.enabled.mechanisms", "is needed")]
    [InlineData("authorizer.class.name=x", "f:1: authorizer.class.name", "refused")]
    [InlineData("listeners=A://:1,A://:2", "f:1: listeners", "no security protocol is defined for the listener A")]
    [InlineData("listeners=PLAINTEXT://:1,SASL_PLAINTEXT://:1", "f:1: listeners", "different port")]
    [InlineData("listeners=PLAINTEXT://:1\nlistener.name.plaintxt.ssl.client.auth=required", "f:2: listener.name.plaintxt.ssl.client.auth", "no listener 'plaintxt'")]
    [InlineData("listeners=PLAINTEXT://:1\nadvertised.listeners=SSL://a:1", "f:2: advertised.listeners", "none of listeners")]
    [InlineData("advertised.listeners=PLAINTEXT://0.0.0.0:1", "f:1: advertised.listeners", "reach")]
    [InlineData("listener.security.protocol.map=A:B", "f:1: listener.security.protocol.map", "SASL_SSL")]
    [InlineData("inter.broker.listener.name=X\nlisteners=PLAINTEXT://:1", "f:1: inter.broker.listener.name", "none of listeners")]
    [InlineData("ssl.client.auth=perhaps", "f:1: ssl.client.auth", "required")]
    [InlineData("listeners=SSL://:1\nssl.keystore.location=k\nssl.principal.mapping.rules=RULE:x", "f:3: ssl.principal.mapping.rules", "RULE:pattern/replacement/")]
    [InlineData("log.dirs=/a,/b", "f:1: log.dirs", "one")]
    public void What_is_not_understood_is_an_error_with_file_line_and_key(string text, string where, string says)
    {
        var error = Assert.Throws<ServerPropertiesException>(() => ServerPropertiesReader.Read(text, "f"));
        Assert.Contains(error.Errors, e => e.StartsWith(where, StringComparison.Ordinal) && e.Contains(says, StringComparison.Ordinal));
    }

    [Fact]
    public void Every_setting_of_Kafka_4_has_an_effect_or_a_reason()
    {
        string[] some = ["group.consumer.max.size=10", "replica.lag.time.max.ms=1", "num.network.threads=3", "remote.log.reader.threads=1", "log.roll.hours=3", "message.max.bytes=1000"];
        Assert.Equal(some.Length, ServerPropertiesReader.Read(string.Join('\n', some), "f").Settings.Count);
    }

    [Fact]
    public void Lines_continue_after_a_backslash_and_escapes_are_read()
    {
        var setting = ServerPropertiesReader.Read("controller.quorum.voters = 1@a:9093,\\\n    2@b:9093\n! comment\nnode.id : 3", "f").Settings;
        Assert.Equal("1@a:9093,2@b:9093", setting[0].Value);
        Assert.Equal((4, "3"), (setting[1].Line, setting[1].Value));
    }
}
