// Keeps the picture up to date and joins the modules.
// Other people's words are only ever set as text; what comes from the server is escaped there.
import { byId, jackOf, jacks, nameOf } from "./script/dom.js";
import { fetchCounters, markSelected, pin, pinned, showDetails, shown } from "./script/details.js";
import { onKey, updateTabStop } from "./script/keyboard.js";
import { morph } from "./script/morph.js";
import { search } from "./script/search.js";

/** Name and text of each jack, by id. */
const describe = () => new Map(jacks().map((jack) => [jack.id, [nameOf(jack), jack.textContent].join("\n")]));

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
    if (html !== last) replacePicture(html);
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

function replacePicture(html) {
  const fresh = new DOMParser().parseFromString(html, "text/html");
  const before = describe();
  const names = new Map(jacks().map((jack) => [jack.id, nameOf(jack)]));
  const active = document.activeElement?.id;
  for (const id of ["head", "picture"]) {
    const part = fresh.getElementById(id);
    if (part) morph(byId(id), part);
  }
  if (active && document.activeElement?.id !== active) byId(active)?.focus({ preventScroll: true });
  search(false);
  updateTabStop();
  announceChanges(before, names);
  markSelected();
  if (shown) showDetails(shown, false);
}

/** Says what changed, and lets it be seen. */
function announceChanges(before, names) {
  const news = [];
  for (const jack of jacks()) {
    const was = before.get(jack.id);
    before.delete(jack.id);
    if (was === [nameOf(jack), jack.textContent].join("\n")) continue;
    news.push(nameOf(jack));
    jack.classList.add("fresh");
    setTimeout(() => jack.classList.remove("fresh"), 2500);
  }
  for (const id of before.keys()) news.push(`gone: ${names.get(id)}`);
  if (!news.length) return;
  const rest = news.length > 3 ? `, and ${news.length - 3} more changes` : "";
  byId("news").textContent = news.slice(0, 3).join("; ") + rest;
}

function showConnection(word, kind) {
  const live = byId("live");
  if (live.textContent !== word) live.textContent = word;
  live.className = kind;
}

function connect() {
  const events = new EventSource("/v1/events?from=now");
  events.onopen = () => {
    showConnection("live", "live");
    refresh();
  };
  events.onmessage = refresh;
  for (const name of ["reset", "namespace", "sources"]) events.addEventListener(name, refresh);
  events.onerror = () => {
    showConnection("reconnecting…", "away");
    // A browser gives up when the answer is an error; the server may be just starting.
    if (events.readyState === EventSource.CLOSED) setTimeout(connect, 2000);
  };
  addEventListener("pagehide", () => events.close(), { once: true });
}

function start() {
  const picture = byId("picture");
  byId("find").addEventListener("input", () => search(true));
  document.addEventListener("keydown", onKey);
  picture.addEventListener("click", (event) => {
    const jack = jackOf(event);
    if (jack) pin(pinned === jack.id ? null : jack.id);
  });
  picture.addEventListener("pointerover", (event) => {
    const jack = jackOf(event);
    if (jack && !pinned && jack.id !== shown) showDetails(jack.id, false);
  });
  picture.addEventListener("focusin", (event) => {
    const jack = jackOf(event);
    if (!jack) return;
    updateTabStop(jack);
    if (!pinned) showDetails(jack.id, false);
  });
  // Counters move on while a jack is shown. Events are about attachments only: a new bridge or
  // a source that fell silent is in the picture alone. Unchanged it is not sent again.
  setInterval(() => {
    const jack = shown && !document.hidden && byId(shown);
    if (jack) fetchCounters(jack);
  }, 2000);
  setInterval(() => document.hidden || refresh(), 2000);
  document.addEventListener("visibilitychange", () => document.hidden || refresh());
  updateTabStop();
  markSelected();
  search(false);
  connect();
}

start();
