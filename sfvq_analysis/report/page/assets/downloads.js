// Pictures and tables of numbers, saved from the page itself.
// What is of a whole table is named after it, whatever bit rate is shown.
const OF_WHOLE = /^(wave|spectrogram|tiers|index_\d+|distortion|differences|differing|together|phone_differences|claims|bits|ladder)$/;
const ownerOf = (name) => slug(OF_WHOLE.test(name) ? baseOf(state.table) : state.table);
const slug = (text) => text.normalize("NFKD").replace(/[^\p{L}\p{N}]+/gu, "_").replace(/^_+|_+$/g, "").slice(0, 60) || "page";

function saveBlob(blob, name) {
  const url = URL.createObjectURL(blob);
  const link = element("a", { href: url, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(url), 10000);
  say(`saved ${name}`);
}

function cell(value) { // RFC 4180
  const text = value === null || value === undefined ? "" : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replace(/"/g, '""')}"` : text;
}

function saveCsv(name, head, rows, owner = ownerOf(name)) {
  const lines = [head, ...rows].map((row) => row.map(cell).join(","));
  saveBlob(new Blob([`${lines.join("\r\n")}\r\n`], { type: "text/csv;charset=utf-8" }), `${owner}_${slug(name)}.csv`);
}

const viewOf = (name) => Bokeh.index.find_one_by_id(model(name).id);

async function savePng(name) {
  const blob = await viewOf(name).export("png", true).to_blob();
  saveBlob(blob, `${ownerOf(name)}_${name}.png`);
}

// Figures are drawn on canvases; a copy of one drawn as SVG, out of sight, is what is saved.
async function saveSvg(name) {
  const copy = Bokeh.documents[0].constructor.from_json(Bokeh.documents[0].to_json());
  const shown = model(name);
  const figure = copy.get_model_by_name(name);
  for (const root of [...copy.roots()]) if (root !== figure) copy.remove_root(root);
  const width = viewOf(name).bbox.width;
  figure.setv({ output_backend: "svg", sizing_mode: "fixed", width, height: shown.height });
  const place = element("div", { style: { position: "absolute", left: "-9999px", top: "0", width: `${width}px` } });
  document.body.append(place);
  try {
    const views = await Bokeh.embed.add_document_standalone(copy, place);
    const view = [...views].find((one) => one.model.id === figure.id);
    const rest = () => new Promise((done) => { setTimeout(done, 120); });
    await rest();
    view.invalidate_layout(); // the room for a legend is known only once it was drawn
    await rest();
    const layer = view.export("svg", false);
    saveBlob(await layer.to_blob(), `${ownerOf(name)}_${name}.svg`);
    view.remove();
  } finally {
    place.remove();
    const at = Bokeh.documents.indexOf(copy);
    if (at > 0) Bokeh.documents.splice(at, 1);
  }
}

const CSV = {
  ribbon() {
    const { codes } = table();
    saveCsv("axis", ["index", "group", "group_share", "frames", "labelled", "top", "top_share"],
      codes.group.map((g, i) => [i, g < 0 ? "" : groupOf(g).name, codes.share[i], codes.frames[i], codes.labelled[i], ...(codes.top[i][0] || ["", ""])]));
  },
  codes() {
    const { codes } = table();
    const tops = (i) => codes.top[i].flat();
    saveCsv("indices", ["index", "group", "frames", "labelled", "tokens", "entropy_bits", "phone_1", "share_1", "phone_2", "share_2", "phone_3", "share_3", "phone_4", "share_4", "phone_5", "share_5"],
      brushedCodes().map((i) => [i, codes.group[i] < 0 ? "" : groupOf(codes.group[i]).name, codes.frames[i], codes.labelled[i], codes.tokens[i], codes.entropy[i], ...tops(i)]));
  },
  plane() {
    const { corners } = table();
    saveCsv("plane", ["index", "x", "y"], corners ? corners.plane.x.map((x, i) => [i, x, corners.plane.y[i]]) : []);
  },
  groups() { saveHistogram("group"); },
  phones() { saveHistogram(state.set === "group" ? "61" : state.set); },
  claims() {
    const head = ["table", "claim", "effect", "interval", "null", "p_corrected", "verdict"];
    const rows = [...byId("claims-table").tBodies[0].rows].flatMap((row) => DATA.names.map((name, at) => {
      const cells = [...row.cells].slice(1 + 4 * at, 5 + 4 * at).map((one) => one.innerText.split("\n"));
      return [name, row.cells[0].querySelector("b").textContent, cells[0][0], cells[0][1] || "", cells[1][0], cells[2][0], cells[3][0].trim()];
    }));
    saveCsv("claims", head, rows);
  },
  meanings() {
    const set = shownSet();
    const { size } = table();
    const counts = unpacked(set.counts);
    const totals = totalsByIndex(set);
    saveCsv("meanings", ["phone", ...Array(size).keys()], set.values.map((one, row) => [one.name,
      ...Array.from({ length: size }, (_, i) => (totals[i] ? (counts[row * size + i] / totals[i]).toFixed(6) : ""))]));
  },
  transitions() { saveMatrix("transitions", table().transitions, "count"); },
  distances() { saveMatrix("distances", table().corners && table().corners.distances, "distance"); },
  utterance() {
    const one = shownUtterance();
    if (!one) { saveCsv("utterance", ["table", "seconds", "index", "distortion"], []); return; }
    saveCsv(one.id, ["table", "seconds", "index", "distortion"], Object.entries(one.tables).flatMap(([name, codes]) => (codes
      ? codes.seconds.map((at, i) => [name, at, codes.index[i], codes.distortion[i]]) : [])), slug(baseOf(state.table)));
  },
};

function saveMatrix(name, matrix, value) {
  const rows = [];
  if (matrix) {
    const values = unpacked(matrix.values);
    for (let i = 0; i < matrix.n; i++) for (let j = 0; j < matrix.n; j++) if (values[i * matrix.n + j]) rows.push([i * matrix.width, j * matrix.width, values[i * matrix.n + j]]);
  }
  saveCsv(name, name === "transitions" ? ["index", "next_index", value] : ["index", "other_index", value], rows);
}

function saveHistogram(name) {
  const set = table().sets[name];
  const { size } = table();
  const counts = unpacked(set.counts);
  const bands = set.bands && { low: unpacked(set.bands.low), high: unpacked(set.bands.high) };
  const rows = set.values.flatMap((one, row) => {
    let total = 0;
    for (let i = 0; i < size; i++) total += counts[row * size + i];
    return Array.from({ length: size }, (_, i) => [one.name, one.ipa, i, counts[row * size + i], total ? (counts[row * size + i] / total).toPrecision(6) : "",
      bands ? bands.low[row * size + i].toPrecision(6) : "", bands ? bands.high[row * size + i].toPrecision(6) : ""]);
  });
  saveCsv(`histogram_${name}`, [name === "group" ? "phone_group" : "phone", "ipa", "index", "count", "density", "low", "high"], rows);
}

function tellPython(panel, text) { // the line that makes what a panel shows now
  const copy = document.querySelector(`[data-csv="${panel}"] ~ [data-copy]`);
  copy.dataset.copy = text;
  copy.nextElementSibling.textContent = text;
}

async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch { // pages from a disk may not
    const box = element("textarea", { style: { position: "fixed", opacity: "0" } });
    box.value = text;
    document.body.append(box);
    box.select();
    document.execCommand("copy");
    box.remove();
  }
  say("copied");
}

function wireDownloads() {
  document.addEventListener("click", (event) => {
    const pressed = event.target.closest("button");
    if (!pressed) return;
    const { png, svg, csv, copy } = pressed.dataset;
    if ((png || svg) && byId(`figure-${png || svg}`).hidden) { say("there is no such figure of this table"); return; }
    if (png) savePng(png);
    if (svg) saveSvg(svg);
    if (csv) CSV[csv]();
    if (copy) copyText(copy);
  });
}
