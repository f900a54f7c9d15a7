using Packhorse.Bench;
using Packhorse.Bench.Pools;
using Packhorse.TestChannel;

try
{
    return args switch
    {
        ["demo", "--condor"] => CondorDemo.Run(Console.Out),
        ["demo"] => Demo.Run(Console.Out),
        ["bench", .. var names] => Benchmarks.Run(names, Console.Out),
        _ => Usage(),
    };
}
catch (MissingToolException missing)
{
    Console.Error.WriteLine($"{missing.Message}: {missing.Hint}");
    return 1;
}
catch (Exception failure) when (failure is InvalidOperationException or IOException)
{
    Console.Error.WriteLine(failure);
    return 1;
}

static int Usage()
{
    Console.Error.WriteLine("usage: Packhorse.Bench demo [--condor] | bench [NAME...]");
    return 2;
}
