"""The rules of the documents: what they name exists, and what they list is complete."""

import posixpath
import re

from finding import Finding

SETTINGS = "ops/SETTINGS.md"
LINK = re.compile(r"\]\(([^)#\s]+)(#[^)\s]*)?\)")
PATH = re.compile(r"`((?:ops|schemas|cache|producer|consumer|tests)/[\w./-]*\w/?)`")
FUNCTION = re.compile(r"`(\w+)\(\)`")


def _documents(tree):
    return [f for f in tree if f.path.endswith(".md")]


def _exists(tree, path):
    return path in tree.files or any(p.startswith(path.rstrip("/") + "/") for p in tree.files)


def documents(tree):
    """Files, folders and functions that documents name are there."""
    code = " ".join(f.code for f in tree.c_files())
    defined = set(re.findall(r"\b(\w+)\(", code))
    for file in _documents(tree):
        folder = posixpath.dirname(file.path)
        named = [(m, m[1]) for m in PATH.finditer(file.text)]
        named += [
            (m, posixpath.normpath(posixpath.join(folder, m[1])))
            for m in LINK.finditer(file.text)
            if "://" not in m[1]
        ]
        for m, path in named:
            if not _exists(tree, path):
                yield _missing(file, m, f"{path}, which is not there")
        for m in FUNCTION.finditer(file.text):
            if m[1] not in defined:
                yield _missing(file, m, f"{m[1]}(), which no C file has")


def _missing(file, match, what):
    return Finding(
        f"{file.path} {what.split(',')[0]}",
        f"{file.path}:{file.line(match.start())}: names {what}; correct the document",
    )


# Rows of the tables of settings and flags, whose first member is the name.
TABLE = re.compile(r"\bstruct (?:config_setting|flag) \w+\[\w*\] = \{(.*?)^\};", re.M | re.S)
ROW = re.compile(r'^\t\{ "([a-z][a-z-]*)"', re.M)
NOT_OF_A_PROGRAM = ("producer/client.c",)  # the library's: struct sharebus_options says what they mean
SECRET = "-password"  # settings that are no flags
VARIABLE = re.compile(r'"(SHAREBUS_[A-Z_]+)"')


def settings(tree):
    """SETTINGS.md has every flag and environment variable of the programs, and no others."""
    there = {}
    for file in tree.sources():
        if file.path in NOT_OF_A_PROGRAM:
            continue
        for table in TABLE.finditer(file.text):
            names = (n for n in ROW.findall(table[1]) if not n.endswith(SECRET))
            there.update({f"--{name}": file.path for name in names})
        there.update({name: file.path for name in VARIABLE.findall(file.text)})
    text = tree.files[SETTINGS].text if SETTINGS in tree.files else ""
    told = set(re.findall(r"`(--[a-z][a-z-]*|SHAREBUS_[A-Z_]+)[` ]", text))
    for name in sorted(set(there) - told):
        yield Finding(name, f"{SETTINGS}: lacks {name} of {there[name]}; add a row")
    for name in sorted(told - set(there)):
        yield Finding(name, f"{SETTINGS}: has {name}, which no program takes; delete it")


# The one place of all programs' settings, and the file that shows them, commented out, with their defaults.
PLACE = "ops/support/settings.c"
SAMPLE = "ops/packaging/sharebus.conf"
SETTING_TABLE = re.compile(r"\bstruct config_setting (\w+)\[\w*\] = \{")
TEXT_OR_NULL = r'(?:"[^"]*"|NULL)'
SETTING_ROW = re.compile(rf'^\t\{{ "([a-z-]+)",\s+{TEXT_OR_NULL},\s+{TEXT_OR_NULL},\s+(?:"([^"]*)"|NULL),', re.M)
SHOWN = re.compile(r"^#([a-z-]+) =(?: (.*))?$", re.M)


def sample(tree):
    """All settings stand in one place, which every program knows, and sharebus.conf shows exactly them."""
    if PLACE not in tree.files:
        return
    place = tree.files[PLACE].text
    for file in tree.sources():
        for table in SETTING_TABLE.finditer(file.text):
            known = file.path in NOT_OF_A_PROGRAM or file.path == PLACE and place.count(table[1]) > 1
            if not known:
                yield Finding(
                    f"{file.path} {table[1]}",
                    f"{file.path}:{file.line(table.start())}: other programs do not know the settings in "
                    f"{table[1]}; have it in {PLACE} and in settings_all there",
                )
    there = dict(SETTING_ROW.findall(place))
    text = tree.files[SAMPLE].text if SAMPLE in tree.files else ""
    shown = SHOWN.findall(text.partition("[kafka]")[0])
    for name, value in shown:
        if name not in there:
            yield Finding(name, f"{SAMPLE}: has {name}, which is no setting; delete it")
        elif there[name] and value != there[name]:
            yield Finding(name, f"{SAMPLE}: the default of {name} is {there[name]}; correct it")
    names = [name for name, _ in shown]
    for name in there:
        if names.count(name) != 1:
            yield Finding(name, f"{SAMPLE}: has {name} {names.count(name)} times; show it once")
    for line in re.findall(r"^(?!#).+$", text, re.M):
        yield Finding(line, f'{SAMPLE}: "{line}" would be in force; comment it out')


# What ARCHITECTURE.md lists all of: names in a source, and how the document writes each.
CONTRACT = "ARCHITECTURE.md"
LISTED = (
    ("consumer/loop.c", r'^\t\{ "(\w+)", \w+, \w+ \},$', "\n| {} |"),
    ("cache/outcomes.c", r'^\t+\[REJECT_\w+\] = "(\w+)",$', "| `{}` |"),
    ("schemas/topics.c", r'"(sharing\.\w+)"', "\n| `{}` |"),
)


def contract(tree):
    """ARCHITECTURE.md has every stage of the loop, code of a rejection, and topic."""
    for path, pattern, row in LISTED:
        if path not in tree.files:
            continue
        names = re.findall(pattern, tree.files[path].text, re.M)
        if not names:
            yield Finding(path, f"{path}: nothing is found here any more; correct LISTED")
        for name in names:
            if row.format(name) not in tree.files[CONTRACT].text:
                yield Finding(f"{path} {name}", f"{CONTRACT}: lacks {name} of {path}; add a row")


# The guarantees, in bold in a list of one document and in a table of the other, which names the tests.
PROMISES = ("README.md", "What is guaranteed", re.compile(r"^\* \*\*(.+?)\*\*", re.M | re.S))
PROOFS = ("tests/README.md", "What proves each guarantee", re.compile(r"^\| \*\*(.+?)\*\*", re.M))
QUOTED = re.compile(r"`([^`]+)`")
TEST_FILE = re.compile(r"tests/(integration/\w+_test\.py)")


def _section(tree, path, heading):
    """The text under that heading, up to the next of its kind; empty if it is not there."""
    text = tree.files[path].text if path in tree.files else ""
    return text.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]


def _promised(tree, path, heading, pattern):
    found = pattern.findall(_section(tree, path, heading))
    return [" ".join(title.split()).rstrip(".:") for title in found]


def proofs(tree):
    """Each guarantee has rows in the table of proofs, whose tests are there; so has each integration test one
    in the table of tests."""
    promises, proven = _promised(tree, *PROMISES), _promised(tree, *PROOFS)
    for title in [t for t in promises if t not in proven]:
        yield Finding(title, f'{PROOFS[0]}: lacks the guarantee "{title}"; add a row for each of its sentences')
    for title in [t for t in proven if t not in promises]:
        yield Finding(title, f'{PROOFS[0]}: has "{title}", which {PROMISES[0]} does not guarantee; delete it')
    for row in re.findall(r"^\| .* \|$", _section(tree, *PROOFS[:2]), re.M)[1:]:
        yield from _missing_tests(tree, row)
    for name in filter(None, map(TEST_FILE.fullmatch, tree.files)):
        if f"\n| `{name[1]}` |" not in tree.files[PROOFS[0]].text:
            yield Finding(name[1], f"{PROOFS[0]}: lacks {name[1]}; add a row that says what it proves")


def _missing_tests(tree, row):
    """A cell names a file, and then tests in it; another file may follow."""
    sentence, _, tests = row.strip("| ").rpartition(" | ")
    names, file = QUOTED.findall(tests), None
    if not names:
        yield Finding(sentence, f'{PROOFS[0]}: names no test that "{sentence}" holds; name one')
    for name in names:
        if "/" in name:
            file = tree.files.get(f"tests/{name}")
        there = file if "/" in name else file and re.search(rf"\b{name}\(", file.text)
        if not there:
            yield Finding(name, f"{PROOFS[0]}: names {name}, which is not there; correct the row")


# What ctest runs. A name that stands between the two lines of a foreach stands for each of its values.
RUN = "tests/CMakeLists.txt"
EACH = re.compile(r"foreach\(name\s+([^)]*)\)\n(.*?)endforeach\(", re.S)


def runs(tree):
    """Every test file is run by ctest: it is named there, or its folder is given to pytest."""
    if RUN not in tree.files:
        return
    text = tree.files[RUN].text
    named = text + " ".join(m[2].replace("${name}", name) for m in EACH.finditer(text) for name in m[1].split())
    folders = set(re.findall(r"\bFILES (tests/\w+)\)", text))
    for path in tree.files:
        if not re.fullmatch(r"tests/.*_test\.(py|c)", path) or posixpath.dirname(path) in folders:
            continue
        if not re.search(rf"(?<![\w/])(tests/)?{re.escape(path.removeprefix('tests/'))}", named):
            yield Finding(path, f"{RUN}: runs no {path}; add it")


ALL = (documents, settings, sample, contract, proofs, runs)
