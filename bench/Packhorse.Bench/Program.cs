using Packhorse.Bench;
using Packhorse.TestChannel;

try
{
    return args switch
    {
        ["demo", ..] => Demo.Run(Console.Out),
        ["bench", .. var names] => Benchmarks.Run(names, Console.Out),
        _ => Usage(),
    };
}
catch (MissingToolException missing)
{
    Console.Error.WriteLine($"{missing.Message}: {missing.Hint}");
    return 1;
}

static int Usage()
{
    Console.Error.WriteLine("usage: Packhorse.Bench demo | bench [NAME...]");
    return 2;
}
