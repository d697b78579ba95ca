// The keyboard: arrow keys between jacks, keys for search and details.
import { byId, jackOf, jacks } from "./dom.js";
import { pin, pinned } from "./details.js";
import { search, step } from "./search.js";

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

function onJackKey(event, jack) {
  if (event.key === "Enter" || event.key === " ") {
    pin(pinned === jack.id ? null : jack.id);
    event.preventDefault();
  } else {
    const next = neighbour(jack, event.key);
    if (!next) return;
    event.preventDefault();
    next.focus();
  }
}

export function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const jack = jackOf(event);
  const typing = event.target === byId("find");
  if (event.key === "/" && !typing) {
    byId("find").focus();
    byId("find").select();
    event.preventDefault();
  } else if (event.key === "Escape") {
    if (typing) byId("find").value = "";
    search(false);
    pin(null);
  } else if (typing && event.key === "Enter") {
    step(!event.shiftKey);
    event.preventDefault();
  } else if (jack) {
    onJackKey(event, jack);
  }
}
