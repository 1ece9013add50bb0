using Xunit.Sdk;
using Xunit.v3;

// Each of these tests fills the machine by itself.
[assembly: Parallelization(Mode = ParallelMode.None)]
