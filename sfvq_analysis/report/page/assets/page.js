// Start when Bokeh's figures are there.
function drawIndices(range = null) { // all that is on the axis of the table shown, or of a stage of it
  const last = table().size - 1;
  const [first, stop] = range || [0, last];
  model("whole").setv({ start: -0.5, end: last + 0.5 });
  const brush = model("brush");
  brush.setv({ bounds: [-0.5, last + 0.5], reset_start: -0.5, reset_end: last + 0.5 });
  brush.setv({ start: first - 0.5, end: stop + 0.5 });
  state.brush = [first, stop];
  drawRibbon();
  drawPlane();
  listCodes();
  tellBrush();
  drawHistograms();
  drawMeanings();
  drawMatrices();
  brushTogether();
}

function drawTable() {
  drawIndices();
  drawLadder();
  drawUtterance();
}

function start() {
  window.sfvqPage = { brushed, tapped, heardAt, drawn, tappedPhone, tappedTogether, tappedLadder };
  wireDownloads();
  wireAxis();
  wireHistograms();
  wireUtterance();
  wireCards();
  wireComparison();
  wireStages();
  wireKeys();
  wirePrinting();
  if (byId("table")) {
    byId("table").value = String(DATA.names.indexOf(DATA.leading));
    byId("table").addEventListener("change", (event) => showTable(DATA.names[Number(event.target.value)]));
  }
  drawTable();
  drawComparison();
  document.documentElement.dataset.ready = "yes";
}

(function wait() {
  const made = Bokeh.documents[0];
  if (made && made.is_idle) start();
  else setTimeout(wait, 30);
})();
