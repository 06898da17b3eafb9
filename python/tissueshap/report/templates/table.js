"use strict";
// A table with the id gene-table can be searched with the field gene-search, and reduced to
// the rows of a group with the list gene-group; gene-count says how many are shown.
for (const table of document.querySelectorAll("table.sortable")) {
  const part = (name) => document.getElementById(table.id.replace("table", name));
  const body = table.tBodies[0];
  const rows = Array.from(body.rows);
  const search = part("search");
  const pick = part("group");
  const shown = part("count");

  // Cells are sorted by their data-value if present, otherwise by their text.
  const key = (row, column) => {
    const cell = row.cells[column];
    return "value" in cell.dataset ? cell.dataset.value : cell.textContent;
  };
  const compare = (a, b, numeric) => {
    if (!numeric) return a.localeCompare(b, undefined, { numeric: true });
    const [x, y] = [parseFloat(a), parseFloat(b)];
    if (Number.isNaN(x)) return Number.isNaN(y) ? 0 : 1;
    return Number.isNaN(y) ? -1 : x - y;
  };

  const sort = (header) => {
    const column = header.cellIndex;
    const numeric = header.classList.contains("n");
    const down = header.getAttribute("aria-sort") === "ascending";
    for (const other of header.parentNode.cells) other.removeAttribute("aria-sort");
    header.setAttribute("aria-sort", down ? "descending" : "ascending");
    const ordered = rows.slice().sort((a, b) => compare(key(a, column), key(b, column), numeric));
    body.append(...(down ? ordered.reverse() : ordered));
  };

  const filter = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    for (const row of rows) {
      const text = row.textContent.toLowerCase();
      const inGroup = !pick.value || row.dataset.group === pick.value;
      row.hidden = !(inGroup && words.every((word) => text.includes(word)));
      count += row.hidden ? 0 : 1;
    }
    shown.textContent = `${count.toLocaleString("en")} of ${rows.length.toLocaleString("en")} rows`;
  };

  for (const header of table.tHead.rows[0].cells) {
    header.tabIndex = 0;
    header.addEventListener("click", () => sort(header));
    header.addEventListener("keydown", (event) => {
      if (event.key === "Enter" || event.key === " ") { event.preventDefault(); sort(header); }
    });
  }
  search.addEventListener("input", filter);
  pick.addEventListener("change", filter);
  filter();
}
