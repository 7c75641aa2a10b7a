"""The files of the repository as the rules see them: text, C code without comments, includes, functions.

clang-format decides the layout, so a function's body begins with a line "{" and ends with a line "}",
both in column 0, and nothing else does."""

import functools
import os
import re
import subprocess
from collections import namedtuple
from pathlib import Path

Include = namedtuple("Include", "line name system")  # system: written with <>
Function = namedtuple("Function", "line name static length")

TEXT = {".c", ".h", ".py", ".md", ".sh", ".cmake", ".txt", ".avsc", ".conf", ".svg", ""}
SKIPPED_FOLDERS = {"build", "__pycache__"}

COMMENT_OR_STRING = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]+([<"])([^>"\n]+)[>"]', re.M)
BODY = re.compile(r"^\{\n(.*?)^\}$", re.M | re.S)
SIGNATURE_NAME = re.compile(r"\b(\w+)\((?!\()")


class File:
    def __init__(self, path, text):
        self.path = path
        self.text = text
        self.is_c = path.endswith((".c", ".h"))

    def line(self, offset):
        return self.text.count("\n", 0, offset) + 1

    @functools.cached_property
    def code(self):
        """C without comments and without what stands in strings; offsets and lines stay what they are."""

        def blank(match):
            found = match[0]
            if found[0] == "/":
                return re.sub(r"[^\n]", " ", found)
            return found[0] + " " * (len(found) - 2) + found[-1]

        return COMMENT_OR_STRING.sub(blank, self.text)

    @functools.cached_property
    def includes(self):
        return [Include(self.line(m.start()), m[2], m[1] == "<") for m in INCLUDE.finditer(self.text)]

    @functools.cached_property
    def functions(self):
        return [self._function(body) for body in BODY.finditer(self.code)]

    def _function(self, body):
        """The signature is what stands between the end of the last declaration and the body."""
        before = self.code[: body.start()]
        begin = max(before.rfind(";\n"), before.rfind("}\n"), before.rfind("\n\n")) + 2
        directive = before.rfind("\n#")
        if directive >= begin:
            begin = before.index("\n", directive + 1) + 1
        signature = before[begin:]
        begin += len(signature) - len(signature.lstrip())
        lines = self.code[begin : body.end()].splitlines()
        return Function(
            line=self.line(begin),
            name=SIGNATURE_NAME.search(re.sub(r"__attribute__\(\(.*?\)\)", "", signature))[1],
            static=bool(re.search(r"\bstatic\b", signature)),
            length=sum(1 for line in lines if line.strip()),
        )


class Tree:
    """Files by path from the root, with "/" between its parts."""

    def __init__(self, files):
        self.files = {path: File(path, text) for path, text in sorted(files.items())}

    def __iter__(self):
        return iter(self.files.values())

    def c_files(self):
        return [f for f in self if f.is_c]

    def sources(self):
        """The C files of the product: all but the tests."""
        return [f for f in self.c_files() if not f.path.startswith("tests/")]


def read_tree(root):
    paths = [p for p in _paths(root) if Path(p).suffix in TEXT and (root / p).is_file()]
    return Tree({p: (root / p).read_text(errors="replace") for p in paths})


def _paths(root):
    if (root / ".git").exists():
        command = ["git", "-C", root, "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        done = subprocess.run(command, stdout=subprocess.PIPE)
        if done.returncode == 0 and done.stdout:
            return set(done.stdout.decode().strip("\0").split("\0"))
    return _walk(root)


def _walk(root):
    """What there is in a copy without git's memory, but for what is built and what is hidden."""
    for folder, folders, names in os.walk(root):
        folders[:] = [f for f in folders if f not in SKIPPED_FOLDERS and not f.startswith(".")]
        for name in names:
            yield (Path(folder) / name).relative_to(root).as_posix()
