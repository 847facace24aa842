// On paper: canvases are as wide as the window was, so they are made to fit; what is folded opens.
const PAPER_WIDTH = 700; // CSS pixels between the margins of A4, the narrower of A4 and letter
let unfolded = [];

function toPaper() {
  for (const figure of document.querySelectorAll(".figure")) {
    if (figure.clientWidth > PAPER_WIDTH) figure.style.zoom = PAPER_WIDTH / figure.clientWidth;
  }
  unfolded = [...document.querySelectorAll("details:not([open])")];
  for (const one of unfolded) one.open = true;
}

function fromPaper() {
  for (const figure of document.querySelectorAll(".figure")) figure.style.zoom = "";
  for (const one of unfolded) one.open = false;
  unfolded = [];
}

function wirePrinting() {
  window.addEventListener("beforeprint", toPaper);
  window.addEventListener("afterprint", fromPaper);
}
