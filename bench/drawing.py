"""Stacked bars as SVG, plain enough to be read in a diff and in both themes of a browser."""

from __future__ import annotations

from html import escape

Figures = dict[str, dict[str, float]]
COLORS = (
    "#4c78a8", "#72b7b2", "#54a24b", "#88d27a", "#eeca3b",
    "#f58518", "#b279a2", "#9d755d", "#e45756", "#ff9da6",
)  # fmt: skip
WIDTH, LEFT, TOP, BAR, GAP = 960, 90, 44, 44, 30
LEGEND_COLUMNS, LEGEND_ROW = 4, 22


def draw(figures: Figures, order: list[str]) -> str:
    """One bar for each name; the parts in `order`, in milliseconds."""
    totals = {name: sum(parts.values()) for name, parts in figures.items()}
    scale = (WIDTH - LEFT - 90) / max(totals.values())
    bars: list[str] = []
    for place, (name, parts) in enumerate(figures.items()):
        y = TOP + place * (BAR + GAP)
        bars.append(_text(LEFT - 10, y + BAR / 2 + 5, name, "end"))
        x = float(LEFT)
        for part, color in zip(order, COLORS, strict=True):
            wide = parts.get(part, 0.0) * scale
            label = f"{part}: {parts.get(part, 0.0):.1f} ms"
            bars.append(
                f'<rect x="{x:.1f}" y="{y}" width="{wide:.1f}" height="{BAR}" fill="{color}">'
                f"<title>{escape(label)}</title></rect>"
            )
            if wide > 30:
                number = f"{parts[part]:.1f}"
                bars.append(_text(x + wide / 2, y + BAR / 2 + 5, number, "middle", "#fff"))
            x += wide
        bars.append(_text(x + 8, y + BAR / 2 + 5, f"{totals[name]:.0f} ms"))
    bottom = TOP + len(figures) * (BAR + GAP) + 8
    legend = [_legend(place, part, bottom) for place, part in enumerate(order)]
    rows = -(-len(order) // LEGEND_COLUMNS)
    title = "CPU of one run: 4 model calls, 3 tool calls"
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} '
            f'{bottom + rows * LEGEND_ROW + 8}" font-family="sans-serif" font-size="14">',
            '<rect width="100%" height="100%" fill="#fff"/>',
            _text(LEFT, 26, title),
            *bars,
            *legend,
            "</svg>\n",
        ]
    )


def _legend(place: int, part: str, bottom: float) -> str:
    x = LEFT + place % LEGEND_COLUMNS * 210
    y = bottom + place // LEGEND_COLUMNS * LEGEND_ROW
    box = f'<rect x="{x}" y="{y}" width="14" height="14" fill="{COLORS[place]}"/>'
    return box + _text(x + 20, y + 12, part)


def _text(x: float, y: float, text: str, anchor: str = "start", color: str = "#222") -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{color}">{escape(text)}</text>'
    )
