// The panel that shows one jack in full, with its counters.
import { fetchCounters, showCounters } from "./counters.js";
import { byId, element, jackById, jacks, nameOf } from "./dom.js";
import { moment } from "./past.js";
import { change } from "./view.js";

// Jacks are known by id, as the elements may be replaced.
export let pinned = null;
export let shown = null;

/** Keeps a jack in the panel; none with null. */
export function pin(id) {
  if (pinned === id && shown === id) return;
  pinned = id;
  change({ jack: id });
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
  const jack = jackById(id);
  const panel = byId("details");
  if (!jack) return showMissing(id);
  const table = shown !== id || moment() !== null ? null : panel.querySelector(".counters");
  shown = id;
  const parts = [element("h2", nameOf(jack))];
  parts.push(list(lines(jack.querySelector("desc").textContent), "facts"));
  const evidence = lines(jack.dataset.evidence);
  if (evidence.length) parts.push(element("h3", "How it is known"), list(evidence, "evidence"));
  const counters = table ?? element("div", undefined, "counters");
  counters.dataset.of = id;
  parts.push(counters);
  if (pinned === id) parts.push(closeButton());
  const hasFocus = panel.contains(document.activeElement);
  panel.replaceChildren(...parts);
  if (hasFocus) panel.querySelector("button")?.focus({ preventScroll: true });
  showCounters(jack);
  if (!table || anew) fetchCounters(jack);
}

/** Says that a jack is not there, above what was told of it last. */
function showMissing(id) {
  const panel = byId("details");
  panel.querySelector(".gone")?.remove();
  // What is told of another one would be taken for its own.
  if (shown !== id) panel.replaceChildren(...(pinned === id ? [closeButton()] : []));
  shown = id;
  panel.prepend(element("p", missing(), "gone"));
}

/** Why a jack that is to be shown is not in the picture. */
function missing() {
  if (document.querySelector("#picture > .unknown")) return "Whether this port was there is not known.";
  return moment() === null ? "There is no such port now." : "This port was not there then.";
}

function closeButton() {
  const button = element("button", "×");
  button.setAttribute("aria-label", "Let go");
  button.addEventListener("click", () => {
    jackById(pinned)?.focus();
    pin(null);
  });
  return button;
}
