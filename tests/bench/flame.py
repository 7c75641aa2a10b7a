"""Stacks that were sampled, folded and drawn: a box for each function, as wide as its part of the samples, above the
one that called it. The drawing is one SVG without a script, whose boxes say their names and parts when pointed at."""

import collections
import html
import re

import svg

WIDTH, ROW_HEIGHT, CHARACTER = 1200, 17, 6.6  # pixels
NARROWEST = 0.4  # boxes that are narrower are left out

FRAME = re.compile(r"^\s+[0-9a-f]+ (.+?)(?:\+0x[0-9a-f]+)? \((.*)\)$")


def fold(lines):
    """{"program;outermost;…;innermost": samples} of what `perf script` prints, where the innermost stands first."""
    stacks = collections.Counter()
    program, frames = None, []
    for line in [*lines, ""]:
        if not line.strip():
            if program:
                stacks[";".join([program, *reversed(frames)])] += 1
            program, frames = None, []
        elif found := FRAME.match(line):
            frames.append(_name(found[1], found[2]))
        else:
            program = line.split()[0]
    return stacks


def _name(symbol, object_path):
    """Where a library has no symbols, its own name."""
    if symbol == "[unknown]":
        symbol = f"[{object_path.rpartition('/')[2].strip('[]') or 'unknown'}]"
    return symbol.replace(";", ":")


def write_folded(path, stacks):
    path.write_text("".join(f"{stack} {count}\n" for stack, count in sorted(stacks.items())))


class _Box:
    def __init__(self):
        self.count, self.inner = 0, {}


def _tree(stacks):
    root = _Box()
    for stack, count in stacks.items():
        box = root
        box.count += count
        for name in stack.split(";"):
            box = box.inner.setdefault(name, _Box())
            box.count += count
    return root


def _boxes(box, left, depth, scale):
    """(name, samples, left, width, depth) of all that are wide enough."""
    for name, inner in sorted(box.inner.items()):
        width = inner.count * scale
        if width >= NARROWEST:
            yield name, inner.count, left, width, depth
            yield from _boxes(inner, left, depth + 1, scale)
        left += width


def _colour(name):
    """The same for the same name: warm, for it is a flame."""
    seed = sum(ord(c) * (n + 7) for n, c in enumerate(name))
    return f"rgb({205 + seed % 50},{90 + seed // 50 % 130},{seed // 7 % 60})"


def _drawn(name, count, left, width, depth, total, height):
    top = height - (depth + 1) * ROW_HEIGHT
    fits = int(width / CHARACTER)
    short = name if len(name) <= fits else name[: max(fits - 1, 0)] + "…" if fits > 2 else ""
    return (
        f'<g><title>{html.escape(name)}: {count} samples, {count / total:.1%}</title>'
        f'<rect x="{left:.1f}" y="{top}" width="{width:.1f}" height="{ROW_HEIGHT - 1}" fill="{_colour(name)}"/>'
        f'<text x="{left + 3:.1f}" y="{top + ROW_HEIGHT - 5}">{html.escape(short)}</text></g>'
    )


def draw(stacks, title):
    """The SVG as text."""
    root = _tree(stacks)
    boxes = list(_boxes(root, 0, 0, WIDTH / max(root.count, 1)))
    height = (max((b[4] for b in boxes), default=0) + 3) * ROW_HEIGHT
    drawn = "\n".join(_drawn(*box, root.count, height) for box in boxes)
    return svg.page(WIDTH, height, title, drawn)


def innermost(stacks, count):
    """[(function, part of the samples)] of those that were running themselves, the most first."""
    own = collections.Counter()
    for stack, samples in stacks.items():
        own[stack.rpartition(";")[2]] += samples
    total = max(sum(own.values()), 1)
    ordered = sorted(own.items(), key=lambda item: -item[1])
    return [(name, samples / total) for name, samples in ordered[:count]]
