// Two tables of the same speech: paired differences, how their indices go together, phones.
const COMPARED = DATA.comparison && DATA.comparison.pairs.length ? DATA.comparison : null;
const FOREST = { better: ["#0072B2", "#0072B2", "circle"], worse: ["#D55E00", "#D55E00", "diamond"], "not shown": ["#6b6b6b", "#ffffff", "circle"], "not comparable": ["#b5b5b5", "#ffffff", "square"] };
const pair = () => COMPARED.pairs[Number((byId("pair") || { value: 0 }).value)];
const digitsOf = (x) => (Math.abs(x) >= 100 ? 0 : Math.abs(x) >= 10 ? 1 : 3);
const rounded = (x, digits = digitsOf(x)) => (x === null ? "n/a" : x.toFixed(digits).replace("-", "\u2212"));
const signed = (x, digits = digitsOf(x)) => (x === null ? "" : `${x > 0 ? "+" : ""}${rounded(x, digits)}`);
const interval = (low, high, write, like) => (low === null || high === null ? "" : `[${write(low, digitsOf(like))}, ${write(high, digitsOf(like))}]`);
const withInterval = (row, write) => `${write(row.difference)} ${interval(row.difference_low, row.difference_high, write, row.difference)}`;
const pText = (p) => (p === null ? "" : p < 0.001 ? "< .001" : p.toFixed(3).replace(/^0/, ""));
const bold = (text) => element("b", {}, isolated(text));

function verdictWords(row) {
  const { name } = pair();
  return { better: `${name} is better`, worse: `${COMPARED.baseline} is better`, "not shown": "no difference shown", "not comparable": row.reason || "not measured" }[row.verdict];
}
const towardsBetter = (row) => (row.better === "high" ? 1 : -1);

function sayCompared() {
  const { name, rows } = pair();
  const { baseline, families, unit, n_units: n, level, n_draws: draws, enough_fits: fits } = COMPARED;
  const listed = (some) => some.map((row) => row.title).join(", ");
  const of = (family, verdict) => rows.filter((row) => row.family === family && row.verdict === verdict);
  const lines = Object.entries(families).map(([family, words]) => {
    const [better, worse, open] = ["better", "worse", "not shown"].map((verdict) => of(family, verdict));
    const parts = [[name, better], [baseline, worse]].filter(([, some]) => some.length).flatMap(([who, some], at) => [at ? "; " : "", bold(who), ` is better in ${some.length} (${listed(some)})`]);
    if (open.length) parts.push(`${parts.length ? "; " : ""}no difference shown in ${open.length} (${listed(open)})`);
    return element("p", {}, `Of ${words}: `, ...(parts.length ? parts : ["nothing could be compared"]), ".");
  });
  byId("compared-said").replaceChildren(...lines);
  byId("compared-note").replaceChildren(isolated(name), " less ", isolated(baseline), `, ${100 * level} % intervals over ${n} ${unit}s, drawn ${draws} times alike for both. p is that of the interval (Student's t), corrected for ${rows.length} measures (Benjamini and Hochberg); “better” is said at .05. `
    + `These are two codebooks, fitted once each: what holds for the methods takes ${fits} fits of each and `, element("code", { text: "sfvq compare" }), ".");
}

function forestRows(rows, place, scale, label) { // rows of a figure: x grows to where the first table is better
  const sign = rows.map(towardsBetter);
  const at = (name) => rows.map((row, i) => (row[name] === null ? NaN : (sign[i] * row[name]) / scale(row)));
  const [low, high] = [at("difference_low"), at("difference_high")];
  const looks = rows.map((row) => FOREST[row.verdict]);
  return {
    y: rows.map((_, i) => place[i]), x: at("difference"), low: low.map((one, i) => Math.min(one, high[i])), high: low.map((one, i) => Math.max(one, high[i])),
    colour: looks.map((one) => one[0]), fill: looks.map((one) => one[1]), marker: looks.map((one) => one[2]),
    numbers: rows.map((row) => (row.difference === null ? "can't be compared" : withInterval(row, signed))), label: rows.map(label),
  };
}

function nameRows(figure, place, names, n) {
  model(`${figure}_rows`).setv({ start: n, end: -0.5 });
  model(`${figure}_ticks`).ticks = place;
  model(`${figure}_axis`).major_label_overrides = new Map(place.map((at, i) => [at, plain(names[i])]));
}

function drawDifferences() {
  const { name, rows } = pair();
  const place = [];
  const heads = { x: [-1.1, 1.1], y: [0, 0], align: ["left", "right"], label: [plain(`\u25c2 ${COMPARED.baseline} is better`), plain(`${name} is better \u25b8`)], style: ["bold", "bold"] };
  let at = 0;
  rows.forEach((row, i) => {
    if (i === 0 || row.family !== rows[i - 1].family) {
      at += i === 0 ? 1 : 1.2;
      Object.entries({ x: -1.1, y: at, align: "left", label: COMPARED.families[row.family], style: "italic" }).forEach(([k, v]) => heads[k].push(v));
    }
    at += 1;
    place.push(at);
  });
  const largest = (row) => Math.max(...["difference", "difference_low", "difference_high"].map((one) => Math.abs(row[one] || 0))) || 1;
  fill("differences", forestRows(rows, place, largest, (row) => row.title));
  fill("differences_heads", heads);
  nameRows("differences", place, rows.map((row) => `${row.title} (${row.better})`), at + 1);
  model("differences").height = 60 + 23 * (at + 1.5);
}

function listDifferences() {
  const { rows } = pair();
  const number = (...children) => element("td", { class: "number" }, ...children);
  const small = (text) => element("small", { text });
  byId("differences-table").tBodies[0].replaceChildren(...rows.flatMap((row, i) => [
    ...(i === 0 || row.family !== rows[i - 1].family ? [element("tr", {}, element("td", { class: "family", colspan: 7, text: COMPARED.families[row.family] }))] : []),
    element("tr", {}, element("th", { scope: "row" }, element("b", { text: row.title }), ` (${row.better === "high" ? "higher" : "lower"} is better)`, small(`${row.meaning} (${row.measure})`)),
      element("td", { class: row.verdict.replace(" ", "-") }, isolated(verdictWords(row))),
      number(rounded(row.effect), small(interval(row.low, row.high, rounded, row.effect))), number(rounded(row.baseline_effect), small(interval(row.baseline_low, row.baseline_high, rounded, row.baseline_effect))),
      number(signed(row.difference), small(interval(row.difference_low, row.difference_high, signed, row.difference))), number(pText(row.p)), number(pText(row.p_corrected))),
  ]));
}

function drawTogether() {
  const { together: both } = pair();
  showFigure("together", !both.why_not);
  sentence("together", both.why_not);
  byId("together-said").textContent = "";
  if (both.why_not) return;
  const [wide, high] = both.counts.shape;
  const counts = unpacked(both.counts);
  const image = new Float32Array(wide * high);
  const tops = [];
  for (let i = 0; i < wide; i++) {
    let total = 0;
    for (let j = 0; j < high; j++) total += counts[i * high + j];
    for (let j = 0; j < high; j++) image[j * wide + i] = total ? counts[i * high + j] / total : 0;
    if (total) tops.push(Math.max(...Array.from({ length: high }, (_, j) => counts[i * high + j])) / total);
  }
  fillImage("together", image, high, wide, { x: -0.5, y: -0.5, dw: wide * both.widths[0], dh: high * both.widths[1] });
  model("together_colours").high = tops.sort((a, b) => a - b)[Math.floor(0.5 * tops.length)] || 1; // rare indices have shares near 1
  const figure = model("together");
  figure.below[0].axis_label = plain(`index, ${both.across}`);
  figure.left[0].axis_label = plain(both.order ? `codes of ${both.up}, by their mean index of ${both.across}` : `index, ${both.up}`);
  const share = (bits) => percent(bits ? both.bits_shared / bits : 0);
  byId("together-said").replaceChildren("Of each index of ", isolated(both.across), ", which codes of ", isolated(both.up), " its frames have. ",
    `They share ${both.bits_shared.toFixed(1)} bits: ${share(both.bits_up)} of the ${both.bits_up.toFixed(1)} bits of `, isolated(both.up), `, and ${share(both.bits_across)} of the ${both.bits_across.toFixed(1)} bits of `, isolated(both.across), ".");
  brushTogether();
}

function brushTogether() { // to the brushed part, where the table shown is one of the two
  if (!COMPARED || pair().together.why_not) return;
  const { across, up, order, sizes } = pair().together;
  const span = (name, size) => (state.table === name ? [state.brush[0] - 0.5, state.brush[1] + 0.5] : [-0.5, size - 0.5]);
  const [x, y] = [span(across, sizes[0]), order ? [-0.5, sizes[1] - 0.5] : span(up, sizes[1])];
  model("together_across").setv({ start: x[0], end: x[1] });
  model("together_up").setv({ start: y[0], end: y[1] });
}

const phoneMeasure = () => document.querySelector("input[name=phone-measure]:checked").value;
const differingPhones = () => pair().phones[phoneMeasure()];
const MOST_PHONES = 14;

function drawDiffering() {
  const all = differingPhones();
  const { name } = pair();
  const known = all.filter((row) => row.difference !== null);
  const found = known.filter((row) => row.verdict !== "not shown");
  const shown = [...found, ...known.filter((row) => !found.includes(row))].slice(0, MOST_PHONES).sort((a, b) => towardsBetter(b) * b.difference - towardsBetter(a) * a.difference);
  showFigure("differing", shown.length > 0);
  sentence("differing", shown.length ? "" : "No phone has 20 tokens in both tables.");
  const place = shown.map((_, i) => i + 0.5);
  const columns = forestRows(shown, place, () => 1, withPhoneIpa);
  fill("differing", columns);
  nameRows("differing", place, shown.map(withPhoneIpa), shown.length + 0.5);
  const ends = [0, ...columns.x, ...columns.low, ...columns.high].filter(Number.isFinite);
  const [from, to] = [Math.min(...ends), Math.max(...ends)];
  model("differing_span").setv({ start: from - 0.05 * (to - from || 1), end: to + 0.05 * (to - from || 1) });
  model("differing").below[0].axis_label = plain({ bits: `bits more of it by ${name}`, width: `share of the axis less by ${name}` }[phoneMeasure()]);
  model("differing").height = 90 + 22 * Math.max(4, shown.length);
  const count = (verdict) => all.filter((row) => row.verdict === verdict).length;
  const verdicts = count("better") + count("worse") ? [bold(name), ` is better for ${count("better")}, `, bold(COMPARED.baseline), ` for ${count("worse")}, and no difference is shown for ${count("not shown")}`] : ["none differs beyond doubt"];
  byId("differing-said").replaceChildren(`Of ${all.length} phones of 20 tokens or more `, ...verdicts, ". To the right ", isolated(name), ` is better. ${all.length > MOST_PHONES ? `Drawn: ${found.length ? "what differs, and then " : ""}the largest differences, ${shown.length} in all; a hollow mark is a difference that isn't shown once p is corrected for all phones. ` : ""}A click on a phone opens its card.`);
  byId("differing-table").tBodies[0].replaceChildren(...all.map((row) => element("tr", {},
    element("td", {}, button(withPhoneIpa(row), () => openPhone(row.phone))), element("td", { class: "number", text: rounded(row.effect) }), element("td", { class: "number", text: rounded(row.baseline_effect) }),
    element("td", { class: "number" }, signed(row.difference), element("small", { text: ` ${interval(row.difference_low, row.difference_high, signed, row.difference)}` })), element("td", { class: "number", text: pText(row.p_corrected) }),
    element("td", { class: row.verdict.replace(" ", "-") }, isolated({ better: name, worse: COMPARED.baseline }[row.verdict] || row.verdict)))));
  drawDiffering.shown = shown;
}
const withPhoneIpa = (row) => withIpa({ name: row.phone, ipa: row.ipa });

function tappedPhone(y) {
  const row = drawDiffering.shown[Math.floor(y)];
  if (row) openPhone(row.phone);
}

function tappedTogether(x) { // the index across, of its own table
  const { across, sizes } = pair().together;
  const index = Math.round(x);
  if (!Number.isFinite(x) || index < 0 || index >= sizes[0]) return;
  if (state.table !== across) showTable(across);
  openCode(index);
}

function drawComparison() {
  if (!COMPARED) return;
  const { name, python } = pair();
  for (const [place, text] of [["name-of-one", name], ["name-of-baseline", COMPARED.baseline]]) {
    for (const one of document.getElementsByClassName(place)) one.replaceChildren(isolated(text));
  }
  for (const [panel, text] of Object.entries(python)) tellPython(panel, text);
  sayCompared();
  drawDifferences();
  listDifferences();
  drawTogether();
  drawDiffering();
}

const DIFFERENCE = ["effect", "low", "high", "baseline_effect", "baseline_low", "baseline_high", "difference", "difference_low", "difference_high", "p", "p_corrected", "verdict"];
CSV.differences = () => saveCsv("differences", ["table", "baseline", "family", "measure", "better", ...DIFFERENCE, "reason"],
  COMPARED.pairs.flatMap((one) => one.rows.map((row) => [one.name, COMPARED.baseline, row.family, row.measure, row.better, ...DIFFERENCE.map((key) => row[key]), row.reason])));
CSV.differing = () => {
  const known = DIFFERENCE.filter((key) => !/^(baseline_)?(low|high)$/.test(key));
  saveCsv("phone_differences", ["table", "baseline", "measure", "better", "phone", "ipa", "phone_group", "tokens", ...known],
    COMPARED.pairs.flatMap((one) => Object.entries(one.phones).flatMap(([measure, rows]) => rows.map((row) => [one.name, COMPARED.baseline, measure, row.better, row.phone, row.ipa, row.group, row.n_tokens, ...known.map((key) => row[key])]))));
};
CSV.together = () => {
  const { together: both } = pair();
  const rows = [];
  if (!both.why_not) {
    const counts = unpacked(both.counts);
    const [wide, high] = both.counts.shape;
    const code = (j) => (both.order && both.widths[1] === 1 ? both.order[j] : j * both.widths[1]);
    for (let i = 0; i < wide; i++) for (let j = 0; j < high; j++) if (counts[i * high + j]) rows.push([i * both.widths[0], code(j), counts[i * high + j]]);
  }
  saveCsv("together", [`index ${both.across}`, `index ${both.up}`, "frames"], rows);
};

function wireComparison() {
  if (!COMPARED) return;
  if (byId("pair")) byId("pair").addEventListener("change", drawComparison);
  for (const one of document.getElementsByName("phone-measure")) one.addEventListener("change", drawDiffering);
}
