using Microsoft.Extensions.Logging;
using Millrace.Protocol;
using Millrace.Protocol.Messages;

namespace Millrace.Broker.Security.Sasl;

/// <summary>
/// Where the authentication of one connection stands (KIP-43, KIP-152, KIP-368). Before it is done only ApiVersions, SaslHandshake and SaslAuthenticate are served, in
/// that order; after <c>connections.max.reauth.ms</c> only a new handshake is.
/// </summary>
internal sealed partial class SaslSession(SaslServer server, ServerListener listener, string client, ILogger audit, TimeProvider time)
{
    private static readonly TimeSpan ShortestReauthentication = TimeSpan.FromSeconds(1);

    private State _state;
    private ISaslExchange? _exchange;
    private string _mechanism = "";
    private KafkaPrincipal? _principal;
    private long _authenticatedAt;
    private long _beganAt;
    private TimeSpan? _lifetime;

    private enum State
    {
        Initial,
        Handshaken,
        HandshakenForRawTokens,
        Done,
        DoneHandshakenAgain,
        Failed,
    }

    /// <summary>Whether the client is known.</summary>
    public bool IsAuthenticated => _principal is not null && _state != State.Failed;

    /// <summary>Whether the next frame is a token without a Kafka request around it, as after SaslHandshake 0.</summary>
    public bool TakesRawTokens => _state == State.HandshakenForRawTokens;

    /// <summary>The largest frame before the client is known.</summary>
    public int MaxReceiveBytes => server.MaxReceiveBytes;

    /// <summary>Refuses a request that may not come now; the connection is closed, as Kafka does.</summary>
    /// <exception cref="RequestFailedException">The request may not come now.</exception>
    public void Admit(ApiKey api)
    {
        bool isAdmitted = _state switch
        {
            State.Initial => api is ApiKey.ApiVersions or ApiKey.SaslHandshake,
            State.Handshaken or State.DoneHandshakenAgain => api is ApiKey.SaslAuthenticate,
            State.Done => api is ApiKey.SaslHandshake || !IsExpired,
            _ => false,
        };
        if (!isAdmitted)
            throw new RequestFailedException(ErrorCode.IllegalSaslState, IsExpired ? $"{_principal} had to authenticate anew within {_lifetime}, and sent {api}" : $"it sent {api} where SASL authentication was due");
    }

    private bool IsExpired => _state == State.Done && _lifetime is { } lifetime && time.GetElapsedTime(_authenticatedAt) > lifetime;

    /// <summary>Takes a handshake, the first one or one that begins re-authentication.</summary>
    public SaslHandshakeResponse Handshake(string mechanism, short version, out bool closes)
    {
        const short firstWithAuthenticateRequests = 1;
        closes = false;
        bool isAgain = _state == State.Done;
        if (isAgain && time.GetElapsedTime(_beganAt) < ShortestReauthentication) return new() { ErrorCode = ErrorCode.IllegalSaslState, Mechanisms = [.. server.Mechanisms] };
        _beganAt = time.GetTimestamp();
        if (!server.Mechanisms.Contains(mechanism) || (isAgain && mechanism != _mechanism))
        {
            closes = true;
            _state = State.Failed;
            LogRefused(audit, client, listener.Name, mechanism, null, server.Mechanisms.Contains(mechanism) ? "re-authentication with another mechanism" : "the mechanism is not enabled");
            return new() { ErrorCode = ErrorCode.UnsupportedSaslMechanism, Mechanisms = [.. server.Mechanisms] };
        }

        _mechanism = mechanism;
        _exchange = server.Begin(mechanism);
        _state = isAgain ? State.DoneHandshakenAgain : version < firstWithAuthenticateRequests ? State.HandshakenForRawTokens : State.Handshaken;
        return new() { Mechanisms = [.. server.Mechanisms] };
    }

    /// <summary>Takes a token. A failure is answered late, so that guessing is slow; then the connection is to be closed.</summary>
    public async ValueTask<SaslAuthenticateResponse> AuthenticateAsync(ReadOnlyMemory<byte> token, CancellationToken cancellationToken)
    {
        if (_exchange is not { } exchange) return new() { ErrorCode = ErrorCode.IllegalSaslState, ErrorMessage = "SaslAuthenticate request received after successful authentication", AuthBytes = [] };
        byte[]? answer = exchange.Next(token.Span);
        if (answer is not null && exchange.Principal is null) return new() { AuthBytes = answer };
        string? failure = answer is null ? exchange.Failure
            : _principal is not null && _principal != exchange.Principal ? $"Cannot change principals during re-authentication from {_principal} to {exchange.Principal}" : null;
        if (failure is not null)
        {
            _state = State.Failed;
            LogRefused(audit, client, listener.Name, _mechanism, exchange.Claimed, failure);
            await Task.Delay(server.FailureDelay, time, cancellationToken);
            return new() { ErrorCode = ErrorCode.SaslAuthenticationFailed, ErrorMessage = failure, AuthBytes = [] };
        }

        LogAuthenticated(audit, exchange.Principal!, client, listener.Name, _mechanism, _principal is not null);
        _principal = exchange.Principal;
        _exchange = null;
        _authenticatedAt = time.GetTimestamp();
        _lifetime = Lifetime(exchange.ExpiresAt);
        _state = State.Done;
        return new() { AuthBytes = answer!, SessionLifetimeMs = (long)(_lifetime?.TotalMilliseconds ?? 0) };
    }

    /// <summary>Who the client is; anonymous until it is known.</summary>
    public KafkaPrincipal Principal => _principal ?? KafkaPrincipal.Anonymous;

    /// <summary>Whether the connection is to be closed after the response.</summary>
    public bool HasFailed => _state == State.Failed;

    private TimeSpan? Lifetime(DateTimeOffset? expiresAt)
    {
        var most = server.MaxReauthentication(_mechanism);
        if (expiresAt is not { } end) return most;
        var left = end - time.GetUtcNow();
        if (left < TimeSpan.Zero) left = TimeSpan.Zero;
        return most < left ? most : left;
    }

    [LoggerMessage(2600, LogLevel.Information, "Authenticated {Principal} from {Client} on the listener {Listener} by {Mechanism} (again: {Again})")]
    private static partial void LogAuthenticated(ILogger logger, KafkaPrincipal principal, string client, string listener, string mechanism, bool again);

    [LoggerMessage(2601, LogLevel.Warning, "Refused a client from {Client} on the listener {Listener} by {Mechanism} that gave itself out for '{Claimed}': {Reason}")]
    private static partial void LogRefused(ILogger logger, string client, string listener, string mechanism, string? claimed, string reason);
}
