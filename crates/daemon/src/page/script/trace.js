// Would a packet from one jack reach another? Two clicks, and vswitchd is asked.
import { slowJson } from "./api.js";
import { byId, element, jackById, jacks, nameOf, setText } from "./dom.js";
import { moment } from "./past.js";
import { change, view } from "./view.js";

/** The trace that is shown, as the view has it: it is asked for once, and each time that a user submits the form. */
let asked = "";

/** How often it was asked: of several answers the last question's is shown. */
let times = 0;

export const isTracing = () => !byId("trace").hidden;

/** The jack that is chosen as the first end, then as the second one; after that anew. */
export function chooseEnd(jack) {
  if (!view.from || view.to) change({ from: jack.id, to: "" });
  else change({ to: jack.id });
}

/** Begins to trace, from `jack` if there is one. */
export function beginTrace(jack) {
  byId("trace").hidden = false;
  if (jack && !view.from) change({ from: jack.id });
  updateTrace();
}

export function endTrace() {
  byId("trace").hidden = true;
  change({ from: "", to: "", packet: "" });
  updateTrace();
}

/** How a jack is named to the daemon; none where it has no number. */
const end = (jack) => (jack?.dataset.ofport ? `${jack.dataset.bridge}:${jack.dataset.number}` : null);

/** `icmp`, or `tcp/80`. */
function packet() {
  const [kind, port] = (view.packet ?? "icmp").split("/");
  return ["tcp", "udp"].includes(kind) ? { [kind]: port || "80" } : { [kind === "arp" ? "arp" : "icmp"]: "" };
}

/** Shows what the view says of a trace, and asks for it when both ends are known. */
export function updateTrace() {
  const tracing = moment() === null && (isTracing() || Boolean(view.from));
  byId("trace").hidden = !tracing;
  byId("show-trace").setAttribute("aria-pressed", String(tracing));
  document.body.classList.toggle("tracing", tracing);
  const [from, to] = [jackById(view.from), jackById(view.to)];
  setText(byId("trace-from"), from ? nameOf(from) : (view.from ? "gone" : "–"));
  setText(byId("trace-to"), to ? nameOf(to) : (view.to ? "gone" : "–"));
  const [kind] = Object.keys(packet());
  byId("trace-kind").value = kind;
  byId("trace-port-label").hidden = !["tcp", "udp"].includes(kind);
  if (packet()[kind] && document.activeElement !== byId("trace-port")) byId("trace-port").value = packet()[kind];
  // A jack may be given a number, or another one.
  const now = tracing && from && to ? JSON.stringify([view.from, view.to, end(from), end(to), packet()]) : "";
  if (now === asked) return;
  asked = now;
  times++;
  mark([]);
  byId("trace-verdicts").replaceChildren();
  if (now) ask(from, to);
}

async function ask(from, to) {
  const turn = ++times;
  const ends = [end(from), end(to)];
  const without = [from, to].find((jack) => !end(jack));
  if (without) return show([element("p", `${nameOf(without)} has no number: no packet passes there.`, "unknown")]);
  show([element("p", "vswitchd is asked…", "hint")]);
  try {
    const rows = await slowJson("/v1/trace", { from: ends[0], to: ends[1], ...packet(), both: "" });
    if (turn !== times) return;
    mark(rows[0]?.Outputs ?? []);
    const at = element("p", `Asked at ${new Date().toTimeString().slice(0, 8)}.`, "hint");
    show([...rows.flatMap((row, number) => verdict(row, number ? "The answer" : "The packet")), at]);
  } catch (error) {
    if (turn === times) show([element("p", error.message, "unknown")]);
  }
}

const show = (parts) => byId("trace-verdicts").replaceChildren(...parts);

/** Marks the ends and the ports that a packet leaves by. */
export function mark(outputs) {
  marked = outputs ?? marked;
  const isWay = (jack) => marked.some((out) => out.Bridge === jack.dataset.bridge && String(out.OFPort) === jack.dataset.ofport);
  for (const jack of jacks()) {
    jack.classList.toggle("from", jack.id === view.from);
    jack.classList.toggle("to", jack.id === view.to);
    jack.classList.toggle("way", isWay(jack));
  }
}

let marked = [];

/** What is said of one way. */
function verdict(row, what) {
  const kind = row.Reaches === true ? "reaches" : row.Reaches === false ? "fails" : "unknown";
  const parts = [element("h3", what), element("p", row.Verdict, `verdict ${kind}`)];
  const reasons = row.Reasons.filter((reason) => !row.Verdict.includes(reason));
  if (reasons.length) parts.push(list(reasons));
  if (row.Text) {
    const more = element("details");
    const text = element("pre", `${row.Packet}\n\n${row.Text}`);
    text.tabIndex = 0;
    more.append(element("summary", "What vswitchd said"), text);
    parts.push(more);
  }
  return parts;
}

function list(lines) {
  const made = element("ul");
  made.append(...lines.map((line) => element("li", line)));
  return made;
}

export function startTrace() {
  const chosen = () => {
    const kind = byId("trace-kind").value;
    const port = byId("trace-port");
    const isPort = port.value !== "" && port.validity.valid;
    change({ packet: ["tcp", "udp"].includes(kind) ? `${kind}/${isPort ? port.value : "80"}` : kind });
  };
  byId("trace-kind").addEventListener("change", chosen);
  byId("trace-port").addEventListener("change", chosen);
  byId("trace-packet").addEventListener("submit", (event) => {
    event.preventDefault();
    // Flows change without the view: what is submitted is asked anew.
    asked = "";
    chosen();
    updateTrace();
  });
  byId("trace-close").addEventListener("click", endTrace);
}
