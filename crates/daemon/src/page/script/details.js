// The panel that shows one jack in full, with its counters.
import { byId, element, jacks, nameOf } from "./dom.js";

// Jacks are known by id, as the elements may be replaced.
export let pinned = null;
export let shown = null;

/** Keeps a jack in the panel; none with null. */
export function pin(id) {
  pinned = id;
  markSelected();
  if (id) showDetails(id, true);
  else showHint();
}

/** Shows which jack is pinned. */
export function markSelected() {
  for (const jack of jacks()) jack.setAttribute("aria-pressed", String(jack.id === pinned));
}

function list(lines, kind) {
  const made = element("ul", undefined, kind);
  made.append(...lines.map((line) => element("li", line)));
  return made;
}

const lines = (text) => (text ? text.split("\n") : []);

function showHint() {
  shown = null;
  const words = "Point at a jack, or go to one with the arrow keys, to see who is on it and how that is known. Enter keeps it.";
  byId("details").replaceChildren(element("p", words, "hint"));
}

/** Shows a jack; another than before, or when asked, with its counters anew. */
export function showDetails(id, anew) {
  const jack = byId(id);
  const panel = byId("details");
  if (!jack) {
    if (!panel.querySelector(".gone")) panel.prepend(element("p", "This port is gone.", "gone"));
    return;
  }
  const other = shown !== id;
  const table = other ? undefined : panel.querySelector(".counters");
  shown = id;
  const parts = [element("h2", nameOf(jack))];
  parts.push(list(lines(jack.querySelector("desc").textContent), "facts"));
  const evidence = lines(jack.dataset.evidence);
  if (evidence.length) parts.push(element("h3", "How it is known"), list(evidence, "evidence"));
  parts.push(table ?? element("div", undefined, "counters"));
  if (pinned === id) parts.push(closeButton());
  panel.replaceChildren(...parts);
  if (other || anew) fetchCounters(jack);
}

function closeButton() {
  const button = element("button", "×");
  button.setAttribute("aria-label", "Let go");
  button.addEventListener("click", () => {
    byId(pinned)?.focus();
    pin(null);
  });
  return button;
}

// ---- counters -------------------------------------------------------------------------

let earlier = null;

/** Reads the counters of a jack; they are no part of the picture, as they change always. */
export async function fetchCounters(jack) {
  const { bridge, ofport } = jack.dataset;
  if (!ofport) return;
  const path = `/v1/bridges/${encodeURIComponent(bridge)}/ports/${ofport}`;
  try {
    const answer = await fetch(path);
    const port = answer.ok ? await answer.json() : {};
    if (shown === jack.id && Object.keys(port.Statistics ?? {}).length) showCounters(jack.id, port.Statistics);
  } catch {
    // No counters, then.
  }
}

function showCounters(id, now) {
  const time = performance.now();
  const was = earlier?.id === id ? earlier : null;
  const speed = (key) => (was && key in was.now ? (now[key] - was.now[key]) / ((time - was.time) / 1000) : null);
  const row = (what, key) => {
    const cells = [`rx_${key}`, `tx_${key}`].map((full) => {
      const value = now[full];
      if (!(value >= 0)) return element("td", "–");
      const rate = key === "bytes" || key === "packets" ? speed(full) : null;
      return element("td", formatCount(value) + (rate ? ` (${formatCount(Math.round(rate))}/s)` : ""));
    });
    const line = element("tr");
    line.append(element("th", what), ...cells);
    return line;
  };
  const head = element("tr");
  head.append(element("th"), element("th", "received"), element("th", "sent"));
  const thead = element("thead");
  thead.append(head);
  const body = element("tbody");
  body.append(...["bytes", "packets", "dropped", "errors"].map((key) => row(key, key)));
  const table = element("table");
  table.append(thead, body);
  document.querySelector("#details .counters")?.replaceChildren(element("h3", "Counters"), table);
  if (!was || time - was.time > 900) earlier = { id, time, now };
}

const formatCount = (number) => number.toLocaleString("en").replaceAll(",", "\u202f");
