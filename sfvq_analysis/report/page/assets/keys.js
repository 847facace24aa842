// Keys of an open card: the arrows go to the card before and after. Figures do nothing with keys
// (what the mouse does with them has fields beside them), so Tab passes over them.
function passOver(root) {
  for (const one of root.querySelectorAll("*")) {
    if (one.tabIndex >= 0) one.tabIndex = -1;
    if (one.shadowRoot) passOver(one.shadowRoot);
  }
}

function wireKeys() {
  for (const one of document.querySelectorAll(".figure")) passOver(one);
  byId("card").addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (event.target.closest("input, select, textarea")) return;
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!by) return;
    event.preventDefault();
    stepCard(by);
  });
}
