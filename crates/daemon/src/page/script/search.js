// Search: which jacks are found, and going from one to the next.
import { byId, jacks } from "./dom.js";
import { pin, pinned } from "./details.js";
import { isFiltered, matching } from "./filter.js";

let hits = [];

/** Marks what is asked for; `fromStart` also goes to the first of it. */
export function search(fromStart) {
  const active = isFiltered();
  hits = active ? matching() : [];
  const found = new Set(hits);
  document.querySelector("#picture .wiring")?.classList.toggle("seeking", active);
  for (const jack of jacks()) jack.classList.toggle("hit", found.has(jack));
  const text = active ? `${hits.length} of ${jacks().length}` : "";
  if (byId("found").textContent !== text) byId("found").textContent = text;
  if (fromStart && hits.length) reveal(hits[0]);
}

/** Pins the hit after the one that is pinned, or before it. */
export function step(forward) {
  if (!hits.length) return;
  const now = hits.findIndex((jack) => jack.id === pinned);
  const next = forward ? now + 1 : (now < 0 ? hits.length : now) - 1;
  const jack = hits[(next + hits.length) % hits.length];
  pin(jack.id);
  reveal(jack);
}

export function reveal(jack) {
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  jack.scrollIntoView({ block: "center", inline: "center", behavior: calm ? "instant" : "smooth" });
}
