#!/usr/bin/python3
"""TEST CODE: a file-transfer plugin of the test pool that answers for osdf:// as Pelican's does.

Objects are files below /var/lib/osdf, named by the path of the URL, and are never replaced. Where /opt/pool/director has the
URL of a federation's director, they are read from where it sends who asks, and nothing is compared: as of caches. Each transfer is
a line of /var/lib/osdf/transfers: the direction, the bytes and the URL.
"""
import os
import re
import shutil
import subprocess
import sys
import time
import urllib.parse
import urllib.request

ROOT = "/var/lib/osdf/objects"
LOG = "/var/lib/osdf/transfers"
DIRECTOR = "/opt/pool/director"
CAPABILITIES = """\
MultipleFileSupport = true
PluginVersion = "test"
PluginType = "FileTransfer"
ProtocolVersion = 2
SupportedMethods = "osdf,stash,pelican"
"""
STRING = r'"((?:[^"\\]|\\.)*)"'


def quoted(text):
    return '"' + str(text).replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ") + '"'


def requests(text):
    """Pairs of URL and local file out of ads in square brackets."""
    for ad in re.findall(r"\[(?:[^\[\]\"]|" + STRING.replace("(", "(?:", 1) + r")*\]", text):
        members = {name.lower(): re.sub(r"\\(.)", r"\1", value) for name, value in re.findall(r"(\w+)\s*=\s*" + STRING, ad)}
        if "url" in members:
            yield members["url"], members["localfilename"]


def transfer(url, local, upload):
    parts = urllib.parse.urlsplit(url)
    path = ROOT + urllib.parse.unquote(parts.path)
    if os.path.exists(DIRECTOR) and not upload:
        with open(DIRECTOR, encoding="ascii") as director:
            asked = director.read() + parts.path + ("?" + parts.query if parts.query else "")
        with urllib.request.urlopen(asked, timeout=60) as answer, open(local, "wb") as file:
            shutil.copyfileobj(answer, file)
        return os.path.getsize(local)
    if upload:
        if os.path.exists(path):
            raise FileExistsError("the object exists, and objects are immutable: " + parts.path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        shutil.copyfile(local, path)
    elif "pack=" in parts.query:
        subprocess.run(["/usr/bin/tar", "-xf", path, "-C", os.path.dirname(local)], check=True)
    else:
        shutil.copyfile(path, local)
    return os.path.getsize(path)


def main():
    arguments = sys.argv[1:]
    if "-classad" in arguments:
        print(CAPABILITIES, end="")
        return 0
    requested = arguments[arguments.index("-infile") + 1]
    answer = arguments[arguments.index("-outfile") + 1]
    upload = "-upload" in arguments
    failed = False
    ads = []
    with open(requested, encoding="utf-8") as file:
        wanted = list(requests(file.read()))
    for url, local in wanted:
        begin = time.time()
        ad = [("TransferUrl", quoted(url)), ("TransferFileName", quoted(local)), ("TransferProtocol", '"osdf"')]
        try:
            size = transfer(url, local, upload)
            ad += [("TransferSuccess", "true"), ("TransferFileBytes", size), ("TransferTotalBytes", size)]
            with open(LOG, "a", encoding="utf-8") as log:
                log.write("%s %d %s\n" % ("put" if upload else "get", size, url))
        except (OSError, subprocess.SubprocessError) as error:
            failed = True
            ad += [("TransferSuccess", "false"), ("TransferError", quoted(error))]
        ad += [("TransferStartTime", int(begin)), ("TransferEndTime", int(time.time()))]
        ads.append("[ " + " ".join("%s = %s;" % pair for pair in ad) + " ]\n")
    # The file is there already, with space reserved, and must not be cut off.
    with open(answer, "r+" if os.path.exists(answer) else "w", encoding="utf-8") as file:
        file.write("".join(ads))
    return 1 if failed else 0


sys.exit(main())
