"""CSS of the run report page, for light and dark color schemes and for narrow and wide screens."""

from __future__ import annotations

from ..palette import COLORS

# In the dark color scheme, black becomes white, and blue and gray become lighter.
_LIGHT = "".join(f"--c{index}:{color};" for index, color in enumerate(COLORS))
_DARK = _LIGHT.replace("#000000", "#FFFFFF").replace("#0072B2", "#3A9BDC").replace("#7F7F7F", "#A8A8A8")

STYLE = """
:root{--ink:#1c2024;--soft:#5b636b;--page:#fff;--card:#f5f6f8;--grid:#e1e4e8;LIGHT}
@media(prefers-color-scheme:dark){
:root{--ink:#e8eaed;--soft:#a0a8b0;--page:#15181c;--card:#1e2227;--grid:#30363d;DARK}}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--ink);font:16px/1.5 system-ui,sans-serif}
main{max-width:1180px;margin:0 auto;padding:16px}
h1{font-size:1.4rem;line-height:1.25;overflow-wrap:anywhere}
h2{font-size:1.15rem;margin:2.2rem 0 .5rem;padding-top:.6rem;border-top:1px solid var(--grid)}
h3{font-size:1rem;margin:1.2rem 0 .4rem}
.note,figcaption{color:var(--soft);font-size:.9rem;margin:.2rem 0 .5rem}
.scroll{overflow-x:auto}
table{border-collapse:collapse;font-variant-numeric:tabular-nums;font-size:.92rem}
th,td{padding:.32rem .7rem;text-align:right;white-space:nowrap;border-bottom:1px solid var(--grid)}
thead th{vertical-align:bottom;white-space:normal;min-width:6.5rem;max-width:11rem}
tbody th,thead th:first-child{text-align:left;font-weight:normal;position:sticky;left:0;
background:var(--page)}
tbody th{white-space:normal;min-width:8.5rem}
small{color:var(--soft);font-size:.82em}
.figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,400px),1fr));gap:12px}
figure{margin:0;padding:10px;background:var(--card);border-radius:8px;max-width:580px}
figure svg{display:block;width:100%;height:auto}
svg text{fill:var(--ink);font:12px system-ui,sans-serif}
svg .small{font-size:10px}
.line{fill:none;stroke-width:2;stroke-linejoin:round}
.point{stroke:var(--card);stroke-width:.8}
.mark{fill:none;stroke:var(--card);stroke-width:1.4}
.dots{fill:none;stroke-width:3;stroke-linecap:round;opacity:.55}
.fine.dots{stroke-width:2;opacity:.4}
.grid{stroke:var(--grid)}
.axis,.reference{fill:none;stroke:var(--soft)}
.reference{stroke-dasharray:3 4}
.legend{list-style:none;display:flex;flex-wrap:wrap;gap:.2rem 1.1rem;margin:.4rem 0;padding:0;
font-size:.88rem}
.symbol,figure .symbol{display:inline;width:32px;height:16px;vertical-align:-3px}
.legend .symbol{margin-right:.35rem}
.narrow thead th{min-width:4.2rem}
thead th[colspan]{text-align:center}
.cards{list-style:none;margin:0;padding:0;display:grid;gap:10px;
grid-template-columns:repeat(auto-fill,minmax(150px,1fr))}
.cards li{background:var(--card);border-radius:8px;padding:8px;font-size:.85rem;line-height:1.35;
overflow-wrap:anywhere}
.cards img,.missing{display:block;width:112px;height:112px;object-fit:contain;margin:0 0 6px}
.missing{border:1px dashed var(--soft);color:var(--soft);font-size:.75rem;padding:4px;overflow:hidden}
.cards span{display:block}
.unknown{border:1px dashed var(--soft);border-radius:4px;padding:0 4px;margin-top:3px;color:var(--soft)}
@media(max-width:520px){main{padding:10px}th,td{padding:.3rem .4rem}
thead th,.narrow thead th{min-width:3.4rem}tbody th{min-width:6.6rem}
figure{padding:6px}.cards{grid-template-columns:repeat(2,1fr)}svg text{font-size:13px}}
""".replace("LIGHT", _LIGHT).replace("DARK", _DARK)
