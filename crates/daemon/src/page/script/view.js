// What is shown and how: it stands in the address behind the #, so that a link shows the same.

const KEYS = ["show", "density", "find", "vlan", "engine", "state", "sort", "jack", "from", "to", "packet", "at"];

/** The view as it is; a key that is not set is missing. */
export const view = {};

const listeners = [];

/** Calls `listener` when the view has become another one, by whatever way. */
export const onView = (listener) => listeners.push(listener);

/** Changes some keys of the view; an empty value takes one away. */
export function change(part) {
  const was = JSON.stringify(view);
  for (const [key, value] of Object.entries(part)) {
    if (value) view[key] = String(value);
    else delete view[key];
  }
  if (JSON.stringify(view) === was) return;
  const words = new URLSearchParams(KEYS.filter((key) => view[key]).map((key) => [key, view[key]]));
  // No entry in the history for each letter that is typed.
  history.replaceState(null, "", words.size ? `#${words}` : location.pathname + location.search);
  tell();
}

const tell = () => listeners.forEach((listener) => listener());

function read() {
  const words = new URLSearchParams(location.hash.slice(1));
  for (const key of KEYS) {
    const value = words.get(key);
    if (value) view[key] = value;
    else delete view[key];
  }
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
