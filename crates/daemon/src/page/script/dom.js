// What every module needs of the document.
export const byId = (id) => document.getElementById(id);

/** All jacks of the picture, in its order. */
export const jacks = () => [...document.querySelectorAll("#picture .jack")];

/** The jack with this id; none where the page has nothing by it, or something that is no jack. */
export const jackById = (id) => byId(id)?.closest("#picture .jack");

/** What a jack is called, by its label. */
export const nameOf = (jack) => jack.getAttribute("aria-label");

/** The jack that an event is on. */
export const jackOf = (event) => event.target.closest?.("#picture .jack");

/** A new element with text in it, never HTML. */
export function element(tag, text, kind) {
  const made = document.createElement(tag);
  if (text !== undefined) made.textContent = text;
  if (kind) made.className = kind;
  return made;
}

/** The words of a list that an attribute has. */
export const words = (text) => (text ? text.split(" ") : []);

/** Sets a text, unless it is that already: a screen reader is not told twice. */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}
