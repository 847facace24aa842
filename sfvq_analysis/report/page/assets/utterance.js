// One utterance: sound, tiers, and the index of every table over time.
const shownUtterance = () => DATA.utterances[Number(byId("utterance").value) || 0];
const TABLE_COLOURS = ["#0b3c6f", "#6b6b6b", "#D55E00", "#009E73", "#CC79A7"];

function drawTiers(one) {
  const boxes = [...one.phones.map((p) => [...p, 0]), ...one.words.map((w) => [...w, 1])];
  const { start, end } = model("time");
  const width = ((viewOf("tiers") || { bbox: { width: 900 } }).bbox.width - 90) / (end - start || 1); // of a second
  const seen = (b) => (b[1] <= start || b[0] >= end ? b : [Math.max(b[0], start), Math.min(b[1], end)]); // what of it is in view
  fill("tiers", {
    left: boxes.map((b) => b[0]), right: boxes.map((b) => b[1]), bottom: boxes.map((b) => b[4]), top: boxes.map((b) => b[4] + 0.95),
    colour: boxes.map((b) => (b[4] ? "#ffffff" : groupOfLeading(b[3]))), middle: boxes.map((b) => (seen(b)[0] + seen(b)[1]) / 2), height: boxes.map((b) => b[4] + 0.45),
    label: boxes.map((b) => ([...b[2]].length * 6.5 < (seen(b)[1] - seen(b)[0]) * width ? plain(b[2]) : "")),
  });
}
const groupOfLeading = (at) => (at >= 0 ? DATA.tables[DATA.leading].groups[at].colour : "#bbbbbb");
const phoneAt = (one, time) => (one.phones.find(([a, b]) => time >= a && time < b) || [0, 0, ""])[2];

function drawTrajectories(one) {
  DATA.names.forEach((name, at) => {
    const codes = one.tables[name];
    const { size } = DATA.tables[name];
    const [first, last] = byId("only-brushed").checked && name === baseOf(state.table) ? brushAtFull() : [0, size - 1];
    const seconds = codes ? codes.seconds : [];
    const index = codes ? codes.index : [];
    fill(`index_${at}_line`, { x: seconds, y: index });
    fill(`index_${at}_dots`, {
      x: seconds, y: index, colour: index.map(() => TABLE_COLOURS[at % TABLE_COLOURS.length]),
      alpha: index.map((i) => (i >= first && i <= last ? 1 : 0.1)), label: seconds.map((time) => phoneAt(one, time)),
    });
    model(`index_${at}_height`).setv({ start: -0.03 * size, end: 1.03 * size });
    fill(`distortion_${at}`, { x: seconds, y: codes ? codes.distortion : [] });
  });
  const highest = Math.max(0, ...Object.values(one.tables).flatMap((codes) => (codes ? codes.distortion : [])));
  model("distortion_height").setv({ start: 0, end: 1.05 * highest || 1 });
}

function drawSound(one) {
  showFigure("wave", Boolean(one.wave));
  showFigure("spectrogram", Boolean(one.spectrogram));
  if (one.wave) {
    const [low, high] = [unpacked(one.wave.low), unpacked(one.wave.high)];
    const step = (one.stop - one.start) / low.length;
    fill("wave", { x: Array.from(low, (_, i) => one.start + (i + 0.5) * step), low: Array.from(low), high: Array.from(high) });
  }
  if (one.spectrogram) {
    const [times, bands] = one.spectrogram.shape;
    const values = unpacked(one.spectrogram);
    const image = new Float32Array(times * bands);
    for (let t = 0; t < times; t++) for (let b = 0; b < bands; b++) image[b * times + t] = values[t * bands + b];
    model("hertz_ticks").ticks = one.hertz.map(([, at]) => at);
    model("hertz_axis").major_label_overrides = new Map(one.hertz.map(([hertz, at]) => [at, String(hertz)]));
    fillImage("spectrogram", image, bands, times, { x: one.start - one.spectrogram_step / 2, y: 0, dw: times * one.spectrogram_step, dh: 1 });
  }
}

function noteUtterance(one) {
  const notes = DATA.utterances.length < DATA.n_utterances ? [`These are ${DATA.utterances.length} of ${DATA.n_utterances} utterances, drawn evenly over speakers.`] : [];
  if (!one.phones.length) notes.push("It has no phone labels.");
  if (!one.words.length) notes.push("It has no word tier.");
  if (one.why_no_sound) notes.push(`No waveform and no spectrogram: ${one.why_no_sound}.`);
  else if (!one.audio) notes.push("The page was written without audio.");
  else notes.push("Click a phone or a word to hear it, or choose an interval.");
  const coarser = tellCoarser();
  if (coarser) notes.push(coarser);
  if (one.whole > one.stop - one.start + 0.01) notes.push(`Shown: ${one.start.toFixed(2)} to ${one.stop.toFixed(2)} of ${one.whole.toFixed(2)} s, drawn at random.`);
  byId("utterance-note").textContent = notes.join(" ");
}

function drawUtterance() {
  const one = shownUtterance();
  for (const name of ["tiers", "distortion", ...DATA.names.map((_, at) => `index_${at}`)]) showFigure(name, Boolean(one));
  if (!one) {
    showFigure("wave", false);
    showFigure("spectrogram", false);
    byId("interval").disabled = true;
    sentence("utterance", "No utterance has a frame.");
    return;
  }
  model("time").setv({ start: one.start, end: one.stop });
  const who = [one.speaker, one.sex, one.dialect].filter(Boolean).join(", ");
  byId("utterance-said").replaceChildren(isolated(one.text || one.sentence || one.id), ` (${who})`);
  noteUtterance(one);
  tellPython("utterance", `plots.index_over_time(tables, ${JSON.stringify(one.id)}, audio=corpus[${JSON.stringify(one.id)}].load().audio)`);
  byId("utterance-play").disabled = !one.audio;
  listIntervals(one);
  drawSound(one);
  drawTiers(one);
  drawTrajectories(one);
}

function dimUtterance() {
  const one = shownUtterance();
  if (!one) return;
  noteUtterance(one);
  if (byId("only-brushed").checked) drawTrajectories(one);
}

const tiersOf = (one) => [["phone", one.phones], ["word", one.words]].flatMap(([tier, all]) => all.map(([a, b, label]) => ({ tier, a, b, label })));
function playStretch(one, a, b) { play(one.audio, Math.max(0, a - one.audio_start), b - one.audio_start); }

function heardAt(time, height = 0) { // on the tiers, words are above phones
  const one = shownUtterance();
  if (!one || !one.audio || !Number.isFinite(time)) return;
  const tier = height >= 1 ? "word" : "phone";
  const at = tiersOf(one).findIndex((box) => box.tier === tier && time >= box.a && time < box.b);
  if (at < 0) { playStretch(one, time, time + 0.3); return; }
  byId("interval").value = at;
  playInterval();
}

function listIntervals(one) {
  const boxes = tiersOf(one);
  byId("interval").replaceChildren(...["phone", "word"].map((tier) => element("optgroup", { label: `${tier}s` },
    ...boxes.map((box, at) => [box, at]).filter(([box]) => box.tier === tier).map(([box, at]) => element("option", { value: at, text: `${box.label || "(empty)"}  ${box.a.toFixed(2)}–${box.b.toFixed(2)} s` })))).filter((group) => group.children.length));
  byId("interval").disabled = byId("interval-play").disabled = !one.audio || !boxes.length;
}

function playInterval() {
  const one = shownUtterance();
  const box = one && tiersOf(one)[Number(byId("interval").value)];
  if (box && one.audio) playStretch(one, box.a, box.b);
}

function saveTextGrid() { // of what is shown, with an index tier for each table: Praat's long text form
  const one = shownUtterance();
  if (!one) return;
  const quoted = (text) => `"${text.replace(/"/g, '""')}"`;
  const tiers = [["phone", one.phones], ["word", one.words]].filter(([, t]) => t.length)
    .map(([name, t]) => [name, filled(t.map(([a, b, label]) => [Math.max(a, one.start), Math.min(b, one.stop), label]), one)]);
  for (const [name, codes] of Object.entries(one.tables)) if (codes && codes.seconds.length) tiers.push([`index ${name}`, indexTier(codes, one)]);
  const lines = ['File type = "ooTextFile"', 'Object class = "TextGrid"', "", `xmin = ${one.start}`, `xmax = ${one.stop}`, "tiers? <exists>", `size = ${tiers.length}`, "item []:"];
  tiers.forEach(([name, intervals], at) => {
    lines.push(`    item [${at + 1}]:`, '        class = "IntervalTier"', `        name = ${quoted(name)}`, `        xmin = ${one.start}`, `        xmax = ${one.stop}`, `        intervals: size = ${intervals.length}`);
    intervals.forEach(([a, b, label], i) => lines.push(`        intervals [${i + 1}]:`, `            xmin = ${a}`, `            xmax = ${b}`, `            text = ${quoted(label)}`));
  });
  saveBlob(new Blob([`${lines.join("\n")}\n`], { type: "text/plain;charset=utf-8" }), `${slug(one.id)}.TextGrid`);
}

function filled(intervals, one) { // a tier has no gaps
  const all = [];
  let at = one.start;
  for (const [a, b, label] of intervals) {
    if (b <= at) continue;
    if (a > at) all.push([at, a, ""]);
    all.push([Math.max(a, at), b, label]);
    at = b;
  }
  if (at < one.stop) all.push([at, one.stop, ""]);
  return all;
}

function indexTier(codes, one) { // boundaries halfway between frames, runs of one index joined
  const all = [];
  codes.index.forEach((index, i) => {
    const stop = i + 1 < codes.seconds.length ? Number(((codes.seconds[i] + codes.seconds[i + 1]) / 2).toFixed(5)) : one.stop;
    const last = all[all.length - 1];
    if (last && last[2] === String(index)) last[1] = stop;
    else all.push([last ? last[1] : one.start, stop, String(index)]);
  });
  return all;
}

function moveTime(factor, shift) { // about the middle of what is shown, inside the utterance
  const one = shownUtterance();
  const { start, end } = model("time");
  const length = Math.min(one.stop - one.start, Math.max(0.05, (end - start) * factor));
  const from = Math.min(one.stop - length, Math.max(one.start, (start + end) / 2 + shift * (end - start) - length / 2));
  model("time").setv({ start: from, end: from + length });
  drawTiers(one);
}

function wireUtterance() {
  for (const [id, factor, shift] of [["time-in", 0.5, 0], ["time-out", 2, 0], ["time-before", 1, -0.5], ["time-after", 1, 0.5]]) {
    byId(id).addEventListener("click", () => { if (shownUtterance()) moveTime(factor, shift); });
  }
  byId("utterance").replaceChildren(...DATA.utterances.map((one, at) => element("option", { value: at, text: `${one.id} (${[one.speaker, one.sex].filter(Boolean).join(", ")})` })));
  byId("utterance").addEventListener("change", drawUtterance);
  byId("utterance-play").addEventListener("click", () => { const one = shownUtterance(); play(one.audio, one.start - one.audio_start, one.stop - one.audio_start); });
  byId("interval").addEventListener("change", playInterval);
  byId("interval-play").addEventListener("click", playInterval);
  byId("utterance-textgrid").addEventListener("click", saveTextGrid);
  byId("only-brushed").addEventListener("change", () => { if (shownUtterance()) drawTrajectories(shownUtterance()); });
}
