"use strict";
// Keeps the page current, and tells the values under the pointer. Without it the page is whole too.
(() => {
  const EVERY = 3000;
  const PLACES = "a[href],summary,[tabindex]";
  const live = document.getElementById("live");
  let etag = null;
  let paused = false;
  let pointer = null; // where the mouse is, as long as it is over a picture
  const cursors = new Map(); // id of a figure -> where the arrow keys have led to
  document.documentElement.classList.add("scripted");

  // --- what is new, without a jump ---

  function anchor(root) {
    const seen = [...root.querySelectorAll("[id]")].find((x) => x.getBoundingClientRect().top > 0);
    return seen && window.scrollY > 0 ? { id: seen.id, top: seen.getBoundingClientRect().top } : null;
  }

  function exchange(old, fresh) {
    const open = [...old.querySelectorAll("details[open][id]")].map((x) => x.id);
    const focus = document.activeElement;
    const focused = old.contains(focus) ? place(old, focus) : null;
    const scrolled = new Map([...old.querySelectorAll("figure[id]")].map((x) => [x.id, scroller(x)?.scrollLeft]));
    const held = anchor(old);
    const now = document.importNode(fresh, true);
    old.replaceWith(now);
    for (const id of open) document.getElementById(id)?.setAttribute("open", "");
    for (const [id, left] of scrolled) {
      const inside = left && document.getElementById(id);
      if (inside) scroller(inside).scrollLeft = left;
    }
    if (focused) find(now, focused)?.focus({ preventScroll: true });
    const there = held && document.getElementById(held.id);
    if (there) window.scrollBy({ top: there.getBoundingClientRect().top - held.top, behavior: "instant" });
    for (const id of cursors.keys()) {
      const svg = document.getElementById(id)?.querySelector("svg");
      if (svg) tell(svg, cursors.get(id));
    }
    const under = pointer && document.elementFromPoint(pointer.clientX, pointer.clientY);
    if (under) point({ target: under, clientX: pointer.clientX, clientY: pointer.clientY });
  }

  const scroller = (figure) => figure.querySelector(".scroll");

  // A place that can be focused, by its nearest id and its number below that.
  function place(root, element) {
    const near = element.closest("[id]") ?? root;
    return { id: near.id, at: [near, ...near.querySelectorAll(PLACES)].indexOf(element) };
  }

  function find(root, wanted) {
    const near = document.getElementById(wanted.id) ?? root;
    return [near, ...near.querySelectorAll(PLACES)][wanted.at];
  }

  async function refresh() {
    const busy = paused || !(document.getSelection()?.isCollapsed ?? true);
    if (!busy) await ask();
    setTimeout(refresh, document.hidden ? 10 * EVERY : EVERY);
  }

  async function ask() {
    try {
      const headers = etag ? { "If-None-Match": etag } : {};
      const answer = await fetch(location.href, { headers, cache: "no-store" });
      if (answer.status === 200) {
        etag = answer.headers.get("ETag");
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        const [old, fresh] = [document, page].map((x) => x.getElementById("content"));
        if (old && fresh && !paused) exchange(old, fresh);
        document.title = page.title;
      }
      say(answer.ok || answer.status === 304 ? "live" : "the daemon answers with an error");
    } catch {
      say("the daemon cannot be reached");
    }
  }

  function say(text) {
    if (!paused && live.textContent !== text) live.textContent = text;
  }

  function offerPause() {
    const button = document.createElement("button");
    button.textContent = "Pause";
    button.addEventListener("click", () => {
      paused = !paused;
      button.textContent = paused ? "Go on" : "Pause";
      live.textContent = paused ? "paused" : "";
      if (!paused) ask();
    });
    live.after(button);
  }

  // --- values ---

  function curveValues(svg, x) {
    const [left, right] = svg.dataset.plot.split(" ").map(Number);
    const [low, high] = svg.dataset.range.split(" ").map(Number);
    const wanted = low + ((x - left) / (right - left)) * (high - low);
    const away = (row) => Math.abs((row[0] + row[1]) / 2 - wanted);
    const nearest = (rows) => rows.reduce((a, b) => (away(a) <= away(b) ? a : b));
    const told = [...svg.querySelectorAll("path[data-values]")].map((path) =>
      ({ name: path.dataset.name, row: nearest(JSON.parse(path.dataset.values)) }));
    if (!told.length) return;
    const at = nearest(told.map((x) => x.row));
    const said = told.map(({ name, row }) => {
      const elsewhere = row[0] > at[1] || row[1] < at[0] ? ` (at ${span(row)})` : "";
      const values = row[2] === null ? [] : row[2] === row[3] ? [row[2]] : [row[2], row[3]];
      return `${name} ${[values.join(" to "), row[4]].filter(Boolean).join(" and ")}${elsewhere}`;
    });
    mark(svg, `M${x.toFixed(1)} ${svg.dataset.top}V${svg.dataset.bottom}`);
    return `Iteration ${span(at)}: ${said.join("; ")}`;
  }

  function mapValues(svg, x, y) {
    const [cell, width] = [Number(svg.dataset.cell), Number(svg.dataset.width)];
    const at = Math.floor(y / cell);
    const layer = layers(svg)[at];
    const spans = svg.dataset.spans.split(" ");
    const column = Math.floor((x / width) * spans.length);
    if (!layer || !spans[column]) return;
    const step = width / spans.length;
    mark(svg, `M${column * step} ${Math.floor(y / cell) * cell}h${step}v${cell - 1}h${-step}z`);
    const value = mapValue(svg.dataset.values, at * spans.length + column);
    return `${layer.textContent}, iteration ${span(spans[column].split(":"))}: ${value}`;
  }

  // Names are whole in the table only.
  const layers = (svg) => svg.closest("figure").querySelectorAll("tbody th");

  // The last three bytes of each float32, first all of the lowest ones.
  function mapValue(data, at) {
    const bytes = atob(data);
    const count = bytes.length / 3;
    const float = new DataView(new ArrayBuffer(4));
    for (const n of [0, 1, 2]) float.setUint8(n + 1, bytes.charCodeAt(n * count + at));
    const value = float.getFloat32(0, true);
    if (value === -1) return "not printed";
    if (!Number.isFinite(value)) return Number.isNaN(value) ? "nan" : "inf";
    return value && value < 1e-4 ? value.toExponential(2) : `${Number(value.toPrecision(3))}`;
  }

  const span = ([first, last]) => (first === last ? `${first}` : `${first} to ${last}`);

  function mark(svg, path) {
    let cursor = svg.querySelector(".cursor");
    if (!cursor) {
      cursor = document.createElementNS(svg.namespaceURI, "path");
      cursor.classList.add("cursor");
      svg.append(cursor);
    }
    cursor.setAttribute("d", path);
  }

  function tell(svg, { x, y }) {
    const said = svg.dataset.plot ? curveValues(svg, x) : mapValues(svg, x, y);
    if (!said) return;
    const reading = svg.closest("figure").querySelector(".reading");
    reading.textContent = said;
    reading.style.minHeight = `${reading.offsetHeight}px`; // a shorter text moves nothing below it
  }

  function point(event) {
    const svg = event.target.closest?.("figure svg");
    pointer = svg ? { clientX: event.clientX, clientY: event.clientY } : null;
    if (!svg) return;
    const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
    cursors.delete(svg.closest("figure").id);
    tell(svg, at);
  }

  // The arrow keys lead through a picture that has the focus.
  function step(event) {
    const svg = event.target.closest?.("figure svg");
    const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (!svg || !way || (svg.dataset.plot && way[1])) return;
    event.preventDefault();
    const figure = svg.closest("figure");
    const [left, right] = svg.dataset.plot?.split(" ").map(Number) ?? [0, Number(svg.dataset.width)];
    const cell = Number(svg.dataset.cell) || 1;
    const wide = svg.dataset.spans ? (right - left) / svg.dataset.spans.split(" ").length : (right - left) / 100;
    const rows = layers(svg).length || 1;
    const before = cursors.get(figure.id) ?? { x: right + wide / 2, y: cell / 2 };
    const bounded = (value, low, high) => Math.min(Math.max(value, low), high);
    const edge = svg.dataset.spans ? wide / 2 : 0;
    const now = {
      x: bounded(before.x + way[0] * wide, left + edge, right - edge),
      y: bounded(before.y + way[1] * cell, cell / 2, (rows - 0.5) * cell),
    };
    cursors.set(figure.id, now);
    figure.querySelector(".reading").setAttribute("aria-live", "polite");
    tell(svg, now);
    svg.querySelector(".cursor")?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  document.addEventListener("pointermove", point);
  document.addEventListener("pointerdown", point);
  document.addEventListener("keydown", step);
  if (live) { // a report in a file stays as it is
    offerPause();
    setTimeout(refresh, EVERY);
  }
})();
