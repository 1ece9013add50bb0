namespace Millrace.ClickHouse;

/// <summary>ClickHouse's error codes that the front gives or tells apart, and the HTTP status that ClickHouse answers with for a code.</summary>
internal static class ErrorCodes
{
    internal const int UnknownFormat = 73;
    internal const int NotImplemented = 48;
    internal const int SyntaxError = 62;
    internal const int TimeoutExceeded = 159;
    internal const int TooManySimultaneousQueries = 202;
    internal const int NetworkError = 210;
    internal const int QueryIsTooLarge = 327;
    internal const int IntoOutfileNotAllowed = 358;
    internal const int SessionNotFound = 372;
    internal const int SessionIsLocked = 373;
    internal const int BadArguments = 36;
    internal const int CannotDecompress = 271;
    internal const int AuthenticationFailed = 516;

    /// <summary>The status as ClickHouse's HTTP handler maps codes; 500 for all others.</summary>
    internal static int HttpStatus(int code) => code switch
    {
        194 => 401,
        192 or 193 or AuthenticationFailed => 403,
        497 or 164 => 403,
        // Statements and values that can't be understood.
        6 or 25 or 26 or 27 or 33 or 34 or 35 or BadArguments or 38 or 41 or 42 or 43 or 44 or 53 or SyntaxError or 69 or 70 or 72
            or 117 or 130 or 131 or 132 or 302 or 349 or IntoOutfileNotAllowed or 427 or 446 or 456 or 457 => 400,
        // Names that are not there.
        16 or 46 or 47 or 50 or 56 or 60 or UnknownFormat or 81 or 115 or 149 or SessionNotFound => 404,
        TimeoutExceeded => 408,
        QueryIsTooLarge => 413,
        NotImplemented => 501,
        TooManySimultaneousQueries or NetworkError or 209 or SessionIsLocked => 503,
        _ => 500,
    };
}
