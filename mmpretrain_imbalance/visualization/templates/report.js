// A click on the head of a column sorts the rows: numbers first descending, text first ascending.
// Cells without a value stay at the end.
for (const table of document.querySelectorAll("table.sortable")) {
  const body = table.tBodies[0];
  [...table.tHead.rows[0].cells].forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    const value = (row) => row.cells[column].dataset.sort ?? row.cells[column].textContent.trim();
    button.addEventListener("click", () => {
      const rows = [...body.rows];
      const filled = rows.filter((row) => value(row) !== "");
      const numeric = filled.every((row) => !isNaN(value(row)));
      const before = head.getAttribute("aria-sort");
      const descending = before ? before === "ascending" : numeric;
      const compare = (a, b) => numeric ? a - b : a.localeCompare(b, undefined, { numeric: true });
      filled.sort((a, b) => (descending ? -1 : 1) * compare(value(a), value(b)));
      body.append(...filled, ...rows.filter((row) => value(row) === ""));
      for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", descending ? "descending" : "ascending");
    });
  });
}
// A hint below every table that is wider than the screen.
const mark = () => {
  for (const box of document.querySelectorAll(".scroll"))
    box.classList.toggle("overflows", box.scrollWidth > box.clientWidth + 1);
};
mark();
addEventListener("resize", mark);
// The Escape key closes an enlarged image.
addEventListener("keydown", (event) => {
  if (event.key === "Escape") location.hash = "closed";
});
