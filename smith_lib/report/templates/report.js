// Draws the charts in the page's colours, again where those change, and sorts and filters the table.
"use strict";
(() => {
  const charts = JSON.parse(document.getElementById("charts").textContent);

  const coloured = (value) => {
    if (typeof value === "string") return value.startsWith("--") ? theme.colour(value) : value;
    if (Array.isArray(value)) return value.map(coloured);
    if (value && typeof value === "object") {
      return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, coloured(inner)]));
    }
    return value;
  };
  const draw = (place) => {
    const { data, layout } = coloured(charts[place.dataset.chart]);
    return Plotly.react(place, data, layout, { displayModeBar: false, responsive: true });
  };
  const places = [...document.querySelectorAll("[data-chart]")];
  places.forEach(draw);
  theme.onchange(() => places.forEach(draw));
  document.getElementById("theme").addEventListener("click", theme.toggle);

  for (const table of document.querySelectorAll("table.sortable")) {
    const body = table.tBodies[0];
    const heads = [...table.tHead.rows[0].cells];
    const sort = (head) => {
      const at = heads.indexOf(head);
      const up = head.getAttribute("aria-sort") === "descending";
      const value = (row) => row.cells[at].dataset.value ?? row.cells[at].textContent;
      const numbers = head.classList.contains("num");
      const lacking = (text) => text === "";
      const rows = [...body.rows].sort((a, b) => {
        const [x, y] = [value(a), value(b)];
        if (lacking(x) || lacking(y)) return lacking(x) - lacking(y);
        const order = numbers ? Number(x) - Number(y) : x.localeCompare(y, undefined, { numeric: true });
        return up ? order : -order;
      });
      heads.forEach((one) => one.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", up ? "ascending" : "descending");
      body.append(...rows);
    };
    heads.forEach((head) => head.querySelector("button").addEventListener("click", () => sort(head)));
    const filter = document.getElementById(table.dataset.filter);
    const told = document.getElementById(table.dataset.told);
    const all = told.textContent;
    filter.addEventListener("input", () => {
      const wanted = filter.value.trim().toLowerCase();
      let shown = 0;
      for (const row of body.rows) {
        row.hidden = !row.textContent.toLowerCase().includes(wanted);
        shown += !row.hidden;
      }
      told.textContent = wanted ? `${shown} of ${body.rows.length} shown` : all;
    });
  }
})();
