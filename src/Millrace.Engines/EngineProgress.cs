namespace Millrace.Engines;

/// <summary>What provisioning is doing at the moment.</summary>
public enum EngineStage
{
    /// <summary>Another process provisions the same package; this one waits for it.</summary>
    Waiting,

    /// <summary>The package is being downloaded.</summary>
    Downloading,

    /// <summary>The download's digest is being compared with the pinned one.</summary>
    Verifying,

    /// <summary>The package is being unpacked.</summary>
    Unpacking,

    /// <summary>The engine is in the cache.</summary>
    Ready,
}

/// <summary>One step of provisioning an engine, for a progress bar.</summary>
/// <param name="Package">The package that is being provisioned.</param>
/// <param name="Stage">What is being done.</param>
/// <param name="Bytes">Bytes done in this stage.</param>
/// <param name="TotalBytes">Bytes to do in this stage; null if the registry did not say.</param>
public sealed record EngineProgress(EnginePackage Package, EngineStage Stage, long Bytes, long? TotalBytes);
