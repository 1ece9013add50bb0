using Millrace.Broker.Network;
using Millrace.Protocol.Messages;

namespace Millrace.Broker.Handlers;

/// <summary>DescribeClientQuotas 0–1 (KIP-546): there are none.</summary>
internal sealed class DescribeClientQuotasHandler : RequestHandler<DescribeClientQuotasRequest, DescribeClientQuotasResponse>
{
    protected override ValueTask<DescribeClientQuotasResponse?> HandleAsync(DescribeClientQuotasRequest request, RequestContext context) =>
        new(new DescribeClientQuotasResponse { Entries = [] });
}
