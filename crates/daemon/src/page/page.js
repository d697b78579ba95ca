// Keeps the picture up to date, finds jacks, and tells of one in full.
// Other people's words are only ever set as text; what comes from the server is escaped there.
const at = (id) => document.getElementById(id);
const jacks = () => [...document.querySelectorAll("#picture .jack")];
const name = (jack) => jack.getAttribute("aria-label");

// Jacks are known by id, as the elements may be replaced.
let pinned = null;
let shown = null;
let stop = "";

// ---- the picture ----------------------------------------------------------------------

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

/** What each jack says, by id: its name, and whatever else is told of it. */
const told = () => new Map(jacks().map((jack) => [jack.id, [name(jack), jack.textContent].join("\n")]));

let last = "";
let busy = false;
let again = false;

/** Fetches the picture and puts it in place; one at a time, and the last word counts. */
async function refresh() {
  if (busy) {
    again = true;
    return;
  }
  busy = true;
  try {
    const answer = await fetch("/figure", { cache: "no-cache" });
    const html = answer.ok ? await answer.text() : last;
    if (html !== last) swap(html);
    last = html;
  } catch {
    // The stream of events says that the server is away, and when it is back.
  } finally {
    // Bursts come in one piece.
    setTimeout(() => {
      busy = false;
      if (again) {
        again = false;
        refresh();
      }
    }, 100);
  }
}

function swap(html) {
  const fresh = new DOMParser().parseFromString(html, "text/html");
  const before = told();
  const names = new Map(jacks().map((jack) => [jack.id, name(jack)]));
  const active = document.activeElement?.id;
  for (const id of ["head", "picture"]) {
    const part = fresh.getElementById(id);
    if (part) morph(at(id), part);
  }
  if (active && document.activeElement?.id !== active) at(active)?.focus({ preventScroll: true });
  search(false);
  enter();
  announce(before, names);
  mark();
  if (shown) tell(shown, false);
}

/** Says what changed, and lets it be seen. */
function announce(before, names) {
  const news = [];
  for (const jack of jacks()) {
    const was = before.get(jack.id);
    before.delete(jack.id);
    if (was === [name(jack), jack.textContent].join("\n")) continue;
    news.push(name(jack));
    jack.classList.add("fresh");
    setTimeout(() => jack.classList.remove("fresh"), 2500);
  }
  for (const id of before.keys()) news.push(`gone: ${names.get(id)}`);
  if (!news.length) return;
  const rest = news.length > 3 ? `, and ${news.length - 3} more changes` : "";
  at("news").textContent = news.slice(0, 3).join("; ") + rest;
}

// ---- the connection -------------------------------------------------------------------

function state(word, kind) {
  const live = at("live");
  if (live.textContent !== word) live.textContent = word;
  live.className = kind;
}

function listen() {
  const events = new EventSource("/v1/events?from=now");
  events.onopen = () => {
    state("live", "live");
    refresh();
  };
  events.onmessage = refresh;
  events.addEventListener("reset", refresh);
  events.onerror = () => {
    state("reconnecting…", "away");
    // A browser gives up when the answer is an error; the server may be just starting.
    if (events.readyState === EventSource.CLOSED) setTimeout(listen, 2000);
  };
  addEventListener("pagehide", () => events.close(), { once: true });
}

// ---- search ---------------------------------------------------------------------------

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

function search(fromStart) {
  const query = at("find").value.trim().toLowerCase();
  hits = query ? matches(query) : [];
  const found = new Set(hits);
  document.querySelector("#picture .wiring")?.classList.toggle("seeking", query !== "");
  for (const jack of jacks()) jack.classList.toggle("hit", found.has(jack));
  const text = query ? `${hits.length} of ${jacks().length}` : "";
  if (at("found").textContent !== text) at("found").textContent = text;
  if (fromStart && hits.length) reveal(hits[0]);
}

/** Goes to the hit after the one that is kept, or before it. */
function step(forward) {
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

// ---- one jack -------------------------------------------------------------------------

function pin(id) {
  pinned = id;
  mark();
  if (id) tell(id, true);
  else hint();
}

/** Shows which jack is kept, and which one Tab goes to. */
function mark() {
  for (const jack of jacks()) jack.setAttribute("aria-pressed", String(jack.id === pinned));
}

function enter() {
  const all = jacks();
  const target = all.find((jack) => jack.id === stop) ?? all[0];
  stop = target?.id ?? "";
  for (const jack of all) jack.tabIndex = jack === target ? 0 : -1;
}

function element(tag, text, kind) {
  const made = document.createElement(tag);
  if (text !== undefined) made.textContent = text;
  if (kind) made.className = kind;
  return made;
}

function list(lines, kind) {
  const made = element("ul", undefined, kind);
  made.append(...lines.map((line) => element("li", line)));
  return made;
}

const lines = (text) => (text ? text.split("\n") : []);

function hint() {
  shown = null;
  const words = "Point at a jack, or go to one with the arrow keys, to see who is on it and how that is known. Enter keeps it.";
  at("details").replaceChildren(element("p", words, "hint"));
}

/** Tells of a jack; of another than before, or when asked, with its counters anew. */
function tell(id, anew) {
  const jack = at(id);
  const panel = at("details");
  if (!jack) {
    if (!panel.querySelector(".gone")) panel.prepend(element("p", "This port is gone.", "gone"));
    return;
  }
  const other = shown !== id;
  const table = other ? undefined : panel.querySelector(".counters");
  shown = id;
  const parts = [element("h2", name(jack))];
  parts.push(list(lines(jack.querySelector("desc").textContent), "facts"));
  const evidence = lines(jack.dataset.evidence);
  if (evidence.length) parts.push(element("h3", "How it is known"), list(evidence, "evidence"));
  parts.push(table ?? element("div", undefined, "counters"));
  if (pinned === id) parts.push(closer());
  panel.replaceChildren(...parts);
  if (other || anew) count(jack);
}

function closer() {
  const button = element("button", "×");
  button.setAttribute("aria-label", "Let go");
  button.addEventListener("click", () => {
    at(pinned)?.focus();
    pin(null);
  });
  return button;
}

// ---- counters -------------------------------------------------------------------------

let earlier = null;

/** Reads the counters of a jack; they are no part of the picture, as they change always. */
async function count(jack) {
  const { bridge, ofport } = jack.dataset;
  if (!ofport) return;
  const path = `/v1/bridges/${encodeURIComponent(bridge)}/ports/${ofport}`;
  try {
    const answer = await fetch(path);
    const port = answer.ok ? await answer.json() : {};
    if (shown === jack.id && Object.keys(port.Statistics ?? {}).length) counters(jack.id, port.Statistics);
  } catch {
    // No counters, then.
  }
}

function counters(id, now) {
  const time = performance.now();
  const was = earlier?.id === id ? earlier : null;
  const speed = (key) => (was && key in was.now ? (now[key] - was.now[key]) / ((time - was.time) / 1000) : null);
  const row = (what, key) => {
    const cells = [`rx_${key}`, `tx_${key}`].map((full) => {
      const value = now[full];
      if (!(value >= 0)) return element("td", "–");
      const rate = key === "bytes" || key === "packets" ? speed(full) : null;
      return element("td", amount(value) + (rate ? ` (${amount(Math.round(rate))}/s)` : ""));
    });
    const line = element("tr");
    line.append(element("th", what), ...cells);
    return line;
  };
  const head = element("tr");
  head.append(element("th"), element("th", "received"), element("th", "sent"));
  const thead = element("thead");
  thead.append(head);
  const body = element("tbody");
  body.append(...["bytes", "packets", "dropped", "errors"].map((key) => row(key, key)));
  const table = element("table");
  table.append(thead, body);
  document.querySelector("#details .counters")?.replaceChildren(element("h3", "Counters"), table);
  if (!was || time - was.time > 900) earlier = { id, time, now };
}

const amount = (number) => number.toLocaleString("en").replaceAll(",", "\u202f");

// ---- hands ----------------------------------------------------------------------------

const under = (event) => event.target.closest?.("#picture .jack");

/** The jack above or below: the nearest in the next row of that direction. */
function beside(jack, down) {
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

function moved(jack, key) {
  const all = jacks();
  const here = all.indexOf(jack);
  const mates = [...jack.parentNode.querySelectorAll(".jack")];
  switch (key) {
    case "ArrowRight": return all[here + 1];
    case "ArrowLeft": return all[here - 1];
    case "ArrowDown": return beside(jack, true);
    case "ArrowUp": return beside(jack, false);
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
    const next = moved(jack, event.key);
    if (!next) return;
    event.preventDefault();
    next.focus();
  }
}

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const jack = under(event);
  const typing = event.target === at("find");
  if (event.key === "/" && !typing) {
    at("find").focus();
    at("find").select();
    event.preventDefault();
  } else if (event.key === "Escape") {
    if (typing) at("find").value = "";
    search(false);
    pin(null);
  } else if (typing && event.key === "Enter") {
    step(!event.shiftKey);
    event.preventDefault();
  } else if (jack) {
    onJackKey(event, jack);
  }
}

function start() {
  const picture = at("picture");
  at("find").addEventListener("input", () => search(true));
  document.addEventListener("keydown", onKey);
  picture.addEventListener("click", (event) => {
    const jack = under(event);
    if (jack) pin(pinned === jack.id ? null : jack.id);
  });
  picture.addEventListener("pointerover", (event) => {
    const jack = under(event);
    if (jack && !pinned && jack.id !== shown) tell(jack.id, false);
  });
  picture.addEventListener("focusin", (event) => {
    const jack = under(event);
    if (!jack) return;
    stop = jack.id;
    enter();
    if (!pinned) tell(jack.id, false);
  });
  // Counters move on while somebody looks. Events tell of attachments only: that a bridge came
  // or a source fell silent, the picture itself tells. Unchanged it is not sent again.
  setInterval(() => {
    const jack = shown && !document.hidden && at(shown);
    if (jack) count(jack);
  }, 2000);
  setInterval(() => document.hidden || refresh(), 2000);
  document.addEventListener("visibilitychange", () => document.hidden || refresh());
  enter();
  mark();
  search(false);
  listen();
}

start();
