namespace Millrace.Samples.Bank.Model;

/// <summary>A city where people live and pay.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Region">The region that analytics group by.</param>
/// <param name="Latitude">Degrees north.</param>
/// <param name="Longitude">Degrees east.</param>
/// <param name="Weight">Share of customers, relative to the others; 0 for places that customers only travel to.</param>
public sealed record City(string Name, string Region, double Latitude, double Longitude, double Weight);

/// <summary>The cities of the sample, and distances between points.</summary>
public static class Places
{
    private const double EarthRadiusKm = 6371.0;

    /// <summary>Where customers live.</summary>
    public static IReadOnlyList<City> Home { get; } =
    [
        new("Seoul", "capital", 37.5665, 126.9780, 40),
        new("Incheon", "capital", 37.4563, 126.7052, 12),
        new("Busan", "southeast", 35.1796, 129.0756, 14),
        new("Daegu", "southeast", 35.8714, 128.6014, 10),
        new("Daejeon", "central", 36.3504, 127.3845, 8),
        new("Gwangju", "southwest", 35.1595, 126.8526, 8),
        new("Jeju", "jeju", 33.4996, 126.5312, 3),
    ];

    /// <summary>Places so far away that nobody gets there within an hour.</summary>
    public static IReadOnlyList<City> Abroad { get; } =
    [
        new("Tokyo", "abroad", 35.6762, 139.6503, 0),
        new("Singapore", "abroad", 1.3521, 103.8198, 0),
        new("London", "abroad", 51.5072, -0.1276, 0),
        new("New York", "abroad", 40.7128, -74.0060, 0),
        new("São Paulo", "abroad", -23.5505, -46.6333, 0),
    ];

    /// <summary>Great-circle distance in kilometres (haversine).</summary>
    public static double DistanceKm(double latitude1, double longitude1, double latitude2, double longitude2)
    {
        var (p1, p2) = (double.DegreesToRadians(latitude1), double.DegreesToRadians(latitude2));
        var dp = p2 - p1;
        var dl = double.DegreesToRadians(longitude2 - longitude1);
        var a = (Math.Sin(dp / 2) * Math.Sin(dp / 2)) + (Math.Cos(p1) * Math.Cos(p2) * Math.Sin(dl / 2) * Math.Sin(dl / 2));
        return 2 * EarthRadiusKm * Math.Asin(Math.Min(1, Math.Sqrt(a)));
    }
}
