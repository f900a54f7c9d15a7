using Packhorse.Condor.Submit;
using Packhorse.Model;

namespace Packhorse.Tests.Condor;

public sealed class SubmitFileTests
{
    private const string Everything = """
        # a comment \
        executable = job.sh
          Arguments   =  --seed $(Process) \
            # a comment in between
            --name x
        MY.Project = "one"
        +Other = 2
        name @=end
        executable = not this
        @end
        include : common.sub
        if version >= 23.0
          request_disk = 1 GB
        elif defined X
          request_disk = 2 GB
        else
        endif
        what is this

        queue name, n from (
          a, 1
          b, 2
        )
        """;

    [Theory]
    [InlineData(Everything)]
    [InlineData("executable = a\r\nqueue\r\n")]
    [InlineData("executable=a\n\n\nqueue 3 in (\na")]
    [InlineData("executable = a \\")]
    [InlineData("a @=x\nb")]
    public void What_is_read_is_written_byte_for_byte(string text) =>
        Assert.Equal(text, SubmitFile.Parse(text, "job.sub").Text);

    [Fact]
    public void Statements_are_told_apart()
    {
        SubmitFile file = SubmitFile.Parse(Everything, "job.sub");
        Assert.Equal(
            "Comment, Assignment, Assignment, Attribute, Attribute, Assignment, Directive, Condition, Assignment, "
                + "Condition, Assignment, Condition, Condition, Unknown, Blank, Queue",
            string.Join(", ", file.Statements.Select(statement => statement.Kind))
        );
        Assert.Equal("--seed $(Process) --name x", Squeeze(file.Statements[2].Value));
        Assert.Equal(("Project", "\"one\""), (file.Statements[3].Name, file.Statements[3].Value));
        Assert.Equal("executable = not this", file.Statements[5].Value);
        Assert.Equal(1, file.Statements[8].Depth);
        Assert.Equal(20, file.Statements[^1].Line);
        Assert.Equal(4, file.Statements[^1].LineCount);
    }

    [Fact]
    public void An_edit_changes_its_lines_alone()
    {
        SubmitFile file = SubmitFile.Parse("# one\r\nrequest_disk = 1\r\nqueue\r\n", "job.sub");
        SubmitFile edited = file.With(
            SubmitFile.Replace(file.Statements[1], "request_disk = 2 GB", "request_cpus = 1")
        );
        Assert.Equal("# one\r\nrequest_disk = 2 GB\r\nrequest_cpus = 1\r\nqueue\r\n", edited.Text);
    }

    [Fact]
    public void Of_what_is_set_twice_the_last_counts_and_macros_are_put_in()
    {
        var description = new SubmitDescription(
            SubmitFile.Parse(
                "name = one\nEXECUTABLE = $(name).sh\nname = two\nloop = $(loop) x\nqueue\nname = three\nqueue",
                "job.sub"
            )
        );
        Assert.Equal("two.sh", description.Value("executable"));
        Assert.Equal("$(loop) x", description.Value("loop"));
        Assert.Equal("$(Process)", description.Expand("$(Process)"));
    }

    [Fact]
    public void Macros_that_grow_without_end_stop_growing()
    {
        string text =
            string.Concat(Enumerable.Range(0, 40).Select(i => $"a{i} = $(a{i + 1})$(a{i + 1})\n")) + "a40 = x\nqueue";
        var description = new SubmitDescription(SubmitFile.Parse(text, "job.sub"));
        Assert.True(description.Value("a0")!.Length < 8 << 20);
    }

    [Theory]
    [InlineData("\0")]
    [InlineData("")]
    [InlineData("#!/bin/sh\necho hello\n")]
    public void What_is_no_submit_file_is_told(string text)
    {
        var error = Assert.Throws<CorruptDataException>(() => SubmitFile.Parse(text, "job.sub"));
        Assert.Equal(ErrorCodes.BadSubmitFile, error.Code);
    }

    [Fact]
    public void Conditions_may_not_nest_without_end()
    {
        string text = string.Concat(Enumerable.Repeat("if true\n", 100)) + "queue\n";
        Assert.Throws<CorruptDataException>(() => SubmitFile.Parse(text, "job.sub"));
    }

    private static string Squeeze(string text) =>
        string.Join(' ', text.Split(' ', StringSplitOptions.RemoveEmptyEntries));
}
