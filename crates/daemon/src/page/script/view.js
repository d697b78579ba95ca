// What is shown and how: it stands in the address behind the #, so that a link shows the same.
import { jackById } from "./dom.js";

/** The keys that name a jack by its id, which has the name of a container in it. */
export const JACKS = ["jack", "from", "to"];

/** The key beside such a one that says whose interface that is, whatever the container is called. */
export const ownerKey = (key) => `${key}-of`;

const KEYS = ["show", "density", "find", "vlan", "engine", "state", "sort", ...JACKS, "packet", "at", ...JACKS.map(ownerKey)];

/** The view as it is; a key that is not set is missing. */
export const view = {};

const listeners = [];

/** Calls `listener` when the view has become another one, by whatever way. */
export const onView = (listener) => listeners.push(listener);

/** Changes some keys of the view; an empty value takes one away. */
export function change(part) {
  const was = JSON.stringify(view);
  for (const [key, value] of Object.entries(part)) {
    // The owner of a jack that is not there is the one that was told with it.
    if (JACKS.includes(key) && value !== view[key]) set(ownerKey(key), value && jackById(value)?.dataset.owner);
    set(key, value);
  }
  if (JSON.stringify(view) === was) return;
  const words = new URLSearchParams(KEYS.filter((key) => view[key]).map((key) => [key, view[key]]));
  // No entry in the history for each letter that is typed.
  history.replaceState(null, "", words.size ? `#${words}` : location.pathname + location.search);
  tell();
}

function set(key, value) {
  if (value) view[key] = String(value);
  else delete view[key];
}

const tell = () => listeners.forEach((listener) => listener());

function read() {
  const words = new URLSearchParams(location.hash.slice(1));
  for (const key of KEYS) set(key, words.get(key));
}

/** Takes the view from the address, now and when a user changes it there. */
export function startView() {
  read();
  tell();
  addEventListener("hashchange", () => {
    read();
    tell();
  });
}
