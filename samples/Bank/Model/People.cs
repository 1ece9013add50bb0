namespace Millrace.Samples.Bank.Model;

/// <summary>A customer, as in <c>public.customers</c>.</summary>
public sealed record Customer(long CustomerId, string FullName, string Segment, City Home, DateOnly OpenedOn);

/// <summary>An account, as in <c>public.accounts</c>, with what the generator has to remember about it.</summary>
public sealed record Account(long AccountId, Customer Owner, string Kind, decimal OpeningBalance, string DeviceId);

/// <summary>A merchant, as in <c>public.merchants</c>.</summary>
public sealed record Merchant(long MerchantId, string Name, string Category, City City, double MedianAmount, double Weight);
