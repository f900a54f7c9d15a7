namespace Packhorse.Fetch;

/// <summary>How quickly one answer comes, compared with <see cref="FetchOptions.SlowestRate"/>.</summary>
internal sealed class Pace(FetchOptions options)
{
    private readonly long _begin = options.Clock.GetTimestamp();
    private long _windowBegin = options.Clock.GetTimestamp();
    private long _bytes;

    /// <param name="count">Bytes that have come just now.</param>
    public bool IsTooSlowAfter(int count)
    {
        _bytes += count;
        TimeSpan window = options.Clock.GetElapsedTime(_windowBegin);
        if (options.SlowestRate == 0 || window < options.SlowWindow)
        {
            return false;
        }
        bool isSlow =
            _bytes < options.SlowestRate * window.TotalSeconds
            && options.Clock.GetElapsedTime(_begin) >= options.SlowRampUp;
        _bytes = 0;
        _windowBegin = options.Clock.GetTimestamp();
        return isSlow;
    }
}
