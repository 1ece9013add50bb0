using Millrace.Broker.Network;
using Millrace.Protocol;
using Millrace.Protocol.Messages;

namespace Millrace.Broker.Handlers;

/// <summary>
/// ApiVersions 0–4 (KIP-35, KIP-511): lists the handler table. Produce is advertised from 0, although 0 to 2 are not served: librdkafka before 2.11
/// takes a higher lowest version for a broker without compression (KAFKA-18659). Of features (KIP-584) only <c>share.version</c> is named, by which clients know share groups.
/// </summary>
internal sealed class ApiVersionsHandler(HandlerTable table) : RequestHandler<ApiVersionsRequest, ApiVersionsResponse>
{
    private const string ShareVersion = "share.version";
    private const short HighestShareVersion = 1;

    private List<ApiVersionsResponse.ApiVersion>? _versions;

    protected override ValueTask<ApiVersionsResponse?> HandleAsync(ApiVersionsRequest request, RequestContext context)
    {
        _versions ??=
        [
            .. table.All.Select(static handler => new ApiVersionsResponse.ApiVersion
            {
                ApiKey = (short)handler.ApiKey,
                MinVersion = handler.ApiKey == ApiKey.Produce ? (short)0 : handler.LowestVersion,
                MaxVersion = handler.HighestVersion,
            }),
        ];
        return new(new ApiVersionsResponse
        {
            ApiKeys = _versions,
            SupportedFeatures = [new() { Name = ShareVersion, MaxVersion = HighestShareVersion }],
            FinalizedFeaturesEpoch = 0,
            FinalizedFeatures = [new() { Name = ShareVersion, MinVersionLevel = HighestShareVersion, MaxVersionLevel = HighestShareVersion }],
        });
    }
}
