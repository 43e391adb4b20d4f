// What a page does beyond what its HTML does: charts, the theme, choosing all, keys, a fresh overview.
"use strict";

const root = document.documentElement;
const dark = () =>
  root.dataset.theme === "dark" ||
  (!root.dataset.theme && matchMedia("(prefers-color-scheme: dark)").matches);

function colour(name) {
  const probe = document.createElement("i");
  probe.className = `probe ${name}`;
  document.body.append(probe);
  const found = getComputedStyle(probe).color;
  probe.remove();
  return found;
}

const drawn = new Map();

function draw(figure) {
  const chart = JSON.parse(figure.dataset.chart);
  const place = chart.labels.map((_, index) => index);
  const bound = (value) => place.map(() => value);
  const bad = new Set(chart.alarms);
  const points = chart.values.map((value, index) => (bad.has(index) ? value : null));
  const ink = colour("soft"), line = colour("rule");
  const axis = { stroke: ink, grid: { stroke: line, width: 1 }, ticks: { stroke: line } };
  const series = [
    { label: "batch", value: (_, at) => (at === null ? "–" : chart.labels[at]) },
    { label: chart.title, stroke: colour("accent"), width: 1.5, points: { size: 4 } },
    { label: "alarm", stroke: colour("bad"), fill: colour("bad"), paths: () => null, points: { show: true, size: 9, fill: colour("bad"), stroke: colour("bad") } },
  ];
  const data = [place, chart.values, points];
  const bands = [];
  if (chart.low !== null) {
    const edge = { stroke: "transparent", points: { show: false } };
    series.push({ label: "usual, up to", ...edge }, { label: "usual, from", ...edge });
    data.push(bound(chart.high), bound(chart.low));
    bands.push({ series: [3, 4], fill: colour("band") });
  }
  const old = drawn.get(figure);
  if (old) old.destroy();
  const wide = Math.max(figure.clientWidth - 24, 240);
  const made = new uPlot(
    {
      width: wide, height: 190, series, bands,
      scales: { x: { time: false } },
      axes: [
        { ...axis, values: (_, ticks) => ticks.map((at) => chart.labels[at] ?? ""), space: 110 },
        { ...axis, size: 64 },
      ],
    },
    data,
    (plot, init) => { figure.querySelector("details").before(plot.root); init(); },
  );
  made.root.setAttribute("aria-hidden", "true"); // the table beside it says the same
  drawn.set(figure, made);
  if (!old) figure.querySelector("details").open = false;
}

function drawAll() {
  for (const [figure, plot] of drawn) if (!figure.isConnected) { plot.destroy(); drawn.delete(figure); }
  if (window.uPlot) document.querySelectorAll("figure[data-chart]").forEach(draw);
}

function theme() {
  const button = document.getElementById("theme");
  if (!button) return;
  const name = () => { button.textContent = dark() ? "Light" : "Dark"; };
  button.hidden = false;
  name();
  button.addEventListener("click", () => {
    root.dataset.theme = dark() ? "light" : "dark";
    try { localStorage.setItem("dagnosis-theme", root.dataset.theme); } catch { /* for this page only */ }
    name();
    drawAll();
  });
}

function chooseAll() {
  const all = document.getElementById("all");
  if (!all || !all.hidden) return;
  all.hidden = false;
  const box = all.querySelector("input");
  box.addEventListener("change", () => {
    document.querySelectorAll(".pick input").forEach((one) => { one.checked = box.checked; });
  });
}

// "/" goes to the search, j and k to the next and the previous incident
function keys(event) {
  const typing = event.target.closest("input, textarea, select, [contenteditable]");
  if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "/") {
    const search = document.querySelector("[data-search]");
    if (search) { event.preventDefault(); search.focus(); }
  } else if (event.key === "j" || event.key === "k") {
    const found = [...document.querySelectorAll(".incident .title")];
    const at = found.indexOf(document.activeElement);
    const next = found[event.key === "j" ? at + 1 : Math.max(at - 1, 0)];
    if (next) next.focus();
  }
}

// a fresh overview, unless somebody is reading with the keyboard or has marked text in it
function refresh() {
  const now = document.querySelector("[data-refresh]");
  if (!now || document.hidden || now.contains(document.activeElement)) return;
  if (String(getSelection()) || now.querySelector("details[open]")) return;
  htmx.trigger(now, "refresh");
}

function start() { drawAll(); chooseAll(); }

theme();
start();
document.addEventListener("keydown", keys);
document.body.addEventListener("htmx:afterSettle", start);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAll);
let resized;
addEventListener("resize", () => { clearTimeout(resized); resized = setTimeout(drawAll, 150); });
setInterval(refresh, 30000);
