using System.Net;

namespace Millrace.Connect.Rest;

/// <summary>An answer other than success.</summary>
internal sealed class RestException(HttpStatusCode status, string message) : ConnectException(message)
{
    internal HttpStatusCode Status => status;
}
