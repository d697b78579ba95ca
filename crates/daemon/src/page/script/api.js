// What is asked of the daemon. Every path is made here, and every answer comes through here.

/** The path of something, with its query. */
export function path(name, query = {}) {
  const words = new URLSearchParams(query).toString();
  return words ? `${name}?${words}` : name;
}

/** So often a request is made, and so many milliseconds lie between. */
const [TRIES, AGAIN] = [4, 100];

/** So many milliseconds an answer may take; and one for which vswitchd or the journal is asked. */
const [USUAL, LONG] = [10_000, 60_000];

/** Waits until the page is seen: one that is not asks for nothing. */
async function seen() {
  while (document.hidden) {
    await new Promise((resolve) => document.addEventListener("visibilitychange", resolve, { once: true }));
  }
}

/**
 * What a request is answered. A browser gives its requests up when an address of its own machine comes
 * or goes, which a host of containers sees all day; they change nothing, so that each is made again.
 */
async function answered(address, patience, options) {
  await seen();
  const signal = AbortSignal.timeout(patience);
  for (let tried = 1; ; tried += 1) {
    try {
      const answer = await fetch(address, { ...options, signal });
      return { ok: answer.ok, status: answer.status, text: await answer.text() };
    } catch {
      if (tried === TRIES || signal.aborted) throw new Error("the daemon does not answer");
      await new Promise((resolve) => setTimeout(resolve, AGAIN));
    }
  }
}

/** The text that is there. Where there is none, an error with what the daemon says of it. */
async function textAt(name, query, patience, options) {
  const { ok, status, text } = await answered(path(name, query), patience, options);
  if (ok) return text;
  const told = read(text);
  throw new Error([told.message ?? `the daemon answered ${status}`, told.hint].filter(Boolean).join(": "));
}

/** An error's answer; empty where it is none of the daemon's. */
function read(text) {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}

/** The JSON that is there. */
export const json = async (name, query) => JSON.parse(await textAt(name, query, USUAL));

/** The same of what takes its time. */
export const slowJson = async (name, query) => JSON.parse(await textAt(name, query, LONG));

/** The picture for a window, as HTML. */
export const figure = (query) => textAt("/figure", query, query.at ? LONG : USUAL, { cache: "no-cache" });

/** The stream of what changes. */
export const events = () => new EventSource(path("/v1/events", { from: "now" }));
