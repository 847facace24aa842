// The axis of indices: the ribbon, its brush, and what the brush filters.
const brushRange = () => {
  const { start, end } = model("brush");
  const last = table().size - 1;
  return [Math.min(last, Math.max(0, Math.ceil(Math.min(start, end)))), Math.max(0, Math.min(last, Math.floor(Math.max(start, end))))];
};
const isBrushed = (i) => i >= state.brush[0] && i <= state.brush[1];
const brushedCodes = () => Array.from({ length: Math.max(0, state.brush[1] - state.brush[0] + 1) }, (_, i) => state.brush[0] + i);
const topText = (i, n = 3) => table().codes.top[i].slice(0, n).map(([name, share]) => `${name} ${percent(share)}`).join(", ") || "no labelled frame";

function setBrush(first, last) {
  model("brush").setv({ start: first - 0.5, end: last + 0.5 });
}

function drawRibbon() {
  const { codes, size, ranges, curve } = table();
  const indices = [...Array(size).keys()];
  const most = Math.max(1, ...codes.frames);
  fill("ribbon", {
    left: indices.map((i) => i - 0.5), right: indices.map((i) => i + 0.5), index: indices,
    colour: indices.map((i) => (codes.frames[i] ? groupOf(codes.group[i]).colour : "#ffffff")),
    share_top: indices.map((i) => 1 + 0.95 * (codes.share[i] || 0)),
    frames_top: indices.map((i) => 0.95 * Math.sqrt(codes.frames[i] / most)),
    label: indices.map((i) => topText(i)), share: indices.map((i) => percent(codes.share[i])), frames: codes.frames,
  });
  const width = (viewOf("ribbon") || { bbox: { width: 900 } }).bbox.width - 80;
  fill("ranges", {
    left: ranges.map((r) => r.first - 0.5), right: ranges.map((r) => r.last + 0.5), middle: ranges.map((r) => (r.first + r.last) / 2),
    colour: ranges.map((r) => (r.groups ? groupOf(r.group).colour : "#ffffff")),
    label: ranges.map((r) => (r.groups.length * 6.3 < (width * (r.last - r.first + 1)) / size ? plain(r.groups) : "")),
  });
  byId("no-order").hidden = curve;
  byId("axis-title").textContent = curve ? "The curve as an axis" : "The indices";
  for (const id of ["brush-from", "brush-to", "code-number"]) byId(id).max = size - 1;
  byId("ranges").replaceChildren(...ranges.map((r) => {
    const made = button(r.text, () => setBrush(r.first, r.last), { "data-range": r.groups, "data-first": r.first, "data-last": r.last });
    made.style.borderLeftColor = r.groups ? groupOf(r.group).colour : "#ccc";
    return element("li", {}, made);
  }));
  const used = new Set([...codes.group.filter((_, i) => codes.frames[i]), ...ranges.filter((r) => r.groups).map((r) => r.group)]);
  const key = [...table().groups.filter((_, at) => used.has(at)), ...(used.has(-1) ? [groupOf(-1)] : [])];
  byId("groups-key").replaceChildren(...key.map((g) => element("span", { style: { "--mark": g.colour } }, isolated(g.name))));
  sentence("ribbon", ranges.length && ranges.some((r) => r.groups) ? "" : "No range has a name: see the button above for why.");
}

function drawPlane() {
  const { corners, codes } = table();
  showFigure("plane", Boolean(corners));
  sentence("plane", corners ? "" : "No quantizer was given, so the corners are not known.");
  if (!corners) return;
  const { x, y, explained } = corners.plane;
  fill("path", table().curve ? { x, y } : { x: [], y: [] });
  const most = Math.max(1, ...codes.frames);
  const inside = x.map((_, i) => isBrushed(i));
  fill("corners", {
    x, y, index: x.map((_, i) => i), label: x.map((_, i) => topText(i)),
    colour: x.map((_, i) => (codes.frames[i] ? groupOf(codes.group[i]).colour : "#ffffff")), alpha: inside.map((one) => (one ? 0.95 : 0.12)),
    size: x.map((_, i) => 5 + 11 * Math.sqrt(codes.frames[i] / most)),
  });
  const figure = model("plane");
  figure.below[0].axis_label = `first component (${percent(explained[0])} of the variance)`;
  figure.left[0].axis_label = `second component (${percent(explained[1] || 0)})`;
}

const MOST_ROWS = 64;
function listCodes() {
  const { codes } = table();
  const all = brushedCodes().filter((i) => codes.frames[i]);
  const step = Math.max(1, Math.ceil(all.length / MOST_ROWS));
  const shown = all.filter((_, at) => at % step === 0);
  byId("codes").tBodies[0].replaceChildren(...shown.map((i) => element("tr", {},
    element("td", {}, button(String(i), () => openCode(i), { "data-code": i, "aria-label": `Open index ${i}` })),
    element("td", {}, isolated(topText(i))), element("td", {}, isolated(groupOf(codes.group[i]).name)), element("td", { class: "number", text: codes.frames[i] }))));
  byId("codes-more").textContent = step > 1 ? `Every ${step}${step === 2 ? "nd" : step === 3 ? "rd" : "th"} of ${all.length} used indices; brush a shorter part to see all.` : `${all.length} used indices.`;
}

function tellBrush() {
  const { codes, frames, size } = table();
  const inside = brushedCodes();
  const n = inside.reduce((sum, i) => sum + codes.frames[i], 0);
  const byGroup = new Map();
  for (const i of inside) if (codes.group[i] >= 0) byGroup.set(codes.group[i], (byGroup.get(codes.group[i]) || 0) + codes.frames[i]);
  const most = [...byGroup].sort((a, b) => b[1] - a[1]).slice(0, 2).map(([g]) => groupOf(g).name).join(" and ");
  const whole = inside.length === size;
  byId("brush-said").textContent = whole ? `whole axis: ${frames} frames` : `${state.brush[0]}–${state.brush[1]}: ${inside.length} indices, ${percent(frames ? n / frames : 0)} of the frames${most ? `, mostly at indices of ${most}` : ""}`;
  model("brush_box").setv({ left: state.brush[0] - 0.5, right: state.brush[1] + 0.5, visible: !whole });
  byId("brush-from").value = state.brush[0];
  byId("brush-to").value = state.brush[1];
}

function drawn({ final, geometry }) { // with the mouse, across the ribbon
  if (!final || geometry.type !== "rect") return;
  const last = table().size - 1;
  const [a, b] = [geometry.x0, geometry.x1].sort((one, other) => one - other).map((x) => Math.min(last, Math.max(0, Math.round(x))));
  setBrush(a, b);
}

let waiting = 0;
function brushed() { // many changes a second: one answer a frame
  if (waiting) return;
  waiting = requestAnimationFrame(() => {
    waiting = 0;
    state.brush = brushRange();
    noteBrush();
    drawPlane();
    listCodes();
    tellBrush();
    fitHeights();
    dimUtterance();
    brushTogether();
  });
}

function tapped(x, y, name) {
  if (!Number.isFinite(x)) return;
  const { size, corners } = table();
  let index = Math.round(x);
  if (name === "plane") {
    const figure = model("plane");
    const [w, h] = [figure.x_range.end - figure.x_range.start, figure.y_range.end - figure.y_range.start];
    const far = (i) => ((corners.plane.x[i] - x) / w) ** 2 + ((corners.plane.y[i] - y) / h) ** 2;
    index = corners.plane.x.reduce((best, _, i) => (far(i) < far(best) ? i : best), 0);
  }
  if (index >= 0 && index < size) openCode(index);
}

function wireAxis() {
  byId("brush").addEventListener("submit", (event) => {
    event.preventDefault();
    const last = table().size - 1;
    const [a, b] = [["brush-from", 0], ["brush-to", last]].map(([id, none]) => (byId(id).value === "" ? none : Math.min(last, Math.max(0, Math.round(Number(byId(id).value) || 0)))));
    setBrush(Math.min(a, b), Math.max(a, b));
  });
  byId("brush-all").addEventListener("click", () => setBrush(0, table().size - 1));
  byId("code-open").addEventListener("click", () => { const text = byId("code-number").value, i = Math.round(Number(text)), last = table().size - 1; if (text !== "" && i >= 0 && i <= last) openCode(i); else say(`There is no such index: they are 0 to ${last}.`); });
  byId("code-number").addEventListener("keydown", (event) => { if (event.key === "Enter") { event.preventDefault(); byId("code-open").click(); } });
}
