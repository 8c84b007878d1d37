"use strict";
// Keeps the page current, and tells the values under the pointer. Without it the page is whole too.
(() => {
  const EVERY = 3000;
  const live = document.getElementById("live");
  let etag = null;

  const opened = (root) => [...root.querySelectorAll("details[open][id]")].map((x) => x.id);

  function exchange(fresh) {
    const old = document.getElementById("content");
    if (!old || !fresh) return;
    const open = opened(old);
    const focus = document.activeElement;
    const places = "a[href],summary,[tabindex]";
    const focused = old.contains(focus) ? [...old.querySelectorAll(places)].indexOf(focus) : -1;
    const scrolled = [...old.querySelectorAll(".scroll")].map((x) => x.scrollLeft);
    old.replaceWith(document.importNode(fresh, true));
    const now = document.getElementById("content");
    for (const id of open) document.getElementById(id)?.setAttribute("open", "");
    now.querySelectorAll(".scroll").forEach((x, n) => { x.scrollLeft = scrolled[n] || 0; });
    if (focused >= 0) now.querySelectorAll(places)[focused]?.focus({ preventScroll: true });
  }

  async function refresh() {
    try {
      const headers = etag ? { "If-None-Match": etag } : {};
      const answer = await fetch(location.href, { headers, cache: "no-store" });
      if (answer.status === 200) {
        etag = answer.headers.get("ETag");
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        const y = window.scrollY;
        exchange(page.getElementById("content"));
        document.title = page.title;
        window.scrollTo(window.scrollX, y);
      }
      live.textContent = answer.ok || answer.status === 304 ? "live" : "the daemon answers with an error";
    } catch {
      live.textContent = "the daemon cannot be reached";
    }
    setTimeout(refresh, document.hidden ? 10 * EVERY : EVERY);
  }

  const inside = (svg, event) => {
    const point = new DOMPoint(event.clientX, event.clientY);
    return point.matrixTransform(svg.getScreenCTM().inverse());
  };

  function curveValues(svg, x) {
    const [left, right] = svg.dataset.plot.split(" ").map(Number);
    const [low, high] = svg.dataset.range.split(" ").map(Number);
    const wanted = low + ((x - left) / (right - left)) * (high - low);
    let at = null;
    const said = [...svg.querySelectorAll("path[data-values]")].map((path) => {
      const rows = JSON.parse(path.dataset.values);
      const near = rows.reduce((a, b) =>
        Math.abs((a[0] + a[1]) / 2 - wanted) <= Math.abs((b[0] + b[1]) / 2 - wanted) ? a : b);
      at ??= near[0] === near[1] ? near[0] : `${near[0]} to ${near[1]}`;
      const values = near[2] === null ? [] : near[2] === near[3] ? [near[2]] : [near[2], near[3]];
      return `${path.dataset.name} ${[values.join(" to "), near[4]].filter(Boolean).join(" and ")}`;
    });
    return said.length ? `Iteration ${at}: ${said.join("; ")}` : "";
  }

  function mapValues(svg, point) {
    const rows = svg.querySelectorAll("text[data-values]");
    const row = rows[Math.floor(point.y / Number(svg.dataset.cell))];
    const spans = svg.dataset.spans.split(" ");
    const column = Math.floor((point.x / Number(svg.dataset.width)) * spans.length);
    if (!row || !spans[column]) return "";
    const [first, last] = spans[column].split(":");
    const when = first === last ? first : `${first} to ${last}`;
    return `${row.dataset.layer}, iteration ${when}: ${row.dataset.values.split(" ")[column]}`;
  }

  function point(event) {
    const svg = event.target.closest?.("figure svg");
    if (!svg) return;
    const place = inside(svg, event);
    const reading = svg.closest("figure").querySelector(".reading");
    reading.textContent = svg.dataset.plot ? curveValues(svg, place.x) : mapValues(svg, place);
  }

  document.addEventListener("pointermove", point);
  document.addEventListener("pointerdown", point);
  if (live) setTimeout(refresh, EVERY); // a report in a file stays as it is
})();
