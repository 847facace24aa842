// Cards at the side: of an index, of a phone.
function bars(rows, open) {
  return rows.map(([name, share]) => element("div", { class: "bar" }, open ? button(String(name), () => open(name)) : isolated(String(name)),
    element("i", { style: { width: `${Math.max(1, 100 * share)}%` } }), element("span", { class: "number", text: percent(share) })));
}
const part = (title, ...children) => (children.length ? [element("h3", { text: title }), ...children] : []);
const line = (text) => element("p", { class: "note", text });

// The page gets narrower and longer beside a card: what was seen first below the axis stays there.
function keepingPlace(change) {
  const below = byId("master").getBoundingClientRect().bottom;
  const seen = [...document.querySelectorAll("main :is(h2, h3, .figure, .tools)")].find((one) => !byId("master").contains(one) && one.getBoundingClientRect().top >= Math.max(0, below));
  const before = seen && seen.getBoundingClientRect().top;
  change();
  if (seen) window.scrollBy({ top: seen.getBoundingClientRect().top - before, behavior: "instant" });
}

function showCard(title, children, kind) {
  state.card = kind;
  markIndex(kind.index);
  byId("card-title").replaceChildren(isolated(title));
  byId("card-body").replaceChildren(...children);
  byId("card-body").parentElement.scrollTop = 0;
  if (byId("card").hidden) {
    showCard.back = document.activeElement;
    keepingPlace(() => { byId("card").hidden = false; });
    const { top, bottom } = byId("master").getBoundingClientRect();
    if (top > 0 && bottom > byId("card").getBoundingClientRect().top && byId("card").clientWidth > innerWidth / 2) window.scrollBy({ top, behavior: "instant" }); // else it covers the axis
  }
  byId("card-title").focus({ preventScroll: true });
}

function markIndex(index) { // on the ribbon, while its card is open
  model("open_box").setv(index === undefined ? { visible: false } : { left: index - 0.5, right: index + 0.5, visible: true });
}

function closeCard() {
  keepingPlace(() => { byId("card").hidden = true; });
  state.card = null;
  markIndex();
  if (showCard.back && showCard.back.isConnected) showCard.back.focus({ preventScroll: true });
}

const EXAMPLE_TITLES = { typical: "typical: nearest", random: "at random", worst: "fitting worst" };
function heardPart(at, name) { // picture and button of a snippet
  const one = DATA.listening.snippets[at];
  if (!one) return [];
  const made = one.picture ? [spectrogramCanvas(one.picture)] : [];
  if (one.audio) made.push(button("▶ play", () => play(one.audio, one.start, one.stop === undefined ? Infinity : one.stop), { class: "play", "aria-label": `Play ${name}` }));
  return made;
}

const short = (value) => Number(value.toPrecision(3));

function exampleCard(one) {
  return element("div", { class: "example" }, ...heardPart(one.snippet, `${one.utterance} at ${one.seconds} s`),
    element("div", {}, isolated(one.phone || "no label"), " in ", isolated(one.utterance), ` at ${one.seconds} s; squared distance ${short(one.distortion)}`));
}

function examples(index) {
  const { examples: all, notes } = DATA.listening;
  const mine = (all[state.table] || {})[index] || [];
  const columns = Object.entries(EXAMPLE_TITLES).map(([kind, title]) => element("div", { class: "example" },
    element("strong", { text: title }), ...mine.filter((one) => one.kind === kind).map(exampleCard)));
  const made = mine.length ? part("Examples", element("div", { class: "examples" }, ...columns)) : [];
  const note = notes[state.table];
  if (!table().codes.frames[index]) return [line("No frame has this index, so there are no examples.")];
  if (note) made.push(line(note));
  if (mine.length && DATA.audio === "none") made.push(line("The page was written without audio: examples are pictures only."));
  return made;
}

function openCode(index) {
  const { codes, size, corners, frames, curve } = table();
  const stay = codes.stay[index];
  const has = (name) => (codes[name] && codes[name][index]) || [];
  const near = curve ? [index - 1, index + 1].filter((i) => i >= 0 && i < size).map((i) => element("div", {}, button(String(i), () => openCode(i)), " ", isolated(`${topText(i)}${corners ? `; distance ${short(corners.step[Math.min(i, index)])}` : ""}`))) : [];
  const nearest = corners ? corners.nearest[index].map(([i, far]) => element("div", {}, button(String(i), () => openCode(i)), " ", isolated(`distance ${short(far)}; ${topText(i, 2)}`))) : [];
  const moves = (name) => has(name).flatMap(([i, share]) => [button(String(i), () => openCode(i)), ` ${percent(share)} `]);
  byId("code-number").value = index;
  showCard(`Index ${index}`, [
    element("p", {}, isolated(!codes.frames[index] ? "dead: no frame" : `${groupOf(codes.group[index]).name}${codes.share[index] === null ? "" : `, ${percent(codes.share[index])} of the labelled frames`}`)),
    line(`${codes.frames[index]} frames, ${percent(frames ? codes.frames[index] / frames : 0)} of all; ${codes.tokens[index]} tokens of ${codes.units[index]} ${table().unit}s`
      + `${stay ? `; stays for ${stay[0]} ms (median; nine of ten times ${stay[1]} ms at most)` : ""}${codes.entropy[index] === null ? "" : `; entropy of its phones ${short(codes.entropy[index])} bits`}`),
    ...part("Phones", ...(has("top").length ? bars(has("top"), openPhone) : [line("No labelled frame has this index.")])),
    ...part("In context", ...bars(has("contexts"))),
    ...examples(index),
    ...part("Beside it on the curve", ...near),
    ...part("Nearest codewords", ...nearest),
    ...part("Comes from, goes to", ...(has("before").length || has("after").length ? [element("p", {}, "from ", ...moves("before")), element("p", {}, "to ", ...moves("after"))] : [])),
    ...part("Sex", ...bars(has("sex").map(([k, v]) => [k || "not known", v]))),
    ...part("Dialects", ...bars(has("dialect").map(([k, v]) => [k || "not known", v]))),
    ...part("Speakers with most frames", ...bars(has("speakers"))),
  ], { index });
}

function pathDrawing(path, size) { // quartiles of the index over normalised time
  const svg = (tag, options) => { const made = document.createElementNS("http://www.w3.org/2000/svg", tag); Object.entries(options).forEach(([k, v]) => made.setAttribute(k, v)); return made; };
  const [w, h] = [380, 150];
  const n = path.q50.length;
  const point = (values) => values.map((v, i) => `${(((i / (n - 1)) * (w - 40)) + 34).toFixed(1)},${(h - 18 - (v / (size - 1)) * (h - 28)).toFixed(1)}`);
  const band = (low, high, opacity) => svg("polygon", { points: [...point(path[low]), ...point(path[high]).reverse()].join(" "), fill: "#0072B2", "fill-opacity": opacity });
  const drawing = svg("svg", { viewBox: `0 0 ${w} ${h}`, width: "100%", role: "img", "aria-label": "Index over normalised time: median, quartiles and 80 % of tokens" });
  const label = (x, y, text, anchor) => { const made = svg("text", { x, y, "font-size": 11, "text-anchor": anchor, fill: "#444" }); made.textContent = text; return made; };
  drawing.append(svg("rect", { x: 34, y: 10, width: w - 40, height: h - 28, fill: "none", stroke: "#ccc" }), band("q10", "q90", 0.15), band("q25", "q75", 0.25),
    svg("polyline", { points: point(path.q50).join(" "), fill: "none", stroke: "#003f66", "stroke-width": 2 }),
    label(30, h - 16, "0", "end"), label(30, 18, size - 1, "end"), label(34, h - 3, "begin", "start"), label(w - 6, h - 3, "end", "end"));
  return drawing;
}

function likePhones(name) { // smallest earth mover's distance of densities, in indices
  const set = table().sets["61"];
  const { size } = table();
  const counts = unpacked(set.counts);
  const cumulated = (row) => { let sum = 0; const all = []; for (let i = 0; i < size; i++) { sum += counts[row * size + i]; all.push(sum); } return all.map((one) => one / (sum || 1)); };
  const mine = set.values.findIndex((one) => one.name === name);
  if (mine < 0) return [];
  const own = cumulated(mine);
  return set.values.map((one, row) => [one, cumulated(row).reduce((sum, v, i) => sum + Math.abs(v - own[i]), 0), row]).filter(([, , row]) => row !== mine)
    .sort((a, b) => a[1] - b[1]).slice(0, 5);
}

function oddTokens(phone, tokens) {
  const heard = (DATA.listening.odd[state.table] || {})[phone] || [];
  const made = tokens.map((token, at) => element("div", { class: "example" }, ...heardPart(heard[at], `${phone} in ${token.utterance} at ${token.start} s`),
    element("div", {}, isolated(token.utterance), ` ${token.start}–${token.stop} s, mean index ${token.index}`)));
  const silent = heard.filter((at) => at === null).length;
  if (!made.length) return [];
  return [element("div", { class: "examples" }, ...made), ...(silent ? [line(`No sound of ${silent} of them: there was no room in the page, or no recording.`)] : [])];
}

function openPhone(name) {
  const { phones, curve, size } = table();
  const one = phones[name];
  if (!one) { showCard(name, [line("No frame is owned by this phone as labelled; folded names have no card.")], { phone: name }); return; }
  const like = curve ? likePhones(name).map(([other, far]) => element("div", {}, button(withIpa(other), () => openPhone(other.name)), ` ${far.toFixed(1)} indices`)) : [];
  const odd = curve ? oddTokens(name, one.odd) : [];
  showCard(withIpa({ name, ipa: one.ipa }), [
    line(`${one.tokens} tokens, ${one.frames} frames; duration ${one.duration[1]} ms (median; 80 % within ${one.duration[0]}–${one.duration[2]} ms)${curve ? `; median of mean indices ${one.middle}` : ""}`),
    ...part("Index over normalised time", !curve ? line("The indices of a plain codebook are in no order, so there is no path along them.") : one.path ? pathDrawing(one.path, size) : line("No token has three frames."), ...(curve && one.path ? [line(`${one.path_tokens} tokens of at least 3 frames: median, quartiles, 80 %.`)] : [])),
    ...part("Phones in like places", ...like),
    ...part("Tokens farthest from the others", ...odd),
  ], { phone: name });
}

function stepCard(by) {
  if (!state.card) return;
  if (state.card.index !== undefined) openCode((state.card.index + by + table().size) % table().size);
  else {
    const names = table().sets["61"].values.map((one) => one.name);
    const at = names.indexOf(state.card.phone);
    if (at >= 0) openPhone(names[(at + by + names.length) % names.length]);
  }
}

function saveCard() {
  if (!state.card) return;
  if (state.card.index !== undefined) {
    const i = state.card.index;
    const { codes } = table();
    const rows = ["top", "contexts", "before", "after", "sex", "dialect", "speakers"].flatMap((what) => ((codes[what] || [])[i] || []).map(([k, v]) => [i, what, k, v]));
    saveCsv(`index_${i}`, ["index", "what", "value", "share"], [[i, "frames", codes.frames[i], ""], ...rows]);
  } else {
    const one = table().phones[state.card.phone];
    saveCsv(`phone_${state.card.phone}`, ["phone", "time", "q10", "q25", "q50", "q75", "q90"], one && one.path ? one.path.q50.map((_, t) => [state.card.phone, t / (one.path.q50.length - 1), ...["q10", "q25", "q50", "q75", "q90"].map((q) => one.path[q][t])]) : []);
  }
}

function wireCards() {
  byId("card-close").addEventListener("click", closeCard);
  byId("card-before").addEventListener("click", () => stepCard(-1));
  byId("card-after").addEventListener("click", () => stepCard(1));
  byId("card-csv").addEventListener("click", saveCard);
  document.addEventListener("keydown", (event) => { if (event.key === "Escape" && !byId("card").hidden) closeCard(); });
}
