// Histograms of groups and of phones: density, counts, or as the paper draws them.
const SAID = {
  density: "Share of the frames of a group or phone that an index has.",
  counts: "Frames.",
  paper: "As in the paper: smoothed (Blackman window of 7), divided by its maximum.",
};
const WINDOW = (() => { // numpy.blackman(7), whose ends are 0
  const raw = [1, 2, 3, 4, 5].map((n) => 0.42 - 0.5 * Math.cos((Math.PI * n) / 3) + 0.08 * Math.cos((2 * Math.PI * n) / 3));
  const sum = raw.reduce((a, b) => a + b, 0);
  return raw.map((one) => one / sum);
})();

const smoothed = (values) => values.map((_, i) => WINDOW.reduce((sum, w, k) => sum + w * (values[i + k - 2] || 0), 0));
const folding = () => ({ 48: ", phone_set=48", 39: ", phone_set=39" })[state.set] || "";
const shownSet = () => table().sets[state.set] || table().sets["61"];
const marks = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#000000", "#E69F00", "#56B4E9"];

function curveOf(set, row) { // height and band of one value, as chosen
  const { size } = table();
  const part = (values, from) => Array.from(values.subarray(from + row * size, from + (row + 1) * size));
  const counts = part(unpacked(set.counts), 0);
  const total = counts.reduce((a, b) => a + b, 0);
  const density = counts.map((one) => (total ? one / total : 0));
  const paper = state.measure === "paper";
  const height = paper ? smoothed(density) : density;
  const factor = state.measure === "counts" ? total : paper ? 1 / (Math.max(...height) || 1) : 1;
  const from = paper ? set.values.length * size : 0;
  const band = set.bands && byId("bands").checked ? ["low", "high"].map((edge) => part(unpacked(set.bands[edge]), from).map((one) => one * factor)) : null;
  return { height: height.map((one) => one * factor), band };
}

// As Python: what is shown, in columns of the frame that the page has counted.
const COLUMNS = { density: "density", counts: "count", paper: "smoothed" };
function histogramLine(by, shown, folded = "") {
  const made = `stats.index_histogram(table, by="${by}"${folded})`;
  if (!shown.length) return made;
  const names = shown.map((one) => JSON.stringify(one)).join(", ");
  const divided = state.measure === "paper" ? ".pipe(lambda one: one / one.max())" : "";
  return `${made}.pivot(index="index", columns="${by}", values="${COLUMNS[state.measure]}")[[${names}]]${divided}.plot()`;
}

function drawHistogram(name, set, rows, looks) {
  const { size } = table();
  const xs = [...Array(size).keys()];
  const curves = rows.map((row) => curveOf(set, row));
  fill(`${name}_lines`, {
    xs: rows.map(() => xs), ys: curves.map((one) => one.height),
    colour: looks.map((one) => one.colour), dash: looks.map((one) => one.dash), label: looks.map((one) => plain(one.label)),
  });
  const banded = curves.map((one, at) => [one.band, looks[at].colour]).filter(([band]) => band);
  fill(`${name}_bands`, {
    xs: banded.map(() => [...xs, ...xs.slice().reverse()]), ys: banded.map(([band]) => [...band[0], ...band[1].slice().reverse()]), colour: banded.map(([, colour]) => colour),
  });
  model(name).left[0].axis_label = { density: "density", counts: "frames", paper: "smoothed, maximum 1" }[state.measure];
  drawHistogram.shown[name] = curves;
}
drawHistogram.shown = {};

function fitHeights() { // to what is in the brushed part
  for (const [name, curves] of Object.entries(drawHistogram.shown)) {
    let top = 0;
    for (const { height, band } of curves) for (const i of brushedCodes()) top = Math.max(top, height[i], band ? band[1][i] : 0);
    model(`${name}_height`).setv({ start: 0, end: 1.05 * top || 1 });
  }
}

function toggles(place, entries, redraw) {
  byId(place).replaceChildren(...entries.map(({ key, text, colour, open }) => {
    const shown = !state.hidden[key];
    const made = button(text, () => { state.hidden[key] = shown; redraw(); byId(place).querySelector(`[data-key="${CSS.escape(key)}"]`).focus(); },
      { "aria-pressed": String(shown), "data-key": key, style: { "--mark": colour } });
    return open ? element("span", {}, made, button("card", open, { class: "open", "aria-label": `Open the card of ${text}` })) : made;
  }));
}

function drawGroups() {
  const set = table().sets.group;
  const entries = set.values.map((one, row) => ({ row, key: `group ${one.name}`, text: one.name, ...groupOf(one.group) }));
  sentence("groups", entries.length ? "" : "No frame belongs to a group.");
  showFigure("groups", entries.length > 0);
  toggles("groups-toggles", entries, () => { drawGroups(); fitHeights(); });
  const shown = entries.filter(({ key }) => !state.hidden[key]);
  drawHistogram("groups", set, shown.map((one) => one.row), shown.map((one) => ({ ...one, label: one.text })));
  tellPython("groups", histogramLine("phone_group", shown.map((one) => one.text)));
}

function drawPhones() {
  byId("phones-panel").hidden = state.set === "group";
  const set = shownSet();
  const present = [...new Set(set.values.map((one) => one.group))];
  if (!present.includes(state.phonesOf)) {
    const fricative = table().groups.findIndex((g) => g.name === "fricative");
    state.phonesOf = present.includes(fricative) ? fricative : present[0];
  }
  byId("phones-of").replaceChildren(...present.map((at) => { const made = element("option", { value: at, text: groupOf(at).name }); made.selected = at === state.phonesOf; return made; }));
  const entries = set.values.map((one, row) => ({ ...one, row })).filter((one) => one.group === state.phonesOf)
    .map((one, at) => ({ row: one.row, name: one.name, key: `phone ${one.name}`, text: withIpa(one), colour: marks[at % marks.length], dash: ["solid", "dashed", "dotted"][Math.floor(at / marks.length) % 3], open: table().phones[one.name] && (() => openPhone(one.name)) }));
  sentence("phones", entries.length ? "" : "No frame has the label of a known phone.");
  showFigure("phones", entries.length > 0);
  toggles("phones-toggles", entries, () => { drawPhones(); fitHeights(); });
  const shown = entries.filter(({ key }) => !state.hidden[key]);
  drawHistogram("phones", set, shown.map((one) => one.row), shown.map((one) => ({ ...one, label: one.text })));
  tellPython("phones", histogramLine("phone", shown.map((one) => one.name), folding()));
}

function drawHistograms() {
  byId("measure-said").textContent = SAID[state.measure] + (table().sets.group.bands ? "" : ` No bands: there is one ${table().unit} or nothing labelled.`);
  drawGroups();
  drawPhones();
  fitHeights();
}

function wireHistograms() {
  for (const one of document.getElementsByName("measure")) one.addEventListener("change", () => { state.measure = one.value; drawHistograms(); });
  for (const one of document.getElementsByName("set")) {
    one.disabled = Object.values(DATA.tables).some((t) => !t.sets[one.value]);
    one.addEventListener("change", () => { state.set = one.value; drawHistograms(); drawMeanings(); });
  }
  byId("bands").addEventListener("change", drawHistograms);
  byId("phones-of").addEventListener("change", (event) => { state.phonesOf = Number(event.target.value); drawPhones(); fitHeights(); });
}
