// The counters of one jack, and what passes through it now.
import { json } from "./api.js";
import { element } from "./dom.js";
import { isDrawn, moment } from "./past.js";
import { formatRate, ratesOf } from "./rates.js";

/** What each line tells: of the database's counters, and of rates. */
const COUNTERS = [["bytes", "bytes"], ["packets", "packets"], ["dropped", "dropped"], ["errors", "errors"]];
const RATES = [["bytes a second", "BytesPerSecond", "B"], ["packets a second", "PacketsPerSecond", ""]];

let counted = null;

/** Reads the counters of a jack; they are no part of the picture, as they change always. */
export async function fetchCounters(jack) {
  const { bridge, ofport } = jack.dataset;
  counted = counted?.id === jack.id && moment() === null ? counted : null;
  // A jack of the past may have a number that is another one's now.
  if (!ofport || moment() !== null || !isDrawn()) {
    counted = null;
    showCounters(jack);
    return;
  }
  try {
    const port = await json(`/v1/bridges/${encodeURIComponent(bridge)}/ports/${ofport}`);
    counted = { id: jack.id, statistics: port.Statistics ?? {} };
  } catch {
    counted = null;
  }
  showCounters(jack);
}

function line(what, cells) {
  const row = element("tr");
  const head = element("th", what);
  head.scope = "row";
  row.append(head, ...cells.map((text) => element("td", text)));
  return row;
}

/** Writes what is known of a jack into the panel, if that is the one it shows. */
export function showCounters(jack) {
  const place = document.querySelector("#details .counters");
  if (!place || place.dataset.of !== jack.id) return;
  const statistics = counted?.id === jack.id && moment() === null ? counted.statistics : {};
  const rates = ratesOf(jack);
  const body = element("tbody");
  if (rates) {
    for (const [what, key, unit] of RATES) {
      body.append(line(what, [`Rx${key}`, `Tx${key}`].map((full) => formatRate(rates[full], unit))));
    }
  }
  if (Object.keys(statistics).length) {
    for (const [what, key] of COUNTERS) {
      body.append(line(what, [`rx_${key}`, `tx_${key}`].map((full) => formatCount(statistics[full]))));
    }
  }
  // What was is not what is.
  if (!body.children.length) {
    place.replaceChildren();
    return;
  }
  const head = element("tr");
  head.append(element("th"), element("th", "received"), element("th", "sent"));
  const thead = element("thead");
  thead.append(head);
  const table = element("table");
  table.append(thead, body);
  place.replaceChildren(element("h3", "Traffic"), table);
}

const formatCount = (number) => (number >= 0 ? number.toLocaleString("en").replaceAll(",", "\u202f") : "–");
