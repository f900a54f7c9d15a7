using System.Net.Sockets;
using System.Text;

namespace Packhorse.Tests.Support;

public enum FlakyRanges
{
    Honoured,

    /// <summary>200 and the whole, whatever was asked.</summary>
    Ignored,

    /// <summary>206 with another part than the one asked for, and says so.</summary>
    Shifted,

    /// <summary>206 with the right part of a file said to be a byte longer.</summary>
    WrongTotal,

    /// <summary>206 without Content-Range.</summary>
    Unsaid,

    /// <summary>206 with the right start, but only half of what is left.</summary>
    Halved,
}

public enum FlakyLength
{
    Declared,
    Chunked,

    /// <summary>The body ends where the connection does.</summary>
    UntilClose,
}

/// <summary>How one request is answered. As it stands: well.</summary>
public sealed record FlakyAnswer
{
    private const int BlockBytes = 64 << 10;

    public int Status { get; init; } = 200;

    /// <summary>Instead of the resource's own.</summary>
    public byte[]? Body { get; init; }

    /// <summary>Bytes of the body after which the connection ends.</summary>
    public long? CutAfter { get; init; }

    /// <summary>The cut is a reset instead of an orderly end.</summary>
    public bool Reset { get; init; }

    /// <summary>Bytes of the body after which nothing more comes for ever; -1: not even the head.</summary>
    public long? StallAfter { get; init; }

    /// <summary>Before each block of 64 KiB.</summary>
    public TimeSpan Pause { get; init; }

    /// <summary>What the body waits for.</summary>
    public Task Gate { get; init; } = Task.CompletedTask;

    public FlakyRanges Ranges { get; init; }

    public FlakyLength Length { get; init; }

    /// <summary>What a HEAD says, when it is not the body's length.</summary>
    public long? HeadLength { get; init; }

    /// <summary>A line behind a chunked body.</summary>
    public string? Trailer { get; init; }

    /// <summary>With its quotation marks. If-Range is honoured.</summary>
    public string? ETag { get; init; } = "\"one\"";

    public bool IgnoresIfRange { get; init; }

    /// <summary>Further lines of the head.</summary>
    public string[] Headers { get; init; } = [];

    public static FlakyAnswer RedirectTo(string location, int status = 302) =>
        new()
        {
            Status = status,
            Headers = [$"Location: {location}"],
            Body = [],
        };

    /// <returns>True when the connection stays open.</returns>
    internal async Task<bool> SendAsync(
        FlakyRequest request,
        FlakyResource resource,
        Stream stream,
        Socket socket,
        CancellationToken stop
    )
    {
        if (StallAfter < 0)
        {
            await Task.Delay(Timeout.Infinite, stop);
        }
        byte[] whole = Body ?? (Status == 200 ? resource.Body : Encoding.ASCII.GetBytes("an error page"));
        (int status, int from, int to, string? contentRange) = Part(request, whole);
        int length = to - from;
        var head = new List<string> { $"HTTP/1.1 {status} Whatever" };
        head.AddRange(Headers);
        head.AddRange(request.Method == "HEAD" ? [$"Content-Length: {HeadLength ?? length}"] : LengthHeaders(length));
        if (contentRange is not null)
        {
            head.Add($"Content-Range: {contentRange}");
        }
        if (ETag is not null && status is 200 or 206)
        {
            head.Add($"ETag: {ETag}");
        }
        await stream.WriteAsync(Encoding.ASCII.GetBytes(string.Join("\r\n", head) + "\r\n\r\n"), stop);
        if (request.Method == "HEAD")
        {
            return true;
        }
        await Gate.WaitAsync(stop);
        long end = Math.Min(length, Math.Min(CutAfter ?? long.MaxValue, StallAfter ?? long.MaxValue));
        await SendBodyAsync(whole.AsMemory(from, (int)end), resource, stream, stop);
        if (StallAfter is not null)
        {
            await Task.Delay(Timeout.Infinite, stop);
        }
        if (CutAfter is not null)
        {
            if (Reset)
            {
                socket.LingerState = new LingerOption(true, 0);
            }
            return false;
        }
        if (Length == FlakyLength.Chunked)
        {
            string trailer = Trailer is null ? "" : $"{Trailer}\r\n";
            await stream.WriteAsync(Encoding.ASCII.GetBytes($"0\r\n{trailer}\r\n"), stop);
        }
        return Length != FlakyLength.UntilClose;
    }

    private string[] LengthHeaders(int length) =>
        Length switch
        {
            FlakyLength.Declared => [$"Content-Length: {length}"],
            FlakyLength.Chunked => ["Transfer-Encoding: chunked"],
            _ => ["Connection: close"],
        };

    private (int Status, int From, int To, string? ContentRange) Part(FlakyRequest request, byte[] whole)
    {
        bool isStale = !IgnoresIfRange && request["If-Range"] is { } tag && tag != ETag;
        if (Status != 200 || request.From == 0 || isStale || Ranges == FlakyRanges.Ignored)
        {
            return (Status, 0, whole.Length, null);
        }
        int from = (int)request.From;
        if (from >= whole.Length)
        {
            return (416, 0, 0, $"bytes */{whole.Length}");
        }
        int to = Ranges == FlakyRanges.Halved ? from + (whole.Length - from + 1) / 2 : whole.Length;
        from = Ranges == FlakyRanges.Shifted ? from - 1 : from;
        int total = Ranges == FlakyRanges.WrongTotal ? whole.Length + 1 : whole.Length;
        string? contentRange = Ranges == FlakyRanges.Unsaid ? null : $"bytes {from}-{to - 1}/{total}";
        return (206, from, to, contentRange);
    }

    private async Task SendBodyAsync(
        ReadOnlyMemory<byte> body,
        FlakyResource resource,
        Stream stream,
        CancellationToken stop
    )
    {
        while (!body.IsEmpty)
        {
            await Task.Delay(Pause, stop);
            ReadOnlyMemory<byte> block = body[..Math.Min(BlockBytes, body.Length)];
            resource.AddSent(block.Length);
            if (Length == FlakyLength.Chunked)
            {
                await stream.WriteAsync(Encoding.ASCII.GetBytes($"{block.Length:x}\r\n"), stop);
                await stream.WriteAsync(block, stop);
                await stream.WriteAsync("\r\n"u8.ToArray(), stop);
            }
            else
            {
                await stream.WriteAsync(block, stop);
            }
            body = body[block.Length..];
        }
    }
}
