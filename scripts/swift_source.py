"""What the scripts that read the package share."""

import json
import re
import subprocess
import sys
import tempfile

_TEXT = re.compile(
    r'(?P<hash>#+)"""(?:.|\n)*?"""(?P=hash)|"""(?:.|\n)*?"""|(?P<raw>#+)"(?:[^\n])*?"(?P=raw)'
    r'|"(?:\\\((?:[^()"\n]|\((?:[^()]|\([^()]*\))*\)|"[^"\n]*")*\)|\\.|[^"\\\n])*"|//[^\n]*|/\*(?:.|\n)*?\*/'
)


def blanked(text):
    """The text with the insides of strings and all comments as spaces: every line and column stays where it is."""

    def blank(match):
        kept = re.sub(r"[^\n]", " ", match[0])
        return kept if match[0].startswith("/") else '"' + kept[1:-1] + '"'

    return _TEXT.sub(blank, text)


def targets(root):
    """The targets in Package.swift as the package manager reads them, by name; nothing is fetched or built."""
    # In a folder of its own, so that it waits for no build.
    with tempfile.TemporaryDirectory() as scratch:
        command = ["swift", "package", "dump-package", "--package-path", str(root), "--scratch-path", scratch]
        done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"swift package dump-package failed: {done.stderr.strip()}")
    return {t["name"]: t for t in json.loads(done.stdout)["targets"]}
