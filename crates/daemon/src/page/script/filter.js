// Which jacks are asked for: by VLAN, engine and state, and by what the search box says.
import { byId, element, jacks, words } from "./dom.js";
import { change, view } from "./view.js";

/** What a jack has that has every value: a trunk of all VLANs. */
const EVERY = "*";

/** For each filter what a jack has of it. */
const FILTERS = {
  vlan: (jack) => words(jack.dataset.tags),
  engine: (jack) => words(jack.dataset.engines),
  state: (jack) => [jack.dataset.condition],
};

/** How texts are sorted, numbers in them by value. */
export const collator = new Intl.Collator("en", { numeric: true });

/** Whether anything is asked for. */
export const isFiltered = () => Boolean((view.find ?? "").trim() || Object.keys(FILTERS).some((key) => view[key]));

/** The jacks that the view asks for, in the order of the picture. */
export function matching() {
  const wanted = Object.entries(FILTERS).filter(([key]) => view[key]);
  const fits = (values, value) => values.includes(value) || values.includes(EVERY);
  const left = jacks().filter((jack) => wanted.every(([key, has]) => fits(has(jack), view[key])));
  return found(left, (view.find ?? "").trim().toLowerCase());
}

/** What `query` finds of them: by number if it is one, else by a part of what they say. */
function found(all, query) {
  if (!query) return all;
  const numbered = /^\d+$/.test(query) ? all.filter((jack) => jack.dataset.ofport === query) : [];
  if (numbered.length) return numbered;
  const mac = query.replaceAll("-", ":");
  const says = (jack) => jack.dataset.find.includes(query);
  const has = (jack) => /^[0-9a-f]{1,2}(:[0-9a-f]{0,2})+$/.test(mac) && jack.dataset.find.includes(mac);
  return all.filter((jack) => says(jack) || has(jack));
}

/** Offers what the picture has, and shows what is chosen. */
export function updateFilters() {
  const all = jacks();
  for (const [key, has] of Object.entries(FILTERS)) {
    const select = byId(`by-${key}`);
    const there = new Set(all.flatMap(has));
    there.delete(EVERY);
    // What is chosen stays, also where no jack has it any more.
    if (view[key]) there.add(view[key]);
    const values = ["", ...[...there].sort(collator.compare)];
    if (values.join("\n") !== [...select.options].map((option) => option.value).join("\n")) {
      select.replaceChildren(...values.map((value) => offer(value, select.dataset.any)));
    }
    select.value = view[key] ?? "";
    select.disabled = values.length === 1;
  }
}

function offer(value, any) {
  const option = element("option", value || any);
  option.value = value;
  return option;
}

export function startFilters() {
  for (const key of Object.keys(FILTERS)) {
    byId(`by-${key}`).addEventListener("change", (event) => change({ [key]: event.target.value }));
  }
}
