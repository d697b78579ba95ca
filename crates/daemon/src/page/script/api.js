// What is asked of the daemon. Every path is made here, and every answer comes through here.

/** The path of something, with its query. */
export function path(name, query = {}) {
  const words = new URLSearchParams(query).toString();
  return words ? `${name}?${words}` : name;
}

/** The JSON that is there. Where there is none, an error with what the daemon says of it. */
export async function json(name, query) {
  const answer = await fetch(path(name, query));
  if (answer.ok) return answer.json();
  const told = await answer.json().catch(() => ({}));
  throw new Error([told.message ?? `the daemon answered ${answer.status}`, told.hint].filter(Boolean).join(": "));
}

/** The picture for a window, as HTML; null if there is none now. */
export async function figure(query) {
  const answer = await fetch(path("/figure", query), { cache: "no-cache" });
  return answer.ok ? answer.text() : null;
}

/** The stream of what changes. */
export const events = () => new EventSource(path("/v1/events", { from: "now" }));
