"use strict";
// The page's data, and Bokeh's models by name. Texts from data become text nodes, never HTML.
const DATA = JSON.parse(document.getElementById("data").textContent);
const byId = (id) => document.getElementById(id);
const ARRAYS = { uint8: Uint8Array, int8: Int8Array, uint16: Uint16Array, int32: Int32Array, float32: Float32Array };
const state = { table: DATA.leading, brush: null, measure: "density", set: "61", hidden: {}, phonesOf: null, card: null };

function unpackedArray(packed) {
  const text = atob(packed.data);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return new ARRAYS[packed.dtype](bytes.buffer);
}

function unpacked(packed) { // counts may be sparse, densities have a scale
  if (packed.ready) return packed.ready;
  let values;
  if (packed.at) {
    values = new Float64Array(packed.shape.reduce((a, b) => a * b, 1));
    const found = unpackedArray(packed.values);
    unpackedArray(packed.at).forEach((at, i) => { values[at] = found[i]; });
  } else {
    values = unpackedArray(packed);
    if (packed.scale) values = Float64Array.from(values, (one) => one * packed.scale);
  }
  packed.ready = values;
  return values;
}

const table = () => DATA.tables[state.table];
const model = (name) => Bokeh.documents[0].get_model_by_name(name);
const fill = (name, columns) => { model(`${name}_source`).data = columns; };

function fillImage(name, values, rows, columns, box) {
  const source = model(`${name}_image`);
  const NDArray = source.data.image[0].constructor; // Bokeh gives it no public name
  const image = new NDArray(Float32Array.from(values), [rows, columns]);
  source.data = { image: [image], x: [box.x], y: [box.y], dw: [box.dw], dh: [box.dh] };
  let high = 0;
  for (const one of image) if (one > high) high = one;
  const colours = model(`${name}_colours`);
  colours.setv({ low: 0, high: high || 1 });
}

// Bokeh takes $$…$$ and \[…\] for mathematics, which this page doesn't load
const plain = (text) => text.replace(/\$\$/g, "$\u2060$").replace(/\\([[(\])])/g, "\\\u2060$1");

function element(tag, options = {}, ...children) {
  const made = document.createElement(tag);
  for (const [key, value] of Object.entries(options)) {
    if (key === "text") made.textContent = value;
    else if (key === "on") made.addEventListener("click", value);
    else if (key === "style") Object.entries(value).forEach(([k, v]) => made.style.setProperty(k, v));
    else made.setAttribute(key, value);
  }
  made.append(...children);
  return made;
}
const isolated = (text) => element("bdi", { text });
const button = (text, on, options = {}) => element("button", { type: "button", on, ...options }, isolated(text));
const percent = (share) => (share === null || share === undefined ? "–" : `${(100 * share).toFixed(share < 0.0995 ? 1 : 0)} %`);
const groupOf = (at) => (at >= 0 ? table().groups[at] : { name: "no group", colour: table().no_group, dash: "solid" });
const withIpa = (one) => (one.ipa && one.ipa !== one.name ? `${one.name} [${one.ipa}]` : one.name);
const say = (text) => { byId("status").textContent = text; clearTimeout(say.timer); say.timer = setTimeout(() => { byId("status").textContent = ""; }, 2500); };

function sentence(id, text) { // what stands where there is nothing to draw
  const place = byId(`nothing-${id}`);
  place.textContent = text;
  place.hidden = !text;
}
const showFigure = (name, shown) => { byId(`figure-${name}`).hidden = !shown; };
