// P(phone | index), transitions, distances.
function totalsByIndex(set) {
  const { size } = table();
  const counts = unpacked(set.counts);
  const totals = new Float64Array(size);
  for (let at = 0; at < counts.length; at++) totals[at % size] += counts[at];
  return totals;
}

function drawMeanings() {
  const set = shownSet();
  const { size } = table();
  const n = set.values.length;
  showFigure("meanings", n > 0);
  sentence("meanings", n ? "" : "No frame has the label of a known phone.");
  if (!n) return;
  const counts = unpacked(set.counts);
  const totals = totalsByIndex(set);
  const share = new Float32Array(counts.length);
  for (let at = 0; at < counts.length; at++) share[at] = totals[at % size] ? counts[at] / totals[at % size] : 0;
  fillImage("meanings", share, n, size, { x: -0.5, y: 0, dw: size, dh: n });
  model("meanings_rows").setv({ start: n, end: 0 });
  model("meanings_ticks").ticks = set.values.map((_, row) => row + 0.5);
  model("meanings_axis").major_label_overrides = new Map(set.values.map((one, row) => [row + 0.5, plain(withIpa(one))]));
  tellPython("meanings", `plots.meanings_heatmap(stats.conditional(table${state.set === "group" ? ', by="phone_group"' : folding()}))`);
  model("meanings").height = Math.min(1400, Math.max(180, 80 + 13 * n));
}

function drawMatrix(name, matrix, shown) {
  showFigure(name, Boolean(matrix));
  if (!matrix) return;
  const values = unpacked(matrix.values);
  const { n, width } = matrix;
  const image = new Float32Array(n * n);
  for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) image[j * n + i] = shown(values[i * n + j]); // row index goes right
  fillImage(name, image, n, n, { x: -0.5, y: -0.5, dw: n * width, dh: n * width });
}

function drawMatrices() {
  const { transitions, corners } = table();
  drawMatrix("transitions", transitions, (one) => Math.log10(1 + one));
  sentence("transitions", transitions ? (transitions.width > 1 ? `A cell adds up ${transitions.width} × ${transitions.width} indices.` : "") : "Left out of this page.");
  drawMatrix("distances", corners && corners.distances, (one) => one);
  sentence("distances", corners ? (corners.distances.width > 1 ? `A cell is the mean of ${corners.distances.width} × ${corners.distances.width} distances.` : "") : "No quantizer was given, so the corners are not known.");
}
