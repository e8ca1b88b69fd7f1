"""CSS of the label report page, for light and dark color schemes and for narrow and wide screens."""

from __future__ import annotations

# Colors of Okabe and Ito, lighter variants in the dark color scheme. Unknown labels are gray in both.
STYLE = """
:root { color-scheme: light dark; --page: #f4f4f2; --card: #fff; --ink: #1b1b1b; --faint: #5d5d5d;
  --line: #d9d9d6;
  --blue: #0072b2; --orange: #d55e00; --green: #009e73; --gray: #b9b9b6; --on-blue: #fff; }
@media (prefers-color-scheme: dark) { :root { --page: #121314; --card: #1c1e20; --ink: #ececea;
  --faint: #a5a7a9;
  --line: #36393c; --blue: #56b4e9; --orange: #e69f00; --green: #2fbf94; --gray: #5a5d60;
  --on-blue: #101214; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink);
  font: 15px/1.45 system-ui, "DejaVu Sans", sans-serif; }
main { max-width: 1180px; margin: auto; padding: 16px; }
h1 { font-size: 1.4rem; margin: 4px 0 14px; overflow-wrap: anywhere; }
h1 code { font: inherit; color: var(--blue); }
h2 { font-size: 1rem; margin: 0 0 8px; }
section, .tiles > div { background: var(--card); border: 1px solid var(--line); border-radius: 8px;
  padding: 14px; }
section { margin-bottom: 14px; min-width: 0; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); gap: 10px;
  margin: 0 0 14px; }
@media (min-width: 900px) { .tiles { grid-template-columns: repeat(5, 1fr); } }
.tiles > div { display: flex; flex-direction: column; padding: 10px 12px; }
dd { margin: 0; font-size: 1.3rem; font-variant-numeric: tabular-nums; }
dt, p { color: var(--faint); font-size: .82rem; }
p { margin: 6px 0; }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 430px), 1fr)); gap: 14px;
  align-items: start; margin-bottom: 14px; }
.cards section { margin: 0; }
.legend span { margin-right: 14px; white-space: nowrap; }
i { display: inline-block; width: 11px; height: 11px; margin-right: 6px; border-radius: 2px; }
i.tail, i.negative { border-radius: 50%; }
svg { display: block; width: 100%; height: auto; }
text { font-size: 11px; fill: var(--ink); }
text.halo { stroke: var(--card); stroke-width: 3px; paint-order: stroke; }
text.strong { fill: var(--on-blue); }
.head, .positive { fill: var(--blue); background: var(--blue); }
.middle, .known { fill: var(--green); background: var(--green); }
.tail, .negative { fill: var(--orange); background: var(--orange); }
.unknown { fill: var(--gray); background: var(--gray); }
.cell { fill: var(--page); }
.grid { stroke: var(--line); }
.axis { stroke: var(--faint); }
.threshold { stroke: var(--ink); stroke-dasharray: 4 3; }
.line { fill: none; stroke: var(--blue); stroke-width: 2; }
.points { stroke: var(--orange); stroke-width: 2.6; stroke-linecap: round; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: .85rem; font-variant-numeric: tabular-nums; }
th, td { text-align: right; padding: 3px 10px; border-bottom: 1px solid var(--line); white-space: nowrap; }
th { color: var(--faint); font-weight: 500; }
td:first-child, th:first-child, td:nth-child(2), th:nth-child(2), td:has(i),
  .three th:nth-child(3) { text-align: left; }
@media (max-width: 480px) { main { padding: 10px; } section { padding: 11px; } text { font-size: 12.5px; } }
"""
