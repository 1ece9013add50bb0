using Millrace.Broker.Network;
using Millrace.Protocol;
using Millrace.Protocol.Messages;

namespace Millrace.Broker.Handlers;

/// <summary>DescribeUserScramCredentials 0 (KIP-554): the mechanisms and iterations of users; never their keys.</summary>
internal sealed class DescribeUserScramCredentialsHandler(BrokerContext broker) : RequestHandler<DescribeUserScramCredentialsRequest, DescribeUserScramCredentialsResponse>
{
    protected override ValueTask<DescribeUserScramCredentialsResponse?> HandleAsync(DescribeUserScramCredentialsRequest request, RequestContext context)
    {
        var known = broker.Security.Users.GroupBy(static u => u.Key.User, StringComparer.Ordinal).ToDictionary(
            static g => g.Key,
            static g => g.Select(static u => new DescribeUserScramCredentialsResponse.CredentialInfo { Mechanism = u.Key.Mechanism, Iterations = u.Value.Iterations }).ToList(),
            StringComparer.Ordinal);
        var asked = request.Users is { Count: > 0 } users ? users.ConvertAll(static u => u.Name) : [.. known.Keys];
        var response = new DescribeUserScramCredentialsResponse();
        foreach (var same in asked.GroupBy(static n => n, StringComparer.Ordinal))
        {
            var result = new DescribeUserScramCredentialsResponse.DescribeUserScramCredentialsResult { User = same.Key };
            response.Results.Add(result);
            if (same.Count() > 1)
                (result.ErrorCode, result.ErrorMessage) = (ErrorCode.DuplicateResource, $"Cannot describe SCRAM credentials for the same user twice in a single request: {same.Key}");
            else if (known.TryGetValue(same.Key, out var infos)) result.CredentialInfos = infos;
            else (result.ErrorCode, result.ErrorMessage) = (ErrorCode.ResourceNotFound, $"Attempt to describe a user credential that does not exist: {same.Key}");
        }

        return new(response);
    }
}
