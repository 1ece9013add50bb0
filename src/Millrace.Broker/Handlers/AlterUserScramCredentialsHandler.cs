using Millrace.Broker.Network;
using Millrace.Broker.Security.Sasl;
using Millrace.Protocol;
using Millrace.Protocol.Messages;

namespace Millrace.Broker.Handlers;

/// <summary>AlterUserScramCredentials 0 (KIP-554): creates, changes and deletes users. The answer comes when the change is on the disk.</summary>
internal sealed class AlterUserScramCredentialsHandler(BrokerContext broker) : RequestHandler<AlterUserScramCredentialsRequest, AlterUserScramCredentialsResponse>
{
    protected override ValueTask<AlterUserScramCredentialsResponse?> HandleAsync(AlterUserScramCredentialsRequest request, RequestContext context)
    {
        var twice = request.Deletions.Select(static d => (d.Name, d.Mechanism)).Concat(request.Upsertions.Select(static u => (u.Name, u.Mechanism)))
            .GroupBy(static k => k).Where(static g => g.Count() > 1).Select(static g => g.Key.Name).ToHashSet(StringComparer.Ordinal);
        List<(string User, ErrorCode Error, string? Message)> outcomes = [];
        List<(string User, ScramMechanism Mechanism, ScramCredential? Credential)> changes = [];
        foreach (var deletion in request.Deletions)
        {
            var (error, message) = Check(deletion.Name, deletion.Mechanism, twice);
            if (error == ErrorCode.None && broker.Security.Credential(ScramMechanism.Find(deletion.Mechanism)!, deletion.Name) is null)
                (error, message) = (ErrorCode.ResourceNotFound, "Attempt to delete a user credential that does not exist");
            outcomes.Add((deletion.Name, error, message));
            if (error == ErrorCode.None) changes.Add((deletion.Name, ScramMechanism.Find(deletion.Mechanism)!, null));
        }

        foreach (var upsertion in request.Upsertions)
        {
            var (error, message) = Check(upsertion.Name, upsertion.Mechanism, twice);
            if (error == ErrorCode.None) (error, message) = Check(upsertion);
            outcomes.Add((upsertion.Name, error, message));
            if (error != ErrorCode.None) continue;
            var mechanism = ScramMechanism.Find(upsertion.Mechanism)!;
            changes.Add((upsertion.Name, mechanism, ScramCredential.OfSaltedPassword(mechanism, upsertion.SaltedPassword, upsertion.Salt, upsertion.Iterations)));
        }

        // As in Kafka a user has one result, and where one of its changes is refused, none is made.
        var refused = outcomes.Where(static o => o.Error != ErrorCode.None).Select(static o => o.User).ToHashSet(StringComparer.Ordinal);
        broker.Security.Change(changes.Where(c => !refused.Contains(c.User)));
        return new(new AlterUserScramCredentialsResponse
        {
            Results =
            [
                .. outcomes.GroupBy(static o => o.User, StringComparer.Ordinal).Select(static g => g.OrderBy(static o => o.Error == ErrorCode.None).First())
                    .Select(static o => new AlterUserScramCredentialsResponse.AlterUserScramCredentialsResult { User = o.User, ErrorCode = o.Error, ErrorMessage = o.Message }),
            ],
        });
    }

    private static (ErrorCode Error, string? Message) Check(string user, sbyte mechanism, HashSet<string> twice) =>
        user.Length == 0 ? (ErrorCode.UnacceptableCredential, "Username must not be empty")
        : ScramMechanism.Find(mechanism) is null ? (ErrorCode.UnsupportedSaslMechanism, "Unknown SCRAM mechanism")
        : twice.Contains(user) ? (ErrorCode.DuplicateResource, "A user credential cannot be altered twice in the same request")
        : (ErrorCode.None, null);

    private static (ErrorCode Error, string? Message) Check(AlterUserScramCredentialsRequest.ScramCredentialUpsertion upsertion) =>
        upsertion.Iterations < ScramMechanism.MinIterations ? (ErrorCode.UnacceptableCredential, "Too few iterations")
        : upsertion.Iterations > ScramMechanism.MaxIterations ? (ErrorCode.UnacceptableCredential, "Too many iterations")
        : upsertion.Salt.Length == 0 || upsertion.SaltedPassword.Length == 0 ? (ErrorCode.UnacceptableCredential, "Salt and salted password must not be empty")
        : (ErrorCode.None, null);
}
