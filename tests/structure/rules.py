"""The rules of the code: each is a function that takes a Tree and yields a Finding per breach."""

import re
from collections import defaultdict

from finding import Finding

# ---- includes --------------------------------------------------------------------------------

# What the files of a folder (or one file) may include from the tree; the longest prefix counts.
# ops/support <- schemas <- cache <- producer <- consumer; tests/ may include anything.
LOWER = r"(ops/support|schemas|cache)/\w+\.h"
LIBRARY = r"producer/(?!commands)\w+\.h"
PROGRAM = r"ops/support/\w+\.h|producer/(commands|(cli|operator|help)/([\w/]+/)?\w+)\.h"
MAY_INCLUDE = {
    "ops/support/": r"ops/support/\w+\.h",
    "schemas/": r"(ops/support|schemas)/\w+\.h",
    "cache/": LOWER,
    "producer/": rf"{LOWER}|{LIBRARY}",
    "producer/main.c": rf"{PROGRAM}|producer/bus\.h",
    "producer/commands.": PROGRAM,  # the table of the program's commands
    "producer/examples/": "",
    "producer/cli/": r"ops/support/\w+\.h|producer/sharebus\.h|producer/cli/\w+\.h",
    "producer/help/": r"ops/support/\w+\.h|producer/(cli|help)/\w+\.h",
    "producer/operator/": rf"{LOWER}|{LIBRARY}|producer/(cli|operator)/([\w/]+/)?\w+\.h",
    "consumer/": rf"{LOWER}|producer/(?:bus|topic_settings)\.h|consumer/\w+\.h",
    "consumer/notifier/": rf"{LOWER}|producer/(?:bus|topic_settings)\.h|consumer/(notifier/)?\w+\.h",
    "tests/": r".*",
}

# Which folders' sources (never headers) know which library.
LIBRARIES = {
    r"librdkafka/.*": ("producer/", "consumer/"),
    r"hiredis/.*": ("cache/",),
    r"avro\.h": ("schemas/",),
    r"jansson\.h": ("consumer/notifier/", "producer/cli/", "producer/operator/", "schemas/"),
    r"curl/.*": ("consumer/notifier/",),
    r"openssl/.*": ("schemas/", "cache/stream.c"),
    r"sodium/.*": ("ops/support/",),
    r"uthash\.h": ("ops/support/hash.h",),  # all others include that, and get its keyed hash
    r"sanitizer/asan_interface\.h": ("ops/support/arena.c",),
    r"sharebus\.h": ("producer/examples/",),  # as it is installed
}
STANDARD = re.compile(
    r"(assert|ctype|errno|fcntl|getopt|inttypes|limits|locale|math|poll|pthread|pwd|semaphore|signal|spawn|stdalign"
    r"|stdarg|stdatomic|stdbool|stddef|stdint|stdio|stdlib|string|strings|time|unistd|wchar"
    r"|sys/\w+|netinet/\w+|arpa/inet|netdb)\.h"
)


def include_directions(tree):
    for file in tree.c_files():
        folder = max((f for f in MAY_INCLUDE if file.path.startswith(f)), key=len, default=None)
        for i in file.includes:
            where = f"{file.path}:{i.line}"
            if i.system:
                continue
            if folder is None:
                yield Finding(file.path, f"{where}: this folder has no row in MAY_INCLUDE; add one")
            elif i.name not in tree.files:
                yield Finding(
                    f"{file.path} {i.name}",
                    f'{where}: "{i.name}" is no file of the tree; give the path from the root, or use <> '
                    "for a library",
                )
            elif not re.fullmatch(MAY_INCLUDE[folder], i.name):
                yield Finding(
                    f"{file.path} {i.name}",
                    f'{where}: {folder} must not include "{i.name}"; move what is needed to a folder that '
                    "both may use, or hand it in as a parameter",
                )


def libraries(tree):
    for file in tree.sources():
        for i in file.includes:
            if not i.system or STANDARD.fullmatch(i.name):
                continue
            folders = next((f for pattern, f in LIBRARIES.items() if re.fullmatch(pattern, i.name)), None)
            if folders is None:
                remedy = "which is not in LIBRARIES; say there which folders use it"
            elif file.path in folders:
                continue
            elif file.path.endswith(".h"):
                remedy = "but no header shows a library's types; declare its struct (struct rd_kafka_s;)"
            elif not file.path.startswith(folders):
                remedy = f"which only {' and '.join(folders)} may know"
            else:
                continue
            yield Finding(
                f"{file.path} {i.name}", f"{file.path}:{i.line}: includes <{i.name}>, {remedy}"
            )


# ---- circles ---------------------------------------------------------------------------------


def circles(tree):
    """A .c and its .h are one module; modules that include each other, by whatever way, are one circle."""
    edges = defaultdict(set)
    for file in tree.c_files():
        edges[file.path[:-2]] |= {i.name[:-2] for i in file.includes if i.name in tree.files}
    reach = {module: _reachable(edges, module) for module in edges}
    for module in sorted(edges):
        circle = sorted({module} | {other for other in reach[module] if module in reach.get(other, ())})
        if len(circle) > 1:
            yield Finding(
                module,
                f"{module}.c and .h: in a circle of includes: {', '.join(circle)}; cut it with a callback, "
                "a parameter, or a file for what both sides need",
            )


def _reachable(edges, module):
    seen, todo = set(), [module]
    while todo:
        new = edges.get(todo.pop(), set()) - seen
        seen |= new
        todo += new
    return seen


# ---- functions -------------------------------------------------------------------------------

MEDIAN_MAX = 12
LENGTH_MAX = 40


def function_lengths(tree):
    for file in tree.sources():
        for f in file.functions:
            if f.length > LENGTH_MAX:
                yield Finding(
                    f"{file.path} {f.name}",
                    f"{file.path}:{f.line}: {f.name}() has {f.length} lines, more than {LENGTH_MAX}; take a "
                    "step out of it and give it a name",
                )


def static_names(tree):
    for file in tree.sources():
        for f in file.functions:
            if f.static and "_" not in f.name:
                yield Finding(
                    f"{file.path} {f.name}",
                    f"{file.path}:{f.line}: static {f.name}() has a name of one word, which grep finds "
                    "everywhere; say what it does to what (parse_role)",
                )


DECLARATION = re.compile(r"^[^;{}#]*?\bint\s+(\w+)\(([^;{}]*)\)[^;{}]*;", re.M)
SETS_THE_ERROR = {"error_set", "error_prefix"}  # they return the code that they are given


def must_use(tree):
    for file in tree.sources():
        if file.path.endswith(".c"):
            continue
        for m in DECLARATION.finditer(file.code):
            fallible = "struct error *" in m[2] and "const struct error *" not in m[2]
            marked = re.search(r"\b(MUST_USE|SHAREBUS_RESULT)\b", m[0])
            if fallible and not marked and "typedef" not in m[0] and m[1] not in SETS_THE_ERROR:
                yield Finding(
                    f"{file.path} {m[1]}",
                    f"{file.path}:{file.line(m.start(1))}: {m[1]}() may fail; declare it MUST_USE "
                    "(ops/support/attributes.h)",
                )


BANNED = re.compile(r"\b(strcpy|strcat|sprintf|strtok|atoi|gets|alloca)\s*\(")


def banned_functions(tree):
    for file in tree.c_files():
        for m in BANNED.finditer(file.code):
            yield Finding(
                f"{file.path} {m[1]}",
                f"{file.path}:{file.line(m.start())}: {m[1]}() is banned; use snprintf(), memcpy(), strtoll() "
                "or ops/support/number.h",
            )


# ---- words -----------------------------------------------------------------------------------

# "behind" means lag, or a place. What comes later in time or in a row comes after.
BEHIND = re.compile(r"\bbehind\b", re.I)
BEHIND_ALLOWED = (
    "lags? behind",
    "falls? behind",
    "fell behind",
    "fallen behind",
    "(?:[Ll]eft|leaves?|leaving) (?:\\w+ )?behind",
    "(?:is|are|be|still) behind(?=[,.;:\"])",
    "behind by",
    "behind (?:ours|theirs)",
    r"behind\* is lag",  # CONTRIBUTING.md
    "behind a (?:\\w+ )?(?:proxy|line|connection|firewall)",
    "behind (?:its|their|our) back",
)

# A word or phrase that is gone, and what stands in its place.
GONE = {
    "What is over goes": "Expired access is revoked automatically",
    "nobody waits %": "wait_ms must not be negative",
    "does not come to": "timed out waiting for",
    "is given up": "counts as unavailable",
    r"(?:\*\w+|\bout|result|call gives out is|is then) as it was": "outputs are untouched",
    r"struct sight\b": "struct finding",
    r"struct place\b": "struct position",
    "REAPING_STRANGE": "REAPING_UNKNOWN",
}
MOST = re.compile(r"\b(?!\w*_at_most\b)(?:\w*_(?:MOST|most)|(?:MOST|most)_\w+)\b")
HERE = "tests/structure/"


def words(tree):
    for file in tree:
        if file.path.startswith(HERE):
            continue
        for pattern, instead in GONE.items():
            for m in _phrase(pattern).finditer(file.text):
                yield _word(file, m, f'"{instead}"')
        for m in MOST.finditer(file.text):
            yield _word(file, m, "max")
        allowed = [m.span() for p in BEHIND_ALLOWED for m in _phrase(p).finditer(file.text)]
        for m in BEHIND.finditer(file.text):
            if not any(begin <= m.start() < end for begin, end in allowed):
                yield _word(file, m, '"after", or one of BEHIND_ALLOWED in tests/structure/rules.py')


# A blank may also be the end of a line, in comments of any language.
BLANK = r"\s+(?:(?:\*|//|#)\s+)?"


def _phrase(pattern):
    return re.compile(pattern.replace(" ", BLANK), re.I)


def _word(file, match, instead):
    text = re.sub(BLANK, " ", match[0])
    return Finding(
        f"{file.path} {text.lower()}", f'{file.path}:{file.line(match.start())}: says "{text}"; write {instead}'
    )


ALL = (
    include_directions,
    libraries,
    circles,
    function_lengths,
    static_names,
    must_use,
    banned_functions,
    words,
)
