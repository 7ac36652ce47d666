import { follow, type Event, type Following } from "./events.js";
import { Pages } from "./pages.js";
import { Documents, Messages, Notes, Runs, Scores, Sessions } from "./resources.js";
import { Transport, type Options } from "./transport.js";
import type {
  AttentionGroup,
  Found,
  FoundPage,
  SearchFilter,
  Stats,
  StatsOptions,
  Workspace,
} from "./types.js";

export { HansardError, Refused, Unreachable, type Problem } from "./errors.js";
export type { Event, Following } from "./events.js";
export { Pages, type Page } from "./pages.js";
export type { CallOptions, Options } from "./transport.js";
export type * from "./types.js";

/** A client of one Hansard server; the nouns are those of its API. */
export class Hansard {
  readonly sessions: Sessions;
  readonly messages: Messages;
  readonly runs: Runs;
  readonly notes: Notes;
  readonly scores: Scores;
  readonly documents: Documents;
  private readonly transport: Transport;

  constructor(options: Options = {}) {
    const transport = new Transport(options);
    this.transport = transport;
    this.sessions = new Sessions(transport);
    this.messages = new Messages(transport);
    this.runs = new Runs(transport);
    this.notes = new Notes(transport);
    this.scores = new Scores(transport);
    this.documents = new Documents(transport);
  }

  /** Sessions in which these words were said, with the best passages of each. */
  search(words: string, filter: SearchFilter = {}): Pages<Found, FoundPage> {
    return new Pages(this.transport, "/v1/search", { ...filter, q: words });
  }

  /** What happens in the workspace from now on, or behind the event `after`. */
  async *events(following: Following = {}): AsyncGenerator<Event> {
    for await (const event of follow(this.transport, following)) {
      if (event.type !== "hello") yield event;
    }
  }

  /** Messages, tokens and money by day, in any time zone. */
  stats(options: StatsOptions = {}): Promise<Stats> {
    return this.transport.call({ method: "GET", path: "/v1/stats", query: options });
  }

  /** The sessions that somebody should look at, by the reason, the most urgent first. */
  async attention(): Promise<AttentionGroup[]> {
    const call = { method: "GET", path: "/v1/attention" } as const;
    return (await this.transport.call<{ data: AttentionGroup[] }>(call)).data;
  }

  /** The workspace that the key is of. */
  workspace(): Promise<Workspace> {
    return this.transport.call({ method: "GET", path: "/v1/workspace" });
  }
}
