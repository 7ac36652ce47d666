import { follow } from "./events.js";
import { Pages } from "./pages.js";
import { pathOf, type CallOptions, type Transport } from "./transport.js";
import type * as t from "./types.js";

/** Filters and messages of a list begin there; the pages behind the first do not take them. */
const ANCHORS = ["before", "after", "around"];

abstract class Resource {
  constructor(protected readonly transport: Transport) {}

  protected get<T>(path: string, query: object = {}): Promise<T> {
    return this.transport.call<T>({ method: "GET", path, query: { ...query } });
  }

  protected post<T>(path: string, body: unknown = {}, options: CallOptions = {}): Promise<T> {
    return this.transport.call<T>({ ...options, method: "POST", path, body });
  }

  protected remove<T>(path: string, query: object = {}, options: CallOptions = {}): Promise<T> {
    return this.transport.call<T>({ ...options, method: "DELETE", path, query: { ...query } });
  }
}

export class Sessions extends Resource {
  /** Start the session of this id, or get the one that is there; without an id a new one. */
  start(id?: string | null, fields: t.SessionFields = {}, options?: CallOptions) {
    return this.post<t.Session>("/v1/sessions", { ...fields, id: id ?? null }, options);
  }

  list(filter: t.SessionFilter = {}): Pages<t.Session, t.SessionPage> {
    return new Pages(this.transport, "/v1/sessions", filter);
  }

  /** How many sessions match, exactly. */
  async count(filter: t.SessionFilter = {}): Promise<number> {
    const page = await this.list({ ...filter, limit: 1, total: true }).page();
    return page.total ?? 0;
  }

  read(session: string): Promise<t.Session> {
    return this.get(pathOf("sessions", session));
  }

  /** What the filters `by` can take among the sessions that match, with how many have each. */
  async facets(filter: t.FacetFilter = {}): Promise<t.Facet[]> {
    return (await this.get<{ data: t.Facet[] }>("/v1/facets", filter)).data;
  }

  /** The session with this id, else those whose id begins with it. */
  lookup(id: string): Pages<t.Session> {
    return new Pages(this.transport, "/v1/lookup", { id });
  }

  /** Change the given fields; null clears one. `ifVersion` refuses where it has changed since. */
  update(
    session: string,
    change: t.SessionChange,
    { ifVersion, ...options }: CallOptions & { ifVersion?: number } = {},
  ): Promise<t.Session> {
    const path = pathOf("sessions", session);
    const headers: Record<string, string> =
      ifVersion === undefined ? {} : { "If-Match": `"v${ifVersion}"` };
    return this.transport.call({ ...options, method: "PATCH", path, body: change, headers });
  }

  /** Mark a session as over, and settle it if you like. */
  end(session: string, resolution?: t.Session["resolution"], options?: CallOptions) {
    const body = resolution === undefined ? {} : { resolution };
    return this.post<t.Session>(pathOf("sessions", session, "end"), body, options);
  }

  archive(session: string, options?: CallOptions): Promise<t.Session> {
    return this.transport.call({
      ...options,
      method: "POST",
      path: pathOf("sessions", session, "archive"),
    });
  }

  unarchive(session: string, options?: CallOptions): Promise<t.Session> {
    return this.transport.call({
      ...options,
      method: "POST",
      path: pathOf("sessions", session, "unarchive"),
    });
  }

  /** A new session that branches off behind `message`, an id or a seq. */
  fork(session: string, fields: Branch = {}, options?: CallOptions) {
    return this.post<t.Session>(pathOf("sessions", session, "fork"), fields, options);
  }

  /** A new session with all that this one has, and without a parent. */
  copy(session: string, fields: Branch = {}, options?: CallOptions) {
    return this.post<t.Session>(pathOf("sessions", session, "copy"), fields, options);
  }

  /** The messages that only one of two sessions has; a fork is compared with its original. */
  diff(session: string, against?: string): Pages<t.Difference> {
    return new Pages(this.transport, pathOf("sessions", session, "diff"), { against });
  }

  /** The end of a transcript as a model may be given it. */
  context(session: string, options: t.ContextOptions = {}): Promise<t.Context> {
    return this.get(pathOf("sessions", session, "context"), options);
  }

  /** Delete a session for ever; with `dry_run` only say what would go. */
  delete(
    session: string,
    query: { sub_sessions?: "keep" | "delete"; dry_run?: boolean } = {},
    options?: CallOptions,
  ): Promise<t.SessionDeleted> {
    return this.remove(pathOf("sessions", session), query, options);
  }

  /** The messages behind `after` (a seq), else from now on, as they come; without end. */
  async *tail(
    session: string,
    { after, signal }: { after?: number; signal?: AbortSignal } = {},
  ): AsyncGenerator<t.Message> {
    const { uid, last_seq } = await this.read(session);
    let last = after ?? last_seq;
    for await (const event of follow(this.transport, { signal })) {
      if (event.session_id !== uid && event.type !== "hello" && event.type !== "resync") continue;
      const path = pathOf("sessions", session, "messages");
      for await (const message of new Pages<t.Message>(this.transport, path, { after: last }, ANCHORS)) {
        last = message.seq;
        yield message;
      }
    }
  }
}

/** Where a fork or a copy ends, and what it is called. */
export interface Branch {
  message?: string | number;
  id?: string;
  title?: string;
}

export class Messages extends Resource {
  /** Append 1 to 100 messages in one transaction, durable when this resolves. */
  async append(
    session: string,
    messages: t.NewMessage[],
    { start, documents, expectedSeq, ...options }: AppendOptions = {},
  ): Promise<t.Message[]> {
    const body = { messages, documents, session: start, expected_seq: expectedSeq };
    const path = pathOf("sessions", session, "messages");
    return (await this.post<t.Appended>(path, body, options)).data;
  }

  list(session: string, filter: t.MessageFilter = {}): Pages<t.Message> {
    return new Pages(this.transport, pathOf("sessions", session, "messages"), filter, ANCHORS);
  }

  /** One message, by its id or by the client id that it came with. */
  read(session: string, message: string, query: { items?: boolean } = {}): Promise<t.Message> {
    return this.get(pathOf("sessions", session, "messages", message), query);
  }

  /** Replace what a message says; it keeps its seq, ids and time. */
  edit(session: string, message: string, change: t.NewMessage, options?: CallOptions) {
    const path = pathOf("sessions", session, "messages", message);
    return this.transport.call<t.Message>({ ...options, method: "PUT", path, body: change });
  }

  /** Take the last messages away and put others in their place, in one transaction. */
  rewind(session: string, change: t.Rewind, options?: CallOptions) {
    const path = pathOf("sessions", session, "messages", "rewind");
    return this.post<t.Rewound>(path, change, options);
  }

  /** Delete one message for ever; its seq is never used again. */
  delete(session: string, message: string, options?: CallOptions) {
    return this.remove<{ id: string }>(pathOf("sessions", session, "messages", message), {}, options);
  }
}

export interface AppendOptions extends CallOptions {
  /** Creates the session with these fields where it is not there. */
  start?: t.SessionStart;
  /** Set in the same transaction. */
  documents?: t.DocumentSet[];
  /** Refused with `seq_mismatch` when the session's last seq is another one. */
  expectedSeq?: number;
}

export class Runs extends Resource {
  /** Start a run: a lease that its heartbeats keep alive. */
  start(session: string, fields: t.RunFields = {}, options?: CallOptions) {
    return this.post<t.Run>(pathOf("sessions", session, "runs"), fields, options);
  }

  heartbeat(session: string, run: string, fields: t.Heartbeat = {}, options?: CallOptions) {
    return this.post<t.Run>(pathOf("sessions", session, "runs", run, "heartbeat"), fields, options);
  }

  finish(session: string, run: string, fields: t.Finish = {}, options?: CallOptions) {
    return this.post<t.Run>(pathOf("sessions", session, "runs", run, "finish"), fields, options);
  }

  list(session: string): Pages<t.Run> {
    return new Pages(this.transport, pathOf("sessions", session, "runs"));
  }

  read(session: string, run: string): Promise<t.Run> {
    return this.get(pathOf("sessions", session, "runs", run));
  }
}

export class Notes extends Resource {
  /** Write a note on a session, or on its message `message`. */
  add(session: string, note: t.NewNote, options?: CallOptions) {
    return this.post<t.Note>(pathOf("sessions", session, "notes"), note, options);
  }

  list(session: string): Pages<t.Note> {
    return new Pages(this.transport, pathOf("sessions", session, "notes"));
  }

  delete(session: string, note: string, options?: CallOptions) {
    return this.remove<{ id: string }>(pathOf("sessions", session, "notes", note), {}, options);
  }
}

export class Scores extends Resource {
  /** Give a session or a message a number, a label or both; the author's last one is replaced. */
  give(session: string, score: t.NewScore, options?: CallOptions) {
    return this.post<t.Score>(pathOf("sessions", session, "scores"), score, options);
  }

  list(session: string): Pages<t.Score> {
    return new Pages(this.transport, pathOf("sessions", session, "scores"));
  }

  delete(session: string, score: string, options?: CallOptions) {
    return this.remove<{ id: string }>(pathOf("sessions", session, "scores", score), {}, options);
  }
}

export class Documents extends Resource {
  read(owner: t.DocumentOwner): Promise<t.Document> {
    return this.get("/v1/documents", owner);
  }

  /** Set a document; `if_revision` refuses where it has changed since. */
  put(owner: t.DocumentOwner, change: t.DocumentChange, options?: CallOptions) {
    const query = { ...owner };
    return this.transport.call<t.Document>({
      ...options,
      method: "PUT",
      path: "/v1/documents",
      query,
      body: change,
    });
  }

  list(filter: t.DocumentFilter): Pages<t.Document> {
    return new Pages(this.transport, "/v1/documents/list", filter);
  }

  delete(owner: t.DocumentOwner, options?: CallOptions) {
    return this.remove<{ key: string }>("/v1/documents", owner, options);
  }
}
