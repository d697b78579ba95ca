// Puts a new picture in the place of the old one.

/** Makes `old` equal to `fresh`, keeping every element that is in both: focus stays. */
function morph(old, fresh) {
  if (old.nodeType !== Node.ELEMENT_NODE) {
    if (old.data !== fresh.data) old.data = fresh.data;
    return;
  }
  for (const { name } of [...old.attributes]) if (!fresh.hasAttribute(name)) old.removeAttribute(name);
  for (const { name, value } of fresh.attributes) {
    if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  }
  morphContent(old, fresh);
}

/** Gives `old` the content of `fresh` as {@link morph} does; its own attributes stay as the page has set them. */
export function morphContent(old, fresh) {
  const known = new Map();
  const wanted = new Set([...fresh.children].map((child) => child.id).filter(Boolean));
  for (const child of [...old.children]) {
    if (child.id && wanted.has(child.id)) known.set(child.id, child);
    else if (child.id) child.remove();
  }
  let here = old.firstChild;
  for (const child of [...fresh.childNodes]) {
    const same = here && !here.id && here.nodeName === child.nodeName;
    const twin = child.id ? known.get(child.id) : same ? here : undefined;
    if (!twin) old.insertBefore(document.adoptNode(child), here);
    else if (twin === here) here = here.nextSibling;
    else old.insertBefore(twin, here);
    if (twin) morph(twin, child);
  }
  while (here) {
    const next = here.nextSibling;
    here.remove();
    here = next;
  }
}
