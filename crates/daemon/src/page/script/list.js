// The table of all ports beside the picture: sorted by any column, filtered as the picture is.
import { byId, element, jackById, jacks, nameOf, setText, words } from "./dom.js";
import { pinned } from "./details.js";
import { collator, isFiltered, matching } from "./filter.js";
import { formatRate, traffic } from "./rates.js";
import { reveal } from "./search.js";
import { change, view } from "./view.js";

/** What stands in each column, by the key of its head. */
const CELLS = {
  bridge: (jack) => jack.dataset.bridge,
  port: (jack) => jack.dataset.number,
  name: (jack) => jack.dataset.name,
  engine: (jack) => jack.dataset.engines,
  vlan: (jack) => jack.dataset.vlans,
  address: (jack) => words(jack.dataset.addresses).join(", "),
  state: (jack) => jack.dataset.condition,
  traffic: (jack) => formatRate(traffic(jack), "B"),
};

/** What a column is sorted by, where that is not what it shows. */
const NUMBERS = {
  port: (jack) => Number(jack.dataset.ofport ?? Infinity),
  traffic: (jack) => traffic(jack) ?? -1,
};

const rows = new Map();
const isShown = () => !byId("list").hidden;

/** Whether a hand or the keyboard is at a row. */
const isInUse = () => Boolean(document.querySelector("#list tbody:hover, #list tbody:focus-within"));

/** The column that the table is sorted by, and whether its end comes first. */
function order() {
  const [, down, key] = /^(-?)(.*)$/.exec(view.sort ?? "");
  return CELLS[key] ? { key, down: down === "-" } : { key: null, down: false };
}

/** What the rows were sorted by last. */
let sortedBy = "";

function sorted(all) {
  const { key, down } = order();
  // Traffic changes always: rows that are in use stay where they are until another order is asked for.
  const isKept = key === "traffic" && view.sort === sortedBy && isInUse();
  sortedBy = view.sort ?? "";
  if (isKept) return asTheyStand(all);
  if (!key) return all;
  const number = NUMBERS[key];
  const by = number
    ? (a, b) => (number(a) < number(b) ? -1 : Number(number(a) > number(b)))
    : (a, b) => collator.compare(CELLS[key](a), CELLS[key](b));
  return all.sort((a, b) => (down ? by(b, a) : by(a, b)));
}

/** In the order of the rows, those without one last. */
function asTheyStand(all) {
  const places = new Map([...document.querySelectorAll("#list tbody tr")].map((row, place) => [row.dataset.jack, place]));
  const place = (jack) => places.get(jack.id) ?? places.size;
  return all.sort((a, b) => place(a) - place(b));
}

/** The row of a jack, made once and kept. */
function rowOf(jack) {
  let row = rows.get(jack.id);
  if (!row) {
    row = element("tr");
    row.dataset.jack = jack.id;
    for (const key of Object.keys(CELLS)) row.append(key === "name" ? element("th") : element("td", undefined, key));
    const name = row.querySelector("th");
    name.scope = "row";
    name.append(element("button"));
    name.firstChild.type = "button";
    rows.set(jack.id, row);
  }
  Object.values(CELLS).forEach((cell, column) => {
    const place = row.children[column];
    setText(place.firstElementChild ?? place, cell(jack));
  });
  const button = row.querySelector("button");
  button.setAttribute("aria-label", nameOf(jack));
  button.setAttribute("aria-pressed", String(jack.id === pinned));
  row.className = ["failed", "pending", "orphaned", "unknown"].includes(jack.dataset.condition) ? "amiss" : "";
  return row;
}

/** Writes the table, if it is shown. */
export function updateList() {
  for (const head of document.querySelectorAll("#list th[data-key]")) {
    const { key, down } = order();
    if (head.dataset.key === key) head.setAttribute("aria-sort", down ? "descending" : "ascending");
    else head.removeAttribute("aria-sort");
  }
  if (!isShown()) return;
  const all = sorted(isFiltered() ? matching() : jacks());
  const there = new Set(jacks().map((jack) => jack.id));
  for (const id of rows.keys()) if (!there.has(id)) rows.delete(id);
  place(all.map(rowOf));
}

/** Puts rows in their order; those that stand right are not touched. What is moved keeps the focus. */
function place(wanted) {
  const body = document.querySelector("#list tbody");
  const active = document.activeElement;
  const keep = new Set(wanted);
  for (const row of [...body.children]) if (!keep.has(row)) row.remove();
  let here = body.firstElementChild;
  for (const row of wanted) {
    if (row === here) here = here.nextElementSibling;
    else body.insertBefore(row, here);
  }
  if (body.contains(active) && active !== document.activeElement) active.focus({ preventScroll: true });
}

/** Traffic has changed: the column, and the order if that is by traffic and no row is in use. */
export function updateTraffic() {
  if (!isShown()) return;
  if (order().key === "traffic" && !isInUse()) updateList();
  for (const jack of jacks()) {
    const cell = rows.get(jack.id)?.querySelector("td.traffic");
    if (cell) setText(cell, CELLS.traffic(jack));
  }
}

export function startList(choose) {
  document.querySelector("#list thead").addEventListener("click", (event) => {
    const key = event.target.closest("th")?.dataset.key;
    if (!key) return;
    const now = order();
    // What is much is asked for first, and the third click goes back to the order of the picture.
    const first = key === "traffic" ? `-${key}` : key;
    const second = key === "traffic" ? key : `-${key}`;
    const sort = now.key !== key ? first : view.sort === first ? second : "";
    change({ sort });
  });
  document.querySelector("#list tbody").addEventListener("click", (event) => {
    const jack = jackById(event.target.closest("tr")?.dataset.jack);
    if (!jack) return;
    choose(jack);
    if (byId("picture").offsetParent) reveal(jack);
  });
}

