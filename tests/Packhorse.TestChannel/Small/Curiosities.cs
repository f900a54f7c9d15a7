namespace Packhorse.TestChannel;

/// <summary>A package with what is rare in real ones, and yet allowed: names, modes, links, activation.</summary>
internal static class Curiosities
{
    public static PackageBuilder Build()
    {
        string prefix = Placeholder.For("curiosities");
        string deep = string.Join('/', Enumerable.Range(1, 24).Select(number => $"directory-{number:00}"));
        return new PackageBuilder("curiosities", "1.0", "0")
            .NoArchGeneric()
            .Placeholder(prefix)
            .AddFile("share/curiosities/empty", "")
            .AddFile("share/curiosities/.hidden", "hidden\n")
            .AddFile("share/curiosities/with space.txt", "space\n")
            .AddFile("share/curiosities/gr\u00fc\u00dfe-\u4e16\u754c.txt", "UTF-8\n")
            .AddFile("share/curiosities/100%25.txt", "percent\n")
            .AddFile("share/curiosities/quote'\"$x.txt", "quotes\n")
            .AddFile("share/curiosities/CASE", "upper\n")
            .AddFile("share/curiosities/case", "lower\n")
            .AddFile($"share/curiosities/{deep}/file", "deep\n")
            .AddFile("share/curiosities/read-only", "0444\n", Modes.FromOctal(444))
            .AddFile("share/curiosities/private", "0600\n", Modes.FromOctal(600))
            .AddFile("share/curiosities/copied", "never a link\n")
            .NoLink("share/curiosities/copied")
            .AddFile("share/curiosities/no-newline", "no newline at the end")
            .AddFile("share/curiosities/text with space", $"{prefix}\n", prefix: PrefixMode.Text)
            .AddExecutable("bin/curiosity", "#!/bin/sh\necho curious\n")
            .AddSymlink("bin/curiosity-1", "curiosity")
            .AddSymlink("bin/curiosity-2", "curiosity-1")
            .AddSymlink("bin/curiosity-3", "../share/curiosities/to-bin/curiosity-2")
            .AddSymlink("share/curiosities/to-bin", "../../bin")
            .AddSymlink("share/curiosities/dangling", "not-there")
            .AddFile("etc/conda/activate.d/curiosities.sh", "export CURIOSITIES_ACTIVATED=\"$CONDA_PREFIX\"\n")
            .AddFile("etc/conda/deactivate.d/curiosities.sh", "unset CURIOSITIES_ACTIVATED\n")
            .AddFile(
                "etc/conda/env_vars.d/curiosities.json",
                """
                {"CURIOSITIES_VALUE": "some value", "CURIOSITIES_ODD": "a 'b' \"c\" $d \\e"}

                """
            );
    }
}
