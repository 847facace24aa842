// One sound at a time; where it plays from and to, in seconds.
const player = new Audio();
player.id = "player";
player.preload = "auto";
let [playsFrom, playsUntil] = [0, Infinity];
const stopInTime = () => { if (player.currentTime >= playsUntil) player.pause(); };
player.addEventListener("timeupdate", stopInTime); // four times a second: too late for a snippet
player.addEventListener("playing", function watch() { stopInTime(); if (!player.paused) requestAnimationFrame(watch); });
player.addEventListener("error", () => { if (player.getAttribute("src")) say("this sound can't be played"); });

function play(address, from = 0, until = Infinity) {
  [playsFrom, playsUntil] = [from, until];
  const start = () => { player.currentTime = from; player.play().catch((error) => { if (error.name !== "AbortError") say("this sound can't be played"); }); };
  player.pause();
  if (player.getAttribute("src") !== address) {
    player.src = address;
    player.addEventListener("loadedmetadata", start, { once: true });
    player.load();
  } else start();
}

const MAGMA = ["#000004", "#1c1044", "#4f127b", "#812581", "#b5367a", "#e55064", "#fb8761", "#fec287", "#fcfdbf"]
  .map((hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16)));
function pictureLevels({ shape, halves }) { // two cells a byte, the first in the low half, from 0 to 15
  const octets = atob(halves);
  return Float32Array.from({ length: shape[0] * shape[1] }, (_, i) => ((octets.charCodeAt(i >> 1) >> (4 * (i & 1))) & 15) / 15);
}

function spectrogramCanvas(picture) {
  const [times, bands] = picture.shape;
  const values = pictureLevels(picture);
  const canvas = element("canvas", { width: times, height: bands, role: "img", "aria-label": "spectrogram" });
  const context = canvas.getContext("2d");
  const image = context.createImageData(times, bands);
  for (let t = 0; t < times; t++) for (let b = 0; b < bands; b++) {
    const level = values[t * bands + b] * (MAGMA.length - 1);
    const low = Math.min(MAGMA.length - 2, Math.floor(level));
    const at = 4 * ((bands - 1 - b) * times + t);
    for (let c = 0; c < 3; c++) image.data[at + c] = MAGMA[low][c] + (level - low) * (MAGMA[low + 1][c] - MAGMA[low][c]);
    image.data[at + 3] = 255;
  }
  context.putImageData(image, 0, 0);
  return canvas;
}
