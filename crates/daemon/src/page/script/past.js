// The page as of a moment: a slider over what the journal knows, and steps from change to change.
import { slowJson } from "./api.js";
import { byId, setText } from "./dom.js";
import { change, view } from "./view.js";

/** How often the slider learns of what came since, in milliseconds. */
const EVERY = 5000;

let isOpen = false;
let known = [];
let reason = null;

/** The moment that is asked for, in milliseconds since the Unix epoch; null for now. */
export function moment() {
  const at = Date.parse(view.at ?? "");
  return Number.isNaN(at) ? null : at;
}

/** What a request for then has more than one for now. */
export const asOf = () => (moment() === null ? {} : { at: new Date(moment()).toISOString() });

const two = (number) => String(number).padStart(2, "0");

/** A moment in the time zone of the browser, as its field for times has it. */
function local(at) {
  const time = new Date(at);
  const day = [time.getFullYear(), two(time.getMonth() + 1), two(time.getDate())].join("-");
  return `${day}T${[time.getHours(), time.getMinutes(), time.getSeconds()].map(two).join(":")}`;
}

/** A moment in words. */
export const told = (at) => local(at).replace("T", " ");

/** Shows the host as it was then; null for as it is. */
const go = (at) => change({ at: at === null ? "" : new Date(at).toISOString() });

/** The moment that the picture is of. */
let drawnAt = null;

export function togglePast() {
  if (byId("past").hidden) {
    isOpen = true;
    updatePast(drawnAt);
    byId("past-slider").focus();
  } else endPast();
}

export function endPast() {
  const hadFocus = byId("past").contains(document.activeElement);
  isOpen = false;
  go(null);
  updatePast(drawnAt);
  if (hadFocus) byId("show-past").focus();
}

/** Whether the picture is of the moment that the view asks for: else one is on its way. */
export const isDrawn = () => drawnAt === moment();

/** Brings the controls to what the view says; `drawn` is the moment that the picture is of. */
export function updatePast(drawn) {
  drawnAt = drawn;
  const at = moment();
  const wasHidden = byId("past").hidden;
  byId("past").hidden = !(isOpen || view.at);
  byId("show-past").setAttribute("aria-pressed", String(!byId("past").hidden));
  // What passes through the host is known of now alone.
  byId("show-trace").disabled = at !== null;
  if (byId("past").hidden) return;
  if (wasHidden) learn();
  const slider = byId("past-slider");
  if (at !== null && at < Number(slider.min)) slider.min = String(at);
  slider.value = at ?? slider.max;
  slider.setAttribute("aria-valuetext", at === null ? "now" : told(at));
  if (document.activeElement !== byId("past-at")) byId("past-at").value = at === null ? "" : local(at);
  setText(byId("past-told"), words(at, drawn));
}

function words(at, drawn) {
  if (reason) return reason;
  if (at === null) return view.at ? `${view.at} is no moment: this is now.` : "As it is now.";
  return drawn === at ? `As it was at ${told(at)}.` : `Asking for ${told(at)}…`;
}

const ask = () => slowJson("/moments", asOf());

let isLearning = false;

/** Learns which moments there are. */
async function learn() {
  if (isLearning) return;
  isLearning = true;
  try {
    show(await ask());
  } catch {
    // That the daemon is away is said of the picture.
  } finally {
    isLearning = false;
  }
}

function show(moments) {
  const hadReason = reason !== null;
  known = moments.Known;
  reason = moments.Reason ?? (known.length ? null : "The journal has nothing yet.");
  for (const part of document.querySelectorAll("#past input, #past button")) part.disabled = reason !== null;
  byId("past-now").disabled = false;
  if (reason) return setText(byId("past-told"), reason);
  const slider = byId("past-slider");
  const at = moment();
  const first = Math.min(known[0][0], at ?? Infinity);
  // While it is dragged its ends stay.
  if (!slider.matches(":active")) {
    slider.step = step(moments.Now - first);
    slider.min = String(first);
    slider.max = String(Math.max(moments.Now, first + 1));
    slider.value = at ?? slider.max;
    paint(slider);
  }
  if (hadReason || byId("past-told").textContent === "") setText(byId("past-told"), words(at, at));
}

/** What an arrow key moves by, in milliseconds: a hundredth of a short history, at most a minute. */
const step = (span) => String(Math.max(1, Math.min(60_000, Math.floor(span / 100))));

/** Colours the part of the slider of which something is known. */
function paint(slider) {
  const [first, last] = [Number(slider.min), Number(slider.max)];
  const place = (at) => `${Math.max(0, Math.min(100, ((at - first) / (last - first)) * 100)).toFixed(2)}%`;
  const stops = known.flatMap(([from, until]) =>
    [`var(--ground) ${place(from)}`, `var(--good) ${place(from)}`, `var(--good) ${place(until)}`, `var(--ground) ${place(until)}`]);
  slider.style.setProperty("--known", `linear-gradient(to right, ${stops.join(", ")})`);
}

/** Goes to the change next to the moment that is shown. */
async function stepTo(side) {
  const [from, address] = [view.at, location.hash];
  try {
    const moments = await ask();
    // A late answer leads no page away that has gone elsewhere, or is about to.
    if (view.at !== from || location.hash !== address) return;
    show(moments);
    if (moments[side] != null) go(moments[side]);
    else if (!reason) setText(byId("past-told"), `The journal knows of no change ${side.toLowerCase()} that.`);
  } catch (error) {
    setText(byId("past-told"), error.message);
  }
}

export function startPast() {
  const slider = byId("past-slider");
  slider.addEventListener("input", () => go(Number(slider.value) >= Number(slider.max) - Number(slider.step) ? null : Number(slider.value)));
  byId("past-at").addEventListener("change", () => {
    const at = Date.parse(byId("past-at").value);
    go(Number.isNaN(at) ? null : at);
  });
  byId("past-before").addEventListener("click", () => stepTo("Before"));
  byId("past-after").addEventListener("click", () => stepTo("After"));
  byId("past-now").addEventListener("click", () => go(null));
  byId("show-past").addEventListener("click", togglePast);
  setInterval(() => document.hidden || byId("past").hidden || learn(), EVERY);
}
