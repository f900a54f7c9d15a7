namespace Packhorse.Fetch;

/// <summary>How a bucket is reached: <c>[s3-options.BUCKET]</c> of pixi's <c>config.toml</c>.</summary>
public sealed record S3Options
{
    /// <summary>Null for Amazon's own.</summary>
    public Uri? Endpoint { get; init; }

    public string Region { get; init; } = "us-east-1";

    /// <summary>The bucket is the first segment of the path, instead of a part of the host's name.</summary>
    public bool ForcePathStyle { get; init; }
}
