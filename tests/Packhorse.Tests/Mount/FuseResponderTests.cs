using System.Text;
using Packhorse.Image;
using Packhorse.Mount;

namespace Packhorse.Tests.Mount;

public sealed class FuseResponderTests
{
    private const int NotFound = 2;
    private const int InputOutput = 5;
    private const int Invalid = 22;
    private const int NotATerminal = 25;
    private const int ReadOnly = 30;
    private const int NoSuchCall = 38;
    private const uint NoOpen = 1 << 17;
    private const uint NoOpenDirectory = 1 << 24;

    private readonly MemoryTree _tree = new();
    private readonly List<string> _told = [];
    private readonly Kernel _kernel;
    private readonly byte[] _content = [.. Enumerable.Range(0, 300_000).Select(i => (byte)(i * 7 / 3))];
    private readonly InodeReference _file;

    public FuseResponderTests()
    {
        InodeReference library = _tree.AddDirectory(_tree.Root, "lib");
        _file = _tree.AddFile(library, "content", _content);
        _tree.AddLink(library, "link", "../lib/content");
        var responder = new FuseResponder(_tree, new FuseOwner(65534, 1000), 1_000_000, _told.Add);
        byte[] answer = new byte[FuseResponder.MostAnswerBytes];
        _kernel = new Kernel(request => answer[..responder.Answer(request, answer)]);
    }

    [Fact]
    public void A_new_kernel_is_told_what_of_its_offers_is_taken()
    {
        Kernel.Reply reply = _kernel.Initialize();

        Assert.Equal(64, reply.Body.Length);
        Assert.Equal(7u, reply.Half(0));
        Assert.Equal(31u, reply.Half(4));
        uint flags = reply.Half(12);
        Assert.Equal(NoOpen | NoOpenDirectory, flags & (NoOpen | NoOpenDirectory));
        Assert.Equal(0u, flags & (1u << 16)); // no cache for writing
        Assert.Equal(256, BitConverter.ToUInt16(reply.Body, 28));
    }

    [Fact]
    public void Nothing_is_taken_that_a_kernel_does_not_offer()
    {
        Kernel.Reply reply = _kernel.Initialize(flags: 1 << 0, minor: 27);

        Assert.Equal(1u, reply.Half(12));
        Assert.Equal(24, _kernel.Initialize(flags: 0, minor: 22).Body.Length);
    }

    [Fact]
    public void A_kernel_of_a_later_major_version_is_asked_to_come_down()
    {
        Assert.Equal(7u, _kernel.Initialize(major: 8).Half(0));
    }

    [Fact]
    public void Files_need_not_be_opened_where_the_kernel_can_do_without()
    {
        _kernel.Initialize();

        Assert.Equal(NoSuchCall, _kernel.Ask(FuseOpcode.Open, _kernel.Walk("lib/content"), new byte[8]).Error);
        Assert.Equal(NoSuchCall, _kernel.Ask(FuseOpcode.OpenDirectory, 1, new byte[8]).Error);
    }

    [Fact]
    public void Where_it_cannot_opening_keeps_what_is_cached()
    {
        _kernel.Initialize(flags: 0);

        Assert.Equal(2u, _kernel.Ask(FuseOpcode.Open, _kernel.Walk("lib/content"), new byte[8]).Half(8));
        Assert.Equal(2u | 8u, _kernel.Ask(FuseOpcode.OpenDirectory, 1, new byte[8]).Half(8));
        Assert.Equal(0, _kernel.Ask(FuseOpcode.Release, 1, new byte[24]).Error);
        Assert.Equal(0, _kernel.Ask(FuseOpcode.ReleaseDirectory, 1, new byte[24]).Error);
    }

    [Fact]
    public void A_name_is_given_for_good_with_its_attributes()
    {
        Kernel.Reply entry = _kernel.Lookup(_kernel.Walk("lib"), "content");

        Assert.True(entry.Word(0) > 1);
        Assert.True(entry.Word(16) > int.MaxValue && entry.Word(24) > int.MaxValue);
        Assert.Equal((ulong)_content.Length, entry.Word(40 + 8));
        Assert.Equal(0x8000u | 0x1A4u, entry.Half(40 + 60));
        Assert.Equal(65534u, entry.Half(40 + 68));
        Assert.Equal(1000u, entry.Half(40 + 72));
    }

    [Fact]
    public void That_a_name_does_not_exist_is_given_for_good_too()
    {
        Kernel.Reply entry = _kernel.Lookup(1, "nothing");

        Assert.Equal(0, entry.Error);
        Assert.Equal(0ul, entry.Word(0));
        Assert.True(entry.Word(16) > int.MaxValue);
    }

    [Theory]
    [InlineData(0, 4096)]
    [InlineData(131_072, 131_072)]
    [InlineData(299_999, 100)]
    [InlineData(300_000, 100)]
    [InlineData(0, 1 << 20)]
    public void Reads_give_the_bytes_up_to_the_end(int offset, int size)
    {
        Kernel.Reply reply = _kernel.Read(_kernel.Walk("lib/content"), offset, size);

        Assert.Equal(0, reply.Error);
        Assert.Equal(_content[offset..Math.Min(_content.Length, offset + size)], reply.Body);
    }

    [Fact]
    public void A_link_is_its_text()
    {
        Assert.Equal(
            "../lib/content",
            Encoding.UTF8.GetString(_kernel.Ask(FuseOpcode.ReadLink, _kernel.Walk("lib/link")).Body)
        );
    }

    [Theory]
    [InlineData(true, 4096)]
    [InlineData(false, 4096)]
    [InlineData(true, 400)]
    [InlineData(false, 100)]
    public void Listings_go_on_where_they_ended(bool plus, int size)
    {
        InodeReference many = _tree.AddDirectory(_tree.Root, "many");
        string[] names = [.. Enumerable.Range(0, 500).Select(i => $"file-{i:d5}")];
        foreach (string name in names)
        {
            _tree.AddFile(many, name, [1]);
        }

        List<Kernel.Listed> listed = _kernel.List(_kernel.Walk("many"), plus, size);

        Assert.Equal([".", "..", .. names], listed.Select(entry => entry.Name));
        Assert.Equal(502, listed.Select(entry => entry.Next).Distinct().Count());
        Assert.All(listed.Skip(2), entry => Assert.Equal(8u, entry.Type));
        // Of "." and ".." the kernel must not be given nodes.
        Assert.All(listed.Take(2), entry => Assert.Equal(0ul, entry.Node));
        Assert.True(!plus || listed.Skip(2).All(entry => entry.Node == _kernel.Walk($"many/{entry.Name}")));
    }

    [Fact]
    public void Damage_is_an_error_of_reading_and_one_sentence()
    {
        _tree.Damaged = _file;
        ulong node = _kernel.Walk("lib/content");

        Assert.Equal(InputOutput, _kernel.Read(node, 0, 4096).Error);
        Assert.Equal(InputOutput, _kernel.Read(node, 4096, 4096).Error);
        Assert.Contains("damaged at byte 1,234", Assert.Single(_told), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nobody_gets_an_error_of_reading_before_it_has_been_told()
    {
        _tree.Damaged = _file;
        using var telling = new CountdownEvent(1);
        using var goOn = new ManualResetEventSlim();
        var owner = new FuseOwner(65534, 1000);
        var responder = new FuseResponder(
            _tree,
            owner,
            1_000_000,
            _ =>
            {
                telling.Signal();
                goOn.Wait(TestContext.Current.CancellationToken);
            }
        );
        ulong node = _kernel.Walk("lib/content");
        Task<int> first = Task.Run(Read, TestContext.Current.CancellationToken);
        telling.Wait(TestContext.Current.CancellationToken);

        // A command that gets it may end at once, and whoever judges its end has to know.
        Task<int> second = Task.Run(Read, TestContext.Current.CancellationToken);
        Task soon = Task.Delay(50, TestContext.Current.CancellationToken);
        Assert.Same(soon, await Task.WhenAny(second, soon));
        goOn.Set();

        Assert.Equal(InputOutput, await first);
        Assert.Equal(InputOutput, await second);

        int Read()
        {
            byte[] answer = new byte[FuseResponder.MostAnswerBytes];
            return new Kernel(request => answer[..responder.Answer(request, answer)]).Read(node, 0, 4096).Error;
        }
    }

    [Theory]
    [InlineData(FuseOpcode.Write)]
    [InlineData(FuseOpcode.Create)]
    [InlineData(FuseOpcode.Unlink)]
    [InlineData(FuseOpcode.SetAttributes)]
    [InlineData(FuseOpcode.Rename2)]
    internal void Whatever_would_change_something_is_refused(FuseOpcode opcode) =>
        Assert.Equal(ReadOnly, _kernel.Ask(opcode, 1, new byte[64]).Error);

    [Theory]
    [InlineData(22)] // FUSE_GETXATTR
    [InlineData(23)] // FUSE_LISTXATTR
    [InlineData(36)] // FUSE_INTERRUPT
    [InlineData(46)] // FUSE_LSEEK
    [InlineData(999)]
    public void What_is_not_needed_is_answered_once_and_for_all(int opcode) =>
        Assert.Equal(NoSuchCall, _kernel.Ask((FuseOpcode)opcode, 1, new byte[64]).Error);

    [Fact]
    public void No_file_is_a_terminal() =>
        Assert.Equal(NotATerminal, _kernel.Ask(FuseOpcode.IoControl, 1, new byte[32]).Error);

    [Fact]
    public void Requests_that_want_no_answer_get_none()
    {
        Assert.Null(_kernel.Ask(FuseOpcode.Forget, 1, new byte[8]).Body);
        Assert.Null(_kernel.Ask(FuseOpcode.BatchForget, 1, new byte[8]).Body);
    }

    [Fact]
    public void Requests_that_are_too_short_are_refused()
    {
        Assert.Equal(Invalid, _kernel.Ask(FuseOpcode.Read, 1, new byte[8]).Error);
        Assert.Equal(Invalid, _kernel.Ask(FuseOpcode.ReadDirectoryPlus, 1).Error);
        Assert.Equal(Invalid, _kernel.Ask(FuseOpcode.Lookup, 1, (byte)'x').Error);
        Assert.Equal(Invalid, _kernel.Ask(FuseOpcode.Initialize, 0, 7).Error);
    }

    [Fact]
    public void A_listing_at_a_position_that_never_was_is_refused()
    {
        Assert.Equal(NotFound, _kernel.Ask(FuseOpcode.ReadDirectory, 1, Kernel.ReadRequest(-5, 4096)).Error);
    }

    [Fact]
    public void The_file_system_is_full_and_has_its_inodes()
    {
        Kernel.Reply reply = _kernel.Ask(FuseOpcode.StatFileSystem, 1);

        Assert.Equal(245ul, reply.Word(0));
        Assert.Equal(0ul, reply.Word(8));
        Assert.Equal((ulong)_tree.InodeCount, reply.Word(24));
    }
}
