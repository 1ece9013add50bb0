using System.Security.Cryptography.X509Certificates;
using Millrace.Broker.Security.Tls;

namespace Millrace.Broker.Tests.Security;

public sealed class PrincipalTests
{
    // What java.security's X500Principal.getName() says of the same subjects.
    [Theory]
    [InlineData("CN=Duke, OU=\"Java,Soft\", O=\"Sun Micro=systems\", C=US", "CN=Duke,OU=Java\\,Soft,O=Sun Micro\\=systems,C=US")]
    [InlineData("CN=\"#a #b + c\", E=x@y.z", "CN=\\#a \\#b \\+ c,1.2.840.113549.1.9.1=#16057840792e7a")]
    [InlineData("CN=\"<a>;\"", "CN=\\<a\\>\\;")]
    public void A_subject_is_written_as_Java_writes_it(string subject, string expected) =>
        Assert.Equal(expected, DistinguishedNames.Format(new X500DistinguishedName(subject)));

    [Theory]
    [InlineData("DEFAULT", "CN=payments,OU=Apps,O=Bank", "CN=payments,OU=Apps,O=Bank")]
    [InlineData("RULE:^CN=(.*?),OU=Apps.*$/$1/", "CN=payments,OU=Apps,O=Bank", "payments")]
    [InlineData("RULE:^CN=(.*?),OU=(.*?),.*$/$1@$2/L", "CN=Payments,OU=Apps,O=Bank", "payments@apps")]
    [InlineData("RULE:^CN=(.*?)$/$1/U", "CN=duke", "DUKE")]
    [InlineData("RULE:^CN=none$/x/,DEFAULT", "CN=payments", "CN=payments")]
    [InlineData("RULE:^CN=none$/x/, RULE:^CN=(.*)\\/(.*)$/$2\\/$1/", "CN=a/b", "b/a")]
    [InlineData("RULE:^CN=none$/x/", "CN=payments", null)]
    public void The_first_rule_that_matches_names_the_user(string rules, string subject, string? user) => Assert.Equal(user, PrincipalMapping.Parse(rules).Map(subject));

    [Theory]
    [InlineData("RULE:^CN=(.*$/$1/")]
    [InlineData("RULE:x/y")]
    [InlineData("default")]
    [InlineData("RULE:x/y/Q")]
    public void What_is_no_rule_is_refused(string rules) => Assert.Throws<FormatException>(() => PrincipalMapping.Parse(rules));

    [Fact]
    public void Random_rules_are_read_or_refused_and_nothing_else()
    {
        var random = new Random(20260114);
        string[] pieces = ["RULE:", "DEFAULT", "/", "\\/", "(.*)", "$1", ",", " ", "L", "U", "[", "CN=", "\\"];
        for (int i = 0; i < 3000; i++)
        {
            string text = string.Concat(Enumerable.Range(0, random.Next(12)).Select(_ => pieces[random.Next(pieces.Length)]));
            try
            {
                PrincipalMapping.Parse(text).Map("CN=a,O=b");
            }
            catch (FormatException)
            {
                // Refused, with the rule's form in the message.
            }
        }
    }
}
