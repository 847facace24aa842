// The bit rates of a curve: a stage of its growth is a table like any other, which the slider shows.
const ladderOf = (name) => DATA.stages[name] || null;
const baseOf = (key) => Object.keys(DATA.stages).find((name) => DATA.stages[name].keys.includes(key)) || key;
const shownLadder = () => ladderOf(baseOf(state.table));
const rungOf = (key) => { const one = ladderOf(baseOf(key)); return one ? one.keys.indexOf(key) : -1; };

// Index k goes to 2k and 2k + 1 with another bit. What was brushed last is kept with its bits, so
// that going to fewer bits and back gives the same part.
function mappedRange([first, last], from, to) {
  return to >= from ? [first * 2 ** (to - from), (last + 1) * 2 ** (to - from) - 1] : [first, last].map((i) => Math.floor(i / 2 ** (from - to)));
}

function brushAtFull() { // in indices of the table that the stage shown is of
  const one = shownLadder();
  return one ? mappedRange(state.brush, one.bits[rungOf(state.table)], one.bits[one.bits.length - 1]) : state.brush;
}

function tellCoarser() { // the utterance keeps the indices of the whole table
  const one = shownLadder();
  const full = one && one.bits[one.bits.length - 1];
  if (!one || one.bits[rungOf(state.table)] === full) return "";
  const [first, last] = brushAtFull();
  return `Indices over time are those at ${full} bits: ${state.brush[0]} to ${state.brush[1]} above are ${first} to ${last} here.`;
}

function noteBrush() {
  const one = shownLadder();
  if (!one) return;
  const { mapped } = noteBrush;
  if (mapped && mapped.key === state.table && mapped.range.every((end, i) => end === state.brush[i])) return;
  noteBrush.anchor = { bits: one.bits[rungOf(state.table)], range: [...state.brush] };
  noteBrush.mapped = null;
}

function showTable(name) { // by name, or by the key of a stage
  const base = baseOf(name);
  if (byId("table")) byId("table").value = String(DATA.names.indexOf(base));
  closeCard();
  state.table = name;
  noteBrush.anchor = noteBrush.mapped = null;
  drawTable();
}

function showRung(at) {
  const one = shownLadder();
  const key = one && one.keys[at];
  if (!key || key === state.table) return;
  if (!byId("card").hidden) closeCard();
  noteBrush(); // what is brushed now, if nothing was before
  const { anchor } = noteBrush;
  state.table = key;
  const range = mappedRange(anchor.range, anchor.bits, one.bits[at]);
  noteBrush.mapped = { key, range };
  drawIndices(range);
  tellBits();
}

function bitsText(row) {
  const parts = [`${row.bits}: ${row.size} codes`];
  if (row.pnmi !== null) parts.push(`PNMI ${row.pnmi.toFixed(2)}`);
  if (row.parent !== null) parts.push(`${percent(row.parent)} split in place`);
  return parts.join(", ");
}

function tellBits() {
  if (!byId("bits")) return;
  const one = shownLadder();
  byId("bits-choice").hidden = !one;
  if (!one) return;
  const at = rungOf(state.table);
  const text = bitsText(one.rows[at]);
  Object.assign(byId("bits"), { max: one.keys.length - 1, value: at });
  byId("bits").setAttribute("aria-valuetext", text);
  byId("bits-said").textContent = text;
  model("ladder_now").location = one.bits[at];
}

function drawLadder() {
  if (!byId("bits")) return;
  const one = shownLadder();
  byId("ladder-panel").hidden = !one;
  tellBits();
  if (!one) return;
  const names = ["bits", "pnmi", "pnmi_low", "pnmi_high", "parent", "parent_low", "parent_high", "parent_null", "size", "used"];
  fill("ladder", Object.fromEntries(names.map((name) => [name, one.rows.map((row) => (row[name] === null ? NaN : row[name]))])));
  model("ladder_span").setv({ start: one.bits[0] - 0.5, end: one.bits[one.bits.length - 1] + 0.5 });
  model("ladder_ticks").ticks = one.bits;
}

function tappedLadder(x) {
  const one = shownLadder();
  if (!one || !Number.isFinite(x)) return;
  showRung(one.bits.reduce((best, bits, at) => (Math.abs(bits - x) < Math.abs(one.bits[best] - x) ? at : best), 0));
}

CSV.ladder = () => {
  const one = shownLadder();
  const names = one ? Object.keys(one.rows[0]) : ["bits"];
  saveCsv("bits", names, one ? one.rows.map((row) => names.map((name) => row[name])) : []);
};

let nextRung = null;
function wireStages() {
  if (!byId("bits")) return;
  byId("bits").addEventListener("input", () => { // a drag asks often; one answer a frame
    const waits = nextRung !== null;
    nextRung = Number(byId("bits").value);
    if (!waits) requestAnimationFrame(() => { const at = nextRung; nextRung = null; showRung(at); });
  });
}
