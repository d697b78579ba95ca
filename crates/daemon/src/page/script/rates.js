// What passes through the ports now: light on the jacks, and numbers for table and details.
import { slowJson } from "./api.js";
import { jacks } from "./dom.js";
import { moment } from "./past.js";

/** So often it is asked, in milliseconds; and after the daemon had no answer. */
const EVERY = 1000;
const AFTER_ERROR = 5000;

/** Each step of light is a hundred times as much, in bytes a second. */
const STEPS = [1, 1e3, 1e5, 1e7, 1e9];
const LIGHTS = STEPS.map((_, step) => `light-${step + 1}`);

const NONE = new Map();

let rows = new Map();
const listeners = [];

/** Calls `listener` when rates were read. */
export const onRates = (listener) => listeners.push(listener);

const key = (bridge, ofport) => `${ofport} ${bridge}`;

/** The rates of a jack, as `/v1/rates` has them, if they are known: of now they are. */
export const ratesOf = (jack) => (moment() === null ? rows : NONE).get(key(jack.dataset.bridge, jack.dataset.ofport));

/** Bytes a second both ways; none where that is not known. */
export function traffic(jack) {
  const row = ratesOf(jack);
  if (row?.RxBytesPerSecond == null && row?.TxBytesPerSecond == null) return null;
  return (row.RxBytesPerSecond ?? 0) + (row.TxBytesPerSecond ?? 0);
}

/** Lets each jack shine as much as passes through it. */
export function light() {
  for (const jack of jacks()) {
    const passes = traffic(jack) ?? 0;
    const steps = STEPS.filter((step) => passes >= step).length;
    LIGHTS.forEach((name, step) => jack.classList.toggle(name, step + 1 === steps));
    jack.classList.toggle("losing", (ratesOf(jack)?.DroppedPerSecond ?? 0) > 0);
  }
}

async function read() {
  const all = await slowJson("/v1/rates");
  rows = new Map(all.map((row) => [key(row.Bridge, row.OFPort), row]));
}

/** Asks for as long as the page is seen. */
export async function followRates() {
  for (;;) {
    let pause = EVERY;
    if (!document.hidden) {
      try {
        await read();
      } catch {
        rows = new Map();
        pause = AFTER_ERROR;
      }
      light();
      for (const listener of listeners) listener();
    }
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}

const UNITS = ["", "k", "M", "G", "T"];

/** A rate in three digits: `1.25 MB/s`. */
export function formatRate(value, unit) {
  if (value == null) return "–";
  let rest = value;
  let step = 0;
  while (rest >= 999.5 && step < UNITS.length - 1) {
    rest /= 1000;
    step += 1;
  }
  const digits = step === 0 || rest >= 99.95 ? 0 : rest >= 9.995 ? 1 : 2;
  return `${rest.toFixed(digits)}\u202f${UNITS[step]}${unit}/s`;
}
