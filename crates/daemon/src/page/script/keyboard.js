// The keyboard: arrow keys between jacks, keys for search and details.
import { byId, jackOf, jacks } from "./dom.js";
import { pin } from "./details.js";
import { endPast } from "./past.js";
import { step } from "./search.js";
import { endTrace, isTracing } from "./trace.js";
import { change } from "./view.js";

let stop = "";

/** Lets Tab go to `jack`; without one, to that it went to before or to the first. */
export function updateTabStop(jack) {
  if (jack) stop = jack.id;
  const all = jacks();
  const target = all.find((other) => other.id === stop) ?? all[0];
  stop = target?.id ?? "";
  for (const other of all) other.tabIndex = other === target ? 0 : -1;
}

/** The jack above or below: the nearest in the next row of that direction. */
function nearestInNextRow(jack, down) {
  const box = (other) => other.querySelector(".halo").getBBox();
  const from = box(jack);
  let best = null;
  for (const other of jacks()) {
    const to = box(other);
    const far = down ? to.y - from.y : from.y - to.y;
    if (far <= 1) continue;
    const score = far * 10000 + Math.abs(to.x - from.x);
    if (!best || score < best.score) best = { other, score };
  }
  return best?.other;
}

/** The jack that a key leads to. */
function neighbour(jack, key) {
  const all = jacks();
  const here = all.indexOf(jack);
  const mates = [...jack.parentNode.querySelectorAll(".jack")];
  switch (key) {
    case "ArrowRight": return all[here + 1];
    case "ArrowLeft": return all[here - 1];
    case "ArrowDown": return nearestInNextRow(jack, true);
    case "ArrowUp": return nearestInNextRow(jack, false);
    case "Home": return mates[0];
    case "End": return mates[mates.length - 1];
    default: return undefined;
  }
}

function onJackKey(event, jack, choose) {
  if (event.key === "Enter" || event.key === " ") {
    choose(jack);
    event.preventDefault();
  } else {
    const next = neighbour(jack, event.key);
    if (!next) return;
    event.preventDefault();
    next.focus();
    next.scrollIntoView({ block: "nearest" });
  }
}

/** Whether letters go into a field. */
const isTyping = (node) => node.matches?.("input, select, textarea") ?? false;

/** The innermost of what is open ends first. */
function onEscape(event) {
  if (isTracing()) return endTrace();
  if (byId("past").contains(event.target)) return endPast();
  change({ find: "" });
  return pin(null);
}

/** Whether single characters are keys: where they are spoken or slip in, they would do what was not meant
    (WCAG 2.2, 2.1.4). */
let usesCharacters = true;

/** What a browser that keeps nothing of pages remembers is nothing. */
function remembered() {
  try {
    return localStorage.getItem(REMEMBERED);
  } catch {
    return null;
  }
}

function remember(word) {
  try {
    localStorage.setItem(REMEMBERED, word);
  } catch {
    // Then it is so until the page is closed.
  }
}

const REMEMBERED = "character-keys";
const SHORTCUTS = "aria-keyshortcuts";

/** Says which keys there are, on the page and to a screen reader. */
function showCharacters(shortcuts) {
  byId("use-keys").setAttribute("aria-pressed", String(usesCharacters));
  document.body.classList.toggle("without-keys", !usesCharacters);
  for (const [node, keys] of shortcuts) {
    if (usesCharacters) node.setAttribute(SHORTCUTS, keys);
    else node.removeAttribute(SHORTCUTS);
  }
}

export function startKeys() {
  const all = [...document.querySelectorAll(`[${SHORTCUTS}]`)];
  const shortcuts = all.map((node) => [node, node.getAttribute(SHORTCUTS)]);
  usesCharacters = remembered() !== "off";
  showCharacters(shortcuts);
  byId("use-keys").addEventListener("click", () => {
    usesCharacters = !usesCharacters;
    remember(usesCharacters ? "on" : "off");
    showCharacters(shortcuts);
  });
}

/** Does what a key stands for; `actions` is what the page can do. */
export function onKey(event, actions) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const jack = jackOf(event);
  const searching = event.target === byId("find");
  const letters = { "l": actions.table, "d": actions.dense, "t": actions.trace, "p": actions.past };
  if (event.key === "Escape") {
    onEscape(event);
  } else if (searching && event.key === "Enter") {
    step(!event.shiftKey);
    event.preventDefault();
  } else if (isTyping(event.target)) {
    return;
  } else if (event.key === "/" && usesCharacters) {
    byId("find").focus();
    byId("find").select();
    event.preventDefault();
  } else if (usesCharacters && letters[event.key]) {
    letters[event.key]();
  } else if (jack) {
    onJackKey(event, jack, actions.choose);
  }
}
