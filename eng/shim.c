/* What glibc-built archives (NativeAOT's, Debian's libzstd.a, libbz2.a, libssl.a and libcrypto.a) call and musl does not
   have: two functions of the scheduler's sets, contexts, and the checked forms of functions that glibc's headers put in with
   _FORTIFY_SOURCE. Built against musl's headers. Below them, in runtimes, the note by which they are
   known (docs/FORMAT.md). */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *__sched_cpualloc(size_t count)
{
    return calloc((count + 63) / 64, 8);
}

void __sched_cpufree(void *set)
{
    free(set);
}

int __vfprintf_chk(FILE *file, int flag, const char *format, va_list arguments)
{
    (void)flag;
    return vfprintf(file, format, arguments);
}

int __fprintf_chk(FILE *file, int flag, const char *format, ...)
{
    (void)flag;
    va_list arguments;
    va_start(arguments, format);
    int count = vfprintf(file, format, arguments);
    va_end(arguments);
    return count;
}

int __printf_chk(int flag, const char *format, ...)
{
    (void)flag;
    va_list arguments;
    va_start(arguments, format);
    int count = vprintf(format, arguments);
    va_end(arguments);
    return count;
}

int __snprintf_chk(char *text, size_t most, int flag, size_t size, const char *format, ...)
{
    (void)flag;
    if (most > size)
        abort();
    va_list arguments;
    va_start(arguments, format);
    int count = vsnprintf(text, most, format, arguments);
    va_end(arguments);
    return count;
}

void *__memcpy_chk(void *to, const void *from, size_t count, size_t size)
{
    if (count > size)
        abort();
    return memcpy(to, from, count);
}

void *__memmove_chk(void *to, const void *from, size_t count, size_t size)
{
    if (count > size)
        abort();
    return memmove(to, from, count);
}

void *__memset_chk(void *to, int value, size_t count, size_t size)
{
    if (count > size)
        abort();
    return memset(to, value, count);
}

char *__strcpy_chk(char *to, const char *from, size_t size)
{
    if (strlen(from) >= size)
        abort();
    return strcpy(to, from);
}

char *__strcat_chk(char *to, const char *from, size_t size)
{
    if (strlen(to) + strlen(from) >= size)
        abort();
    return strcat(to, from);
}

int __sprintf_chk(char *text, int flag, size_t size, const char *format, ...)
{
    (void)flag;
    va_list arguments;
    va_start(arguments, format);
    int count = vsnprintf(text, size, format, arguments);
    va_end(arguments);
    if (count >= 0 && (size_t)count >= size)
        abort();
    return count;
}

long __fdelt_chk(long descriptor)
{
    if (descriptor < 0 || descriptor >= 1024)
        abort();
    return descriptor / 64;
}

_Noreturn void __longjmp_chk(jmp_buf place, int value)
{
    longjmp(place, value);
}

/* libcrypto switches contexts in its asynchronous jobs, which .NET never starts. */
int getcontext(void *context)
{
    (void)context;
    errno = ENOSYS;
    return -1;
}

int setcontext(const void *context)
{
    (void)context;
    errno = ENOSYS;
    return -1;
}

void makecontext(void *context, void (*begin)(void), int count, ...)
{
    (void)context;
    (void)begin;
    (void)count;
    abort();
}

#ifdef PACKHORSE_RUNTIME
/* ELF note (gABI 4.1, "Note Section"): its owner "Packhorse", type 1, and the version of the self-extracting format that this
   runtime carries out. */
struct runtime_note
{
    unsigned int name_size, value_size, type;
    char name[12];
    unsigned int format;
};

__attribute__((section(".note.packhorse"), aligned(4), used)) const struct runtime_note packhorse_runtime_note = {
    10, 4, 1, "Packhorse", 1,
};
#endif
