"""A drawing as one SVG without a script, written by hand: a white page with a title. Lengths are pixels."""

import html


def text(left, top, words, **attributes):
    """Words whose base line is at `top`; attributes as SVG has them, with _ for -."""
    return f'<text x="{left:.1f}" y="{top:.1f}"{_attributes(attributes)}>{html.escape(words)}</text>'


def line(points, colour, **attributes):
    """Through these (left, top)."""
    along = " ".join(f"{left:.1f},{top:.1f}" for left, top in points)
    return f'<polyline points="{along}" fill="none" stroke="{colour}"{_attributes(attributes)}/>'


def dot(left, top, colour, words):
    """It says its words when pointed at."""
    title = f"<title>{html.escape(words)}</title>"
    return f'<circle cx="{left:.1f}" cy="{top:.1f}" r="3" fill="{colour}">{title}</circle>'


def page(width, height, title, drawn):
    """The whole file. `drawn` is what stands under the title, one element a line."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'font-family="monospace" font-size="11">\n<rect width="100%" height="100%" fill="white"/>\n'
        f'<text x="3" y="14" font-size="13">{html.escape(title)}</text>\n{drawn}\n</svg>\n'
    )


def _attributes(attributes):
    return "".join(f' {name.replace("_", "-")}="{value}"' for name, value in attributes.items())
