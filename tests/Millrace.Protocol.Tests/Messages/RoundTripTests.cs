using CsCheck;

namespace Millrace.Protocol.Tests.Messages;

public sealed class RoundTripTests
{
    public static TheoryData<string> Names => RandomMessage.AllNames();

    [Theory]
    [MemberData(nameof(Names))]
    public void What_is_written_is_read_back_in_every_version(string name)
    {
        var info = RandomMessage.Find(name);
        for (short version = info.LowestVersion; version <= info.HighestVersion; version++)
        {
            short v = version;
            Gen.Int.Sample(
                seed =>
                {
                    byte[] bytes = Encode(info, seed, v);
                    var (message, unread) = RandomMessage.Decode(info, bytes, v);
                    Assert.Equal(0, unread);
                    Assert.Equal(bytes, RandomMessage.Encode(message, v));
                },
                iter: 20,
                threads: 1);
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Damaged_bytes_are_read_or_refused_with_the_typed_exception(string name)
    {
        var info = RandomMessage.Find(name);
        var random = new Random(name.Length * 7919);
        for (short version = info.LowestVersion; version <= info.HighestVersion; version++)
        {
            for (int round = 0; round < 60; round++)
            {
                byte[] bytes = Encode(info, random.Next(), version);
                Damage(ref bytes, random);
                try
                {
                    RandomMessage.Decode(info, bytes, version);
                }
                catch (MalformedMessageException)
                {
                    // The only exception that bytes from outside may cause.
                }
            }
        }
    }

    [Fact]
    public void A_version_outside_the_range_is_refused()
    {
        var info = RandomMessage.Find("HeartbeatRequest");
        Assert.Throws<MalformedMessageException>(() => RandomMessage.Decode(info, new byte[100], 9));
    }

    private static byte[] Encode(MessageInfo info, int seed, short version)
    {
        try
        {
            return RandomMessage.Encode(RandomMessage.Create(info, seed, nulls: true), version);
        }
        catch (MalformedMessageException)
        {
            // A null that only newer versions allow.
            return RandomMessage.Encode(RandomMessage.Create(info, seed, nulls: false), version);
        }
    }

    private static void Damage(ref byte[] bytes, Random random)
    {
        if (bytes.Length == 0) return;
        if (random.Next(3) == 0) bytes = bytes[..random.Next(bytes.Length)];
        for (int flips = random.Next(1, 6); flips > 0 && bytes.Length > 0; flips--)
            bytes[random.Next(bytes.Length)] = random.Next(3) == 0 ? (byte)0xff : (byte)random.Next(256);
    }
}
