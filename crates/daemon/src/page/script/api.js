// What is asked of the daemon. Every path is made here, and every answer comes through here.

/** The path of something, with its query. */
export function path(name, query = {}) {
  const words = new URLSearchParams(query).toString();
  return words ? `${name}?${words}` : name;
}

/** So often a request is made, and so many milliseconds lie between. */
const [TRIES, AGAIN] = [4, 100];

/**
 * What a request is answered. A browser gives its requests up when an address of its own machine comes
 * or goes, which a host of containers sees all day; they change nothing, so that each is made again.
 */
async function answered(address, options) {
  for (let tried = 1; ; tried += 1) {
    try {
      const answer = await fetch(address, options);
      return { ok: answer.ok, status: answer.status, text: await answer.text() };
    } catch (error) {
      if (tried === TRIES) throw error;
      await new Promise((resolve) => setTimeout(resolve, AGAIN));
    }
  }
}

/** The JSON that is there. Where there is none, an error with what the daemon says of it. */
export async function json(name, query) {
  const { ok, status, text } = await answered(path(name, query));
  if (ok) return JSON.parse(text);
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

/** The picture for a window, as HTML; null if there is none now. */
export async function figure(query) {
  const { ok, text } = await answered(path("/figure", query), { cache: "no-cache" });
  return ok ? text : null;
}

/** The stream of what changes. */
export const events = () => new EventSource(path("/v1/events", { from: "now" }));
