// Start when Bokeh's figures are there.
function drawTable() {
  const last = table().size - 1;
  model("whole").setv({ start: -0.5, end: last + 0.5 });
  const brush = model("brush");
  brush.setv({ bounds: [-0.5, last + 0.5], reset_start: -0.5, reset_end: last + 0.5 });
  brush.setv({ start: -0.5, end: last + 0.5 });
  state.brush = [0, last];
  drawRibbon();
  drawPlane();
  listCodes();
  tellBrush();
  drawHistograms();
  drawMeanings();
  drawMatrices();
  drawUtterance();
}

function start() {
  window.sfvqPage = { brushed, tapped, heardAt, drawn };
  wireDownloads();
  wireAxis();
  wireHistograms();
  wireUtterance();
  wireCards();
  if (byId("table")) {
    byId("table").value = String(DATA.names.indexOf(DATA.leading));
    byId("table").addEventListener("change", (event) => { state.table = DATA.names[Number(event.target.value)]; closeCard(); drawTable(); });
  }
  drawTable();
  document.documentElement.dataset.ready = "yes";
}

(function wait() {
  const made = Bokeh.documents[0];
  if (made && made.is_idle) start();
  else setTimeout(wait, 30);
})();
