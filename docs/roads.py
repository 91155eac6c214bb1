"""Draw docs/roads.svg, the picture of docs/architecture.md: python docs/roads.py."""

from pathlib import Path

LIVE = [
    ("pointer → z", "app/components/web"),
    ("one WebSocket, newest request wins", "app/server/websocket.py"),
    ("the engine's own process, people take turns", "engine/serving"),
    ("one forward pass for many", "engine/inference/batching.py"),
    ("the model on its device", "engine/inference/device_model.py"),
    ("the mathematics", "engine/models"),
    ("float → uint8 → canvas", "engine/inference/images.py"),
]
TRAINING = [
    ("a frozen Recipe", "train/recipes"),
    ("Batch(x, y)", "train/data"),
    ("turns, backward, average", "train/loop.py"),
    ("named loss terms", "train/objectives"),
    ("the mathematics", "engine/models"),
    ("figures and their protocols", "train/metrics"),
    ("weights + card", "engine/checkpoints"),
]
WIDTH, ROW, TOP, BOX = 860, 62, 60, 400
STYLE = """
svg { font: 14px system-ui, sans-serif }
rect { fill: #eef2fb; stroke: #5b7cc4 } .shared { fill: #fdeccb; stroke: #c98a16 }
text { fill: #1d2433 } .path { font: 12px ui-monospace, monospace; fill: #50607f } .title { font-weight: 600 }
path { stroke: #5b7cc4; fill: none; marker-end: url(#head) }
"""


def column(left: int, title: str, steps: list[tuple[str, str]]) -> str:
    """Draw one road, from the top down."""
    parts = [f'<text class="title" x="{left}" y="36">{title}</text>']
    for row, (words, path) in enumerate(steps):
        y = TOP + row * ROW
        kind = ' class="shared"' if path == "engine/models" else ""
        parts.append(f'<rect{kind} x="{left}" y="{y}" width="{BOX}" height="44" rx="6"/>')
        parts.append(f'<text x="{left + 12}" y="{y + 19}">{words}</text>')
        parts.append(f'<text class="path" x="{left + 12}" y="{y + 36}">{path}</text>')
        if row:
            parts.append(f'<path d="M{left + BOX // 2} {y - ROW + 44} V{y - 3}"/>')
    return "\n".join(parts)


def drawing() -> str:
    """Give the whole picture as SVG."""
    height = TOP + ROW * max(len(LIVE), len(TRAINING))
    head = '<marker id="head" viewBox="0 0 8 8" refX="6" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}">',
            f'<style>{STYLE}</style><rect width="{WIDTH}" height="{height}" style="fill:#fff;stroke:none"/>',
            f'<defs>{head}<path d="M0 0 L8 4 L0 8 z" style="fill:#5b7cc4;stroke:none"/></marker></defs>',
            column(20, "A latent becomes a picture", LIVE),
            column(440, "A data set becomes a checkpoint", TRAINING),
            "</svg>\n",
        ]
    )


if __name__ == "__main__":
    (Path(__file__).parent / "roads.svg").write_text(drawing(), encoding="utf-8")
