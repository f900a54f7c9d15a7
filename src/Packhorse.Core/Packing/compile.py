# Compiles the modules that packhorse puts into an image. Numbers are 32 bits, little-endian. First it writes the interpreter's cache tag.
# Then it reads groups: the prefix, the number of modules, and of each a name and its source, all texts behind their lengths. It writes
# a group's byte-code in the same order, each behind its length: 0 for what is no Python of this version. A process of its own compiles
# each group, forked from this one as it is now: what marshal writes depends on what the process has seen before.
# Byte-code is taken unchecked (PEP 552), but for that of modules with the prefix in their text: at another prefix their text is another
# one, and Python has to see that.
import importlib.util
import os
import struct
import sys
import warnings


def read(count):
    parts = []
    while count:
        part = source.read(count)
        if not part:
            os._exit(0)
        parts.append(part)
        count -= len(part)
    return b"".join(parts)


def number():
    return struct.unpack("<I", read(4))[0]


def compiled(name, text, checked=False):
    try:
        code = compile(text, name, "exec", dont_inherit=True, optimize=0)
    except (SyntaxError, ValueError, UnicodeError, RecursionError, MemoryError, OverflowError):
        return b""
    import importlib._bootstrap_external as external

    return bytes(external._code_to_hash_pyc(code, importlib.util.source_hash(text), checked))


source = sys.stdin.buffer
warnings.simplefilter("ignore")
tag = sys.implementation.cache_tag.encode()
compiled("warm-up", b"x = 1\n")
os.write(1, struct.pack("<I", len(tag)) + tag)
while True:
    group = []
    prefix = read(number())
    for _ in range(number()):
        name = read(number()).decode("utf-8", "surrogateescape")
        group.append((name, read(number())))
    child = os.fork()
    if child == 0:
        with os.fdopen(1, "wb", closefd=False) as output:
            for name, text in group:
                code = compiled(name, text, prefix in text)
                output.write(struct.pack("<I", len(code)) + code)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    if status:
        sys.exit("a process that compiled ended with status %d" % status)
