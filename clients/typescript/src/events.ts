import { Refused } from "./errors.js";
import { backoff, isTransient, sleep, type Transport } from "./transport.js";

/** What happened in the workspace; `id` rises, and a stream resumes behind it. */
export interface Event {
  id: number;
  type: string;
  session_id?: string;
  [extra: string]: unknown;
}

export interface Following {
  /** Begin behind this event; from now on by default. */
  after?: number;
  signal?: AbortSignal;
}

/** Parses the lines of a stream; the first event, `hello`, says that it has begun. */
export class EventReader {
  private fields: Record<string, string> = {};

  /** The event that this line completes, null when it completes none. */
  feed(line: string): Event | null {
    if (line !== "") {
      const colon = line.indexOf(":");
      const name = colon < 0 ? line : line.slice(0, colon);
      this.fields[name] = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
      return null;
    }
    const { id, event, data } = this.fields;
    this.fields = {};
    if (id === undefined || !/^\d+$/.test(id)) return null;
    const facts = JSON.parse(data ?? "{}") as Record<string, unknown>;
    return { type: event ?? "message", ...facts, id: Number(id) };
  }
}

/** The workspace's events, `hello` and `resync` among them; a broken stream is resumed. */
export async function* follow(transport: Transport, { after, signal }: Following = {}) {
  for (let tried = 0; ; tried += 1) {
    const reader = new EventReader();
    const headers: Record<string, string> = { Accept: "text/event-stream" };
    if (after !== undefined) headers["Last-Event-ID"] = String(after);
    try {
      for await (const line of transport.lines("/v1/events", headers, signal)) {
        const event = reader.feed(line);
        if (event === null) continue;
        [after, tried] = [event.id, 0];
        yield event;
      }
    } catch (problem) {
      if (!isTransient(problem) || (after === undefined && tried >= transport.retries)) throw problem;
      if (problem instanceof Refused && problem.retryAfter !== null) {
        await sleep(problem.retryAfter * 1000, signal);
      }
    }
    await sleep(backoff(tried), signal);
  }
}
