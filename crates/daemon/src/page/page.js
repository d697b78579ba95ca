// Keeps the picture up to date and joins the modules.
// Other people's words are only ever set as text; what comes from the server is escaped there.
import { events, figure } from "./script/api.js";
import { fetchCounters, showCounters } from "./script/counters.js";
import { byId, jackById, jackOf, jacks, nameOf, setText } from "./script/dom.js";
import { markSelected, pin, pinned, showDetails, shown } from "./script/details.js";
import { startFilters, updateFilters } from "./script/filter.js";
import { onKey, startKeys, updateTabStop } from "./script/keyboard.js";
import { startList, updateList, updateTraffic } from "./script/list.js";
import { morphContent } from "./script/morph.js";
import { asOf, moment, startPast, togglePast, told, updatePast } from "./script/past.js";
import { followRates, light, onRates } from "./script/rates.js";
import { search } from "./script/search.js";
import { beginTrace, chooseEnd, endTrace, isTracing, mark, startTrace, updateTrace } from "./script/trace.js";
import { JACKS, change, onView, ownerKey, startView, view } from "./script/view.js";

/** A window as wide as this has room for picture and table beside each other. */
const WIDE = matchMedia("(min-width: 106rem)");

/** Name and text of each jack, by id. */
const describe = () => new Map(jacks().map((jack) => [jack.id, [nameOf(jack), jack.querySelector("desc").textContent].join("\n")]));

let last = "";
let busy = false;
let again = false;
/** What the picture was asked for with, and the moment that it is of. */
let drawn = "";
let drawnAt = null;

/** Fetches the picture and puts it in place; one at a time, and the last word counts. */
async function refresh() {
  if (busy) {
    again = true;
    return;
  }
  const query = { width: room(), density: view.density ?? "auto", ...asOf() };
  const asked = JSON.stringify(query);
  const at = moment();
  // What was does not change; whether it is known may.
  if (at !== null && asked === drawn && !isUnknown()) return showProblem("");
  busy = true;
  try {
    const html = await figure(query);
    // Meanwhile another moment may be wanted, which is asked for next.
    if (moment() === at) {
      if (html !== last) replacePicture(html);
      [last, drawn, drawnAt] = [html, asked, at];
      updatePast(drawnAt);
    }
    showProblem("");
  } catch (error) {
    showProblem(error.message);
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

/** The width that the picture has, in pixels; where it is hidden, what it would have. */
const room = () => Math.floor(byId("picture").clientWidth || byId("main").clientWidth);

function replacePicture(html) {
  const fresh = new DOMParser().parseFromString(html, "text/html");
  const before = last && !isUnknown() ? describe() : null;
  const names = new Map(jacks().map((jack) => [jack.id, nameOf(jack)]));
  const were = new Map(jacks().map((jack) => [jack.id, { port: portOf(jack), owner: jack.dataset.owner }]));
  const active = document.activeElement?.id;
  for (const id of ["head", "picture"]) {
    const part = fresh.getElementById(id);
    // Whether the picture is shown at all is the view's to say.
    if (part) morphContent(byId(id), part);
  }
  if (active && document.activeElement?.id !== active) byId(active)?.focus({ preventScroll: true });
  // At another moment a port of that name may be another one.
  if (moment() === null && drawnAt === null) follow(were);
  showPicture();
  if (before) announceChanges(before, names);
  if (shown) showDetails(shown, false);
}

/** The port that a jack is of. */
const portOf = (jack) => JSON.stringify([jack.dataset.bridge, jack.dataset.port]);

/** Keeps the view to the ports that it names. A jack is called after its container, as that is made again with another
    port: where the container was renamed, the jack of the same interface of the same container is meant, as it was in
    the picture before or as the address tells, also where another one has its name now. The port alone tells where that
    is not known of one of the two. */
function follow(were) {
  const owners = new Map(jacks().map((jack) => [jack.dataset.owner, jack.id]));
  const ports = new Map(jacks().map((jack) => [portOf(jack), jack]));
  const now = (key) => {
    const was = were.get(view[key]);
    const owner = was?.owner ?? view[ownerKey(key)];
    if (owner && owners.has(owner)) return owners.get(owner);
    if (jackById(view[key])) return view[key];
    const there = ports.get(was?.port);
    return there && !(owner && there.dataset.owner) ? there.id : view[key];
  };
  const named = JACKS.filter((key) => view[key]);
  change(Object.fromEntries(named.map((key) => [key, now(key)])));
}

/** Whether of the moment that is shown nothing is known. */
const isUnknown = () => Boolean(document.querySelector("#picture > .unknown"));

/** All that depends on the picture. */
function showPicture() {
  updateFilters();
  search(false);
  updateTabStop();
  light();
  updateList();
  updateTrace();
  mark();
  markSelected();
  const dense = Boolean(document.querySelector("#picture .wiring.dense"));
  byId("show-dense").setAttribute("aria-pressed", String(dense));
}

/** Says what changed, and lets it be seen. */
function announceChanges(before, names) {
  if (isUnknown()) {
    byId("news").textContent = document.querySelector("#picture > .unknown").textContent;
    return;
  }
  const news = [];
  for (const [id, text] of describe()) {
    const was = before.get(id);
    before.delete(id);
    if (was === text) continue;
    const jack = byId(id);
    news.push(nameOf(jack));
    jack.classList.add("fresh");
    setTimeout(() => jack.classList.remove("fresh"), 2500);
  }
  for (const id of before.keys()) news.push(`gone: ${names.get(id)}`);
  if (!news.length) return;
  const rest = news.length > 3 ? `, and ${news.length - 3} more changes` : "";
  const when = moment() === null ? "" : `${told(moment())}: `;
  byId("news").textContent = when + news.slice(0, 3).join("; ") + rest;
}

/** How the stream of events is, in a word and its kind; and why there is no newer picture, if there is none. */
let connection = ["still", ""];
let problem = "";

function showConnection(word, kind) {
  connection = [word, kind];
  showUpToDate();
}

function showProblem(why) {
  problem = why;
  showUpToDate();
}

/** Whether what is shown is up to date; of the past it is not that. */
function showUpToDate() {
  const isPast = moment() !== null;
  // A stream that is away says so itself.
  const isWrong = problem !== "" && (isPast || connection[1] !== "away");
  const [word, kind] = isWrong ? [problem, "away"] : isPast ? ["as it was", "past"] : connection;
  setText(byId("live"), word);
  byId("live").className = kind;
}

let stream = null;

/** Follows what changes, if the page is seen and does not yet: a browser has few connections to one daemon for all
    pages of it. */
function connect() {
  if (document.hidden || (stream && stream.readyState !== EventSource.CLOSED)) return;
  stream = events();
  stream.onopen = () => {
    showConnection("live", "live");
    refresh();
  };
  stream.onmessage = refresh;
  for (const name of ["reset", "namespace", "sources"]) stream.addEventListener(name, refresh);
  stream.onerror = () => {
    showConnection("reconnecting…", "away");
    // A browser gives up when the answer is an error; the server may be just starting.
    if (stream.readyState === EventSource.CLOSED) setTimeout(connect, 2000);
  };
}

function disconnect() {
  stream?.close();
  showConnection("still", "");
}

/** A page that is left or put away keeps no stream open; one that is shown again has a new one. */
function startConnection() {
  connect();
  addEventListener("pagehide", disconnect);
  addEventListener("pageshow", connect);
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) return disconnect();
    connect();
    refresh();
  });
}

// ---- what is shown ----------------------------------------------------------------------

/** Picture, table or both: as the view says, else as the window has room. */
const parts = () => (view.show ?? (WIDE.matches ? "both" : "picture"));

function toggle(part) {
  const other = part === "picture" ? "table" : "picture";
  const now = parts();
  // One of them is always there.
  change({ show: now === "both" ? other : now === part ? now : "both" });
}

let density = "";

/** Brings the page to what the view says. */
function showView() {
  // An address may have been kept since before a container was renamed.
  if (moment() === null && drawnAt === null) follow(new Map());
  const now = parts();
  byId("main").className = now;
  byId("picture").hidden = now === "table";
  byId("list").hidden = now === "picture";
  byId("show-picture").setAttribute("aria-pressed", String(now !== "table"));
  byId("show-table").setAttribute("aria-pressed", String(now !== "picture"));
  if (byId("find").value.trim() !== (view.find ?? "").trim()) byId("find").value = view.find ?? "";
  if (density !== (view.density ?? "auto") || moment() !== drawnAt) {
    density = view.density ?? "auto";
    refresh();
  }
  updatePast(drawnAt);
  showUpToDate();
  if (pinned !== (view.jack ?? null)) pin(view.jack ?? null);
  updateFilters();
  search(false);
  updateList();
  updateTrace();
  mark();
}

/** What a click on a jack does, or Enter. */
function choose(jack) {
  if (isTracing()) chooseEnd(jack);
  else pin(pinned === jack.id ? null : jack.id);
  updateList();
}

const toggleTrace = () => moment() === null && (isTracing() ? endTrace() : beginTrace(jackById(pinned)));
const toggleDense = () => {
  const dense = document.querySelector("#picture .wiring.dense");
  change({ density: dense ? "labels" : "dense" });
};

function startTools() {
  byId("find").addEventListener("input", () => {
    change({ find: byId("find").value });
    search(true);
  });
  byId("show-picture").addEventListener("click", () => toggle("picture"));
  byId("show-table").addEventListener("click", () => toggle("table"));
  byId("show-dense").addEventListener("click", toggleDense);
  byId("show-trace").addEventListener("click", toggleTrace);
  WIDE.addEventListener("change", showView);
  // The address has the view, so that the link may not change it.
  document.querySelector(".skip").addEventListener("click", (event) => {
    event.preventDefault();
    const stop = parts() === "table" ? "#list :is(button, input, a)" : "#picture [tabindex='0']";
    document.querySelector(stop)?.focus();
  });
}

function startPicture() {
  const picture = byId("picture");
  picture.addEventListener("click", (event) => {
    const jack = jackOf(event);
    if (jack) choose(jack);
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
  new ResizeObserver(refresh).observe(picture);
}

function start() {
  startTools();
  startKeys();
  startFilters();
  startList(choose);
  startTrace();
  startPast();
  startPicture();
  document.addEventListener("keydown", (event) =>
    onKey(event, { choose, table: () => toggle("table"), dense: toggleDense, trace: toggleTrace, past: togglePast }));
  onView(showView);
  onRates(() => {
    updateTraffic();
    const jack = shown && jackById(shown);
    if (jack) showCounters(jack);
  });
  // Counters move on while a jack is shown. Events are about attachments only: a new bridge or
  // a source that fell silent is in the picture alone. Unchanged it is not sent again.
  setInterval(() => {
    const jack = shown && !document.hidden && jackById(shown);
    if (jack) fetchCounters(jack);
  }, 2000);
  setInterval(() => document.hidden || refresh(), 2000);
  // All that the page is made of has come.
  history.replaceState(null, "");
  showPicture();
  startView();
  startConnection();
  followRates();
}

start();
