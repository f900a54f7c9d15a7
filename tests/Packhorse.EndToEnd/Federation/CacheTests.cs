using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Packhorse.EndToEnd.Federation;

/// <summary>
/// A real cache of a federation, which serves by the best of its knowledge what is no more at the origin, or parts of it, with
/// status 200. Nothing of that is used.
/// </summary>
public sealed partial class CacheTests(CachedEnvironments files) : IClassFixture<CachedEnvironments>
{
    private const string CacheName = "127.0.0.1:18081";

    // All of the environment is read: some of it lies where the older file was cached.
    private const string ReadAll = "find $CONDA_PREFIX -type f -exec cat {} + >/dev/null";

    private string Url(Cached kind, string query = "") => $"osdf:///chtc/{files.Place(kind)}{query}";

    [Theory]
    [InlineData(Cached.All, "stale")]
    [InlineData(Cached.Begin, "mixed")]
    [InlineData(Cached.Middle, "mixed")]
    public void The_cache_really_serves_it_and_fetch_takes_the_origins_copy_and_says_whose_was_wrong(
        Cached kind,
        string word
    )
    {
        string job = files.Deliver(kind);
        byte[] served = File.ReadAllBytes(Path.Combine(job, "environment.sh"));
        Assert.NotEqual(files.New, served);
        // An older file as a whole has the length that it had, which may be the same one.
        Assert.True(kind == Cached.All || served.Length == files.New.Length);

        Outcome fetched = files.Packhorse(job, "fetch", Url(kind), "-o", "fetched.sh").Succeeded();

        Assert.Equal(files.New, File.ReadAllBytes(Path.Combine(job, "fetched.sh")));
        Assert.Contains($"It was {word}", fetched.Error, StringComparison.Ordinal);
        Assert.Contains(CacheName, fetched.Error, StringComparison.Ordinal);
        Assert.Contains("the origin's copy is right", fetched.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Cached.All)]
    [InlineData(Cached.Begin)]
    [InlineData(Cached.Middle)]
    public void Asked_for_directly_it_is_right_at_once(Cached kind)
    {
        string job = files.Deliver(kind);

        string json = files
            .Packhorse(job, "fetch", Url(kind, "?directread"), "-o", "fetched.sh", "--json")
            .Succeeded()
            .Output;

        JsonElement result = JsonDocument.Parse(json).RootElement;
        Assert.Equal(files.Sha256, result.GetProperty("sha256").GetString());
        Assert.Equal(files.Root, result.GetProperty("root").GetString());
        Assert.Equal(0, result.GetProperty("incidents").GetArrayLength());
    }

    [Fact]
    public void What_the_cache_has_not_seen_before_is_right_through_it()
    {
        string job = files.Deliver(Cached.Nothing);

        Outcome fetched = files.Packhorse(job, "fetch", Url(Cached.Nothing), "-o", "fetched.sh", "-v").Succeeded();

        Assert.DoesNotContain("warning", fetched.Error, StringComparison.Ordinal);
        Assert.Equal(files.New, File.ReadAllBytes(Path.Combine(job, "fetched.sh")));
    }

    [Theory]
    [InlineData(Cached.All)]
    [InlineData(Cached.Begin)]
    [InlineData(Cached.Middle)]
    public void A_file_that_carries_the_digest_with_the_job_is_not_started(Cached kind)
    {
        Outcome started = Start(
            files.Deliver(kind),
            "sh environment.sh --expect sha256:$HEX run -- python -c 'print(1)'"
        );

        Assert.Equal((114, ""), (started.ExitCode, started.Output));
        Assert.Contains("packhorse: not started: ", started.Error, StringComparison.Ordinal);
        Assert.Contains("hint: ", started.Error, StringComparison.Ordinal);
        Assert.Contains("a cache ", started.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Cached.All)]
    [InlineData(Cached.Begin)]
    public void An_image_with_another_root_or_header_is_not_started(Cached kind)
    {
        Outcome started = Start(files.Deliver(kind), "sh environment.sh run --root $ROOT -- python -c 'print(1)'");

        Assert.Equal((114, ""), (started.ExitCode, started.Output));
        Assert.Contains("packhorse: not started: ", started.Error, StringComparison.Ordinal);
        Assert.Contains("cache", started.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--start namespace,fusermount", 104, "error of reading")]
    [InlineData("--start unpack", 114, "not started")]
    public void Blocks_of_another_image_are_refused_when_they_are_read(string way, int code, string says)
    {
        Outcome started = Start(
            files.Deliver(Cached.Middle),
            $"sh environment.sh run --root $ROOT {way} -- sh -c '{ReadAll}'"
        );

        Assert.Equal(code, started.ExitCode);
        Assert.Contains(says, started.Error, StringComparison.Ordinal);
        AssertNamesTheMixture(started);
    }

    [Theory]
    [InlineData(Cached.All, "a stale copy")]
    [InlineData(Cached.Begin, "a stale copy")]
    public void The_script_of_a_job_refuses_it(Cached kind, string says)
    {
        string job = files.Deliver(kind);
        WriteJobScript(job);

        Outcome run = Start(job, "exec env -i ./job.sh");

        Assert.Equal((114, ""), (run.ExitCode, run.Output));
        Assert.Contains("job.sh: not started: environment.sh", run.Error, StringComparison.Ordinal);
        Assert.Contains(says, run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void The_script_of_a_job_that_gets_it_by_a_url_refuses_a_mixture_before_anything_starts()
    {
        string job = files.Deliver(Cached.Middle);
        WriteJobScript(job, "osdf:///chtc/envs/environment.sh");

        Outcome run = Start(job, "exec env -i ./job.sh");

        Assert.Equal((114, ""), (run.ExitCode, run.Output));
        Assert.Contains("job.sh: not started: environment.sh", run.Error, StringComparison.Ordinal);
        AssertNamesTheMixture(run);
    }

    [Fact]
    public void The_script_of_a_job_that_compares_what_it_reads_ends_with_the_code_of_a_mixture()
    {
        string job = files.Deliver(Cached.Middle);
        WriteJobScript(job, "--verify", "reading", "osdf:///chtc/envs/environment.sh", "--", "sh", "-c", ReadAll);

        Outcome run = Start(job, "exec env -i ./job.sh");

        Assert.Equal(104, run.ExitCode);
        AssertNamesTheMixture(run);
        string submit = File.ReadAllText(Path.Combine(job, "job.sub"));
        Assert.Matches(@"\nretry_until = .*\(ExitCode =!= 104\)", submit);
    }

    [Fact]
    public void The_script_of_a_job_starts_what_is_right()
    {
        string job = files.Deliver(Cached.Nothing);
        WriteJobScript(job);

        Assert.Equal("42\n", Start(job, "exec env -i ./job.sh").Succeeded().Output);
    }

    [Theory]
    [InlineData(Cached.Nothing)]
    [InlineData(Cached.Begin)]
    public void Jobs_of_a_url_get_the_digests_of_what_the_origin_has(Cached kind)
    {
        string job = files.Deliver(kind);
        string[] options = ["--name", "job", "--federation", Director.Url, Url(kind)];
        string[] init = [Published.Packhorse, "condor", "init", .. options, "--", "python", "-c", "print(6 * 7)"];

        Outcome written = files.Require().Run(job, init).Succeeded();
        Outcome again = files.Require().Run(job, init).Succeeded();

        Assert.Equal(files.New, File.ReadAllBytes(Path.Combine(job, files.Name)));
        Assert.Contains($"{files.Name} was fetched for its digests and sizes", written.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("fetched", again.Error, StringComparison.Ordinal);
        string submit = File.ReadAllText(Path.Combine(job, "job.sub"));
        Assert.Contains($"transfer_input_files = {Url(kind)}\n", submit, StringComparison.Ordinal);
        Assert.Equal("42\n", Start(job, "exec env -i ./job.sh").Succeeded().Output);
    }

    [Fact]
    public void A_file_is_published_to_the_origin_and_listed_and_never_replaced()
    {
        string job = files.Deliver(Cached.Nothing);
        string[] publish = ["publish", "environment.sh", "--to", "osdf:///chtc/published"];

        string first = files.Packhorse(job, publish).Succeeded().Output;
        string second = files.Packhorse(job, publish).Succeeded().Output;
        string broken = Path.Combine(files.Require().Objects, "published", "x-deadbeef.tar");
        File.WriteAllText(broken, "what broke off");
        Outcome listed = files.Packhorse(job, "published", "osdf:///chtc/published");
        File.WriteAllText(Path.Combine(job, "other.sh"), "other content");
        string name = Path.GetFileName(first.Split('\n')[0]);
        Outcome refused = files.Packhorse(job, "publish", "other.sh", "--to", "osdf:///chtc/published", "--name", name);

        Assert.Contains("published", first, StringComparison.Ordinal);
        Assert.Contains($"transfer_input_files = osdf:///chtc/published/{name}\n", first, StringComparison.Ordinal);
        Assert.StartsWith("there already", second, StringComparison.Ordinal);
        Assert.Equal(8, listed.ExitCode);
        Assert.Matches($"right .* {name}\n", listed.Output);
        Assert.Matches("broken .* x-deadbeef.tar\n", listed.Output);
        Assert.NotEqual(0, refused.ExitCode);
        Assert.Equal(files.New, File.ReadAllBytes(Path.Combine(files.Require().Objects, "published", name)));
    }

    // Some of what the cache has kept, around what was read first of it; and what to do about it.
    private static void AssertNamesTheMixture(Outcome outcome)
    {
        Match named = Mixture().Match(outcome.Error);
        Assert.True(named.Success, outcome.Error);
        long[] bytes =
        [
            .. named.Groups.Values.Skip(1).Select(group => long.Parse(group.Value, NumberStyles.AllowThousands, null)),
        ];
        Assert.InRange(bytes[0], CachedEnvironments.MiddleBegin, CachedEnvironments.MiddleEnd);
        Assert.InRange(bytes[1], bytes[0] + (1 << 20), CachedEnvironments.MiddleEnd);
        Assert.Contains("a cache may have kept parts of an older file of that name", outcome.Error);
        Assert.Contains("?directread", outcome.Error, StringComparison.Ordinal);
    }

    [GeneratedRegex("environment.sh is mixed with something else: bytes ([0-9,]+) to ([0-9,]+) are not ")]
    private static partial Regex Mixture();

    private static void WriteJobScript(string job, params string[] arguments)
    {
        // The submit machine has the right file.
        string delivered = Path.Combine(job, "environment.sh");
        string aside = Path.Combine(job, "delivered.sh");
        File.Move(delivered, aside);
        File.Copy(Path.Combine(job, "..", "environment.sh"), delivered);
        string[] command = arguments.Contains("--") ? [] : ["--", "python", "-c", "print(6 * 7)"];
        string[] init = ["condor", "init", "--name", "job", .. arguments, .. command];
        Published.Start("env", ["-C", job, Published.Packhorse, .. init]).Succeeded();
        File.Move(aside, delivered, overwrite: true);
    }

    private Outcome Start(string job, string script) =>
        Published.Start(
            "/bin/sh",
            ["-c", $"cd '{job}' && {script}"],
            new Dictionary<string, string>
            {
                ["PATH"] = "/usr/bin:/bin",
                ["HEX"] = files.Sha256,
                ["ROOT"] = files.Root,
                ["_CONDOR_SCRATCH_DIR"] = job,
            }
        );
}
