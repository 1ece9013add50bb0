namespace Millrace.Broker.Configuration;

/// <summary>
/// Reads Kafka's <c>server.properties</c>. Every key gets an effect or an error: keys that only matter between nodes or tune Kafka's own threads are
/// accepted and said to do nothing; keys of security that this broker cannot honour are refused, not ignored.
/// </summary>
public static class ServerPropertiesReader
{
    /// <summary>Reads a file.</summary>
    /// <param name="path">The file.</param>
    /// <returns>Its settings and their effects.</returns>
    /// <exception cref="ServerPropertiesException">Keys or values are not understood, or contradict each other.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static ServerProperties ReadFile(string path) => Read(File.ReadAllText(path), path);

    /// <summary>Reads a text.</summary>
    /// <param name="text">The content of the file.</param>
    /// <param name="file">The name that errors give.</param>
    /// <returns>The settings and their effects.</returns>
    /// <exception cref="ServerPropertiesException">Keys or values are not understood, or contradict each other.</exception>
    public static ServerProperties Read(string text, string file)
    {
        ArgumentNullException.ThrowIfNull(text);
        var interpreter = new SettingsInterpreter(file);
        try
        {
            foreach (var entry in PropertiesFile.Parse(text)) interpreter.Add(entry);
        }
        catch (FormatException e)
        {
            string error = $"{file}:{e.Message}";
            throw new ServerPropertiesException(error, e) { Errors = [error] };
        }

        return interpreter.Complete();
    }
}
