using System.Buffers;
using Packhorse.Model;

namespace Packhorse.Install;

/// <summary>
/// The order in which rattler links packages, dependencies first; the last one in it owns a path that several packages bring. Its
/// details decide who wins, so they are kept: a stack seeded with the sorted roots, sorted dependencies pushed, cycles broken before.
/// </summary>
public static class TopologicalOrder
{
    // Real environments have a handful. Edges of cycles beyond that are cut wherever the sort meets them.
    private const int CyclesBroken = 1000;

    // Nor is more work than this spent on finding them: real environments need some ten thousand steps, a hostile pack has no end.
    private const int StepsTaken = 5_000_000;

    private static readonly SearchValues<char> NameEnds = SearchValues.Create(" \t=<>!~[;@");

    /// <summary>Indexes into <paramref name="records"/>, which have different names.</summary>
    public static IReadOnlyList<int> Sort(IReadOnlyList<PackageRecord> records)
    {
        var byName = new Dictionary<string, int>(StringComparer.Ordinal);
        for (int i = 0; i < records.Count; i++)
        {
            byName[records[i].Name] = i;
        }
        int[][] dependencies = records
            .Select(record =>
                record
                    .Depends.Select(DependencyName)
                    .Where(byName.ContainsKey)
                    .Distinct(StringComparer.Ordinal)
                    .Order(StringComparer.Ordinal)
                    .Select(name => byName[name])
                    .ToArray()
            )
            .ToArray();
        int[] byNameOrder = [.. byName.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => pair.Value)];
        var graph = new Graph(records, byNameOrder, dependencies);
        graph.BreakCycles();
        return graph.Sort();
    }

    /// <summary>The name in a dependency such as <c>conda-forge::numpy >=1.21,&lt;2</c>.</summary>
    public static string DependencyName(string specification)
    {
        ReadOnlySpan<char> text = specification.AsSpan().Trim();
        int channel = text.IndexOf("::", StringComparison.Ordinal);
        if (channel >= 0)
        {
            text = text[(channel + 2)..];
        }
        int end = text.IndexOfAny(NameEnds);
        return (end < 0 ? text : text[..end]).ToString().ToLowerInvariant();
    }

    private sealed class Graph(IReadOnlyList<PackageRecord> records, int[] byNameOrder, int[][] dependencies)
    {
        private readonly HashSet<(int From, int To)> _broken = [];

        // From these no cycle is reached, and taking edges away makes none.
        private readonly HashSet<int> _acyclic = [];
        private int _steps;

        public List<int> Sort()
        {
            var order = new List<int>(records.Count);
            var begun = new HashSet<int>();
            var hasDependents = new HashSet<int>();
            for (int i = 0; i < records.Count; i++)
            {
                hasDependents.UnionWith(Dependencies(i));
            }
            Visit(byNameOrder.Where(index => !hasDependents.Contains(index)), begun, order);
            // Cycles that nothing outside depends on have no root.
            Visit(byNameOrder.Where(index => !begun.Contains(index)).ToArray(), begun, order);
            return order;
        }

        // An explicit stack: environments can be thousands of packages deep.
        public void BreakCycles()
        {
            while (_broken.Count < CyclesBroken && FindCycle() is { } cycle)
            {
                _broken.Add(WeakestEdge(cycle));
            }
        }

        private IEnumerable<int> Dependencies(int index) =>
            _broken.Count == 0 ? dependencies[index] : dependencies[index].Where(to => !_broken.Contains((index, to)));

        private void Visit(IEnumerable<int> roots, HashSet<int> begun, List<int> order)
        {
            var stack = new Stack<(int Index, bool Install)>(roots.Select(root => (root, false)));
            while (stack.TryPop(out (int Index, bool Install) step))
            {
                if (step.Install)
                {
                    order.Add(step.Index);
                }
                else if (begun.Add(step.Index))
                {
                    stack.Push((step.Index, true));
                    foreach (int dependency in Dependencies(step.Index))
                    {
                        stack.Push((dependency, false));
                    }
                }
            }
        }

        private List<int>? FindCycle()
        {
            foreach (int start in byNameOrder)
            {
                if (FindCycleFrom(start, _acyclic) is { } cycle)
                {
                    return cycle;
                }
            }
            return null;
        }

        private List<int>? FindCycleFrom(int start, HashSet<int> done)
        {
            if (done.Contains(start))
            {
                return null;
            }
            var path = new List<int>();
            var onPath = new HashSet<int>();
            var stack = new Stack<(int Index, bool Leave)>([(start, false)]);
            while (stack.TryPop(out (int Index, bool Leave) step) && ++_steps <= StepsTaken)
            {
                if (step.Leave)
                {
                    path.RemoveAt(path.Count - 1);
                    onPath.Remove(step.Index);
                    done.Add(step.Index);
                }
                else if (onPath.Contains(step.Index))
                {
                    return path[path.IndexOf(step.Index)..];
                }
                else if (!done.Contains(step.Index))
                {
                    path.Add(step.Index);
                    onPath.Add(step.Index);
                    stack.Push((step.Index, true));
                    _steps += dependencies[step.Index].Length;
                    foreach (int dependency in Dependencies(step.Index).Reverse())
                    {
                        stack.Push((dependency, false));
                    }
                }
            }
            return null;
        }

        // The first edge from a package with machine code to one without, else the reverse, else the last of the cycle.
        private (int From, int To) WeakestEdge(List<int> cycle)
        {
            (int From, int To)[] edges = cycle.Select((from, i) => (from, cycle[(i + 1) % cycle.Count])).ToArray();
            bool IsNoArch(int index) => records[index].NoArch != NoArchKind.None;
            foreach ((int From, int To) edge in edges)
            {
                if (!IsNoArch(edge.From) && IsNoArch(edge.To))
                {
                    return edge;
                }
            }
            foreach ((int From, int To) edge in edges)
            {
                if (IsNoArch(edge.From) && !IsNoArch(edge.To))
                {
                    return edge;
                }
            }
            return edges[^1];
        }
    }
}
