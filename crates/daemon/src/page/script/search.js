// Search: which jacks are found, and going from one to the next.
import { byId, jacks } from "./dom.js";
import { pin, pinned } from "./details.js";

/** The jacks that `query` finds: by number if it is one, else by a part of what they say. */
function matches(query) {
  const all = jacks();
  const numbered = /^\d+$/.test(query) ? all.filter((jack) => jack.dataset.ofport === query) : [];
  if (numbered.length) return numbered;
  const mac = query.replaceAll("-", ":");
  const says = (jack) => jack.dataset.find.includes(query);
  const has = (jack) => /^[0-9a-f]{1,2}(:[0-9a-f]{0,2})+$/.test(mac) && jack.dataset.find.includes(mac);
  return all.filter((jack) => says(jack) || has(jack));
}

let hits = [];

/** Marks what the search box asks for; `fromStart` also goes to the first of it. */
export function search(fromStart) {
  const query = byId("find").value.trim().toLowerCase();
  hits = query ? matches(query) : [];
  const found = new Set(hits);
  document.querySelector("#picture .wiring")?.classList.toggle("seeking", query !== "");
  for (const jack of jacks()) jack.classList.toggle("hit", found.has(jack));
  const text = query ? `${hits.length} of ${jacks().length}` : "";
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

function reveal(jack) {
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  jack.scrollIntoView({ block: "center", inline: "center", behavior: calm ? "instant" : "smooth" });
}
