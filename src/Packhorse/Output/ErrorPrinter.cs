using Packhorse.Model;

namespace Packhorse.Output;

/// <summary>Says what went wrong: the whole chain of causes, then what to do next.</summary>
internal static class ErrorPrinter
{
    public static void Print(TextWriter error, Exception exception, bool verbose)
    {
        error.WriteLine($"error: {Printable.Text(Sentence(exception))}");
        string shown = exception.Message;
        for (Exception? cause = exception.InnerException; cause is not null; cause = cause.InnerException)
        {
            // Many causes only repeat what was said.
            if (!shown.Contains(cause.Message, StringComparison.Ordinal) && !IsResourceKey(cause.Message))
            {
                error.WriteLine($"  caused by: {Printable.Text(cause.Message)}");
                shown += cause.Message;
            }
        }
        if (exception is PackhorseException { Hint: { } hint })
        {
            error.WriteLine();
            error.WriteLine($"hint: {Printable.Text(hint)}");
        }
        if (verbose)
        {
            error.WriteLine(Printable.Text(exception.ToString()));
        }
    }

    // The runtime is built without the base class library's texts: of what that throws it has the names of the texts, as in IO_Some_Name.
    private static bool IsResourceKey(string message)
    {
        string first = message.Split(',', ' ')[0];
        return first.Contains('_') && first.All(c => char.IsAsciiLetterOrDigit(c) || c == '_');
    }

    private static string Sentence(Exception exception) =>
        exception switch
        {
            PackhorseException known => $"{known.Message} [{known.Code}]",
            OutOfMemoryException => $"out of memory [{ErrorCodes.Unexpected}]",
            _ =>
                $"unexpected {exception.GetType().Name}: {exception.Message} [{ErrorCodes.Unexpected}]; this is a defect of packhorse, -v shows where",
        };
}
