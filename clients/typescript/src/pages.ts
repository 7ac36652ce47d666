import type { Query, Transport } from "./transport.js";

/** One page of a list, with whatever else the list says, such as its `total`. */
export interface Page<T> {
  data: T[];
  has_more: boolean;
  next_cursor: string | null;
  total?: number;
}

/** A list that pages by itself while you iterate; each iteration asks anew. */
export class Pages<T, P extends Page<T> = Page<T>> implements AsyncIterable<T> {
  /** `anchors` are the parameters that say where the list begins, which later pages do not take. */
  constructor(
    private readonly transport: Transport,
    private readonly path: string,
    private readonly query: Query = {},
    private readonly anchors: readonly string[] = [],
  ) {}

  /** The first page: one request. */
  page(): Promise<P> {
    return this.ask(this.query);
  }

  /** Page after page. */
  async *pages(): AsyncGenerator<P> {
    let page = await this.page();
    yield page;
    const rest = Object.entries(this.query).filter(([name]) => !this.anchors.includes(name));
    while (page.has_more && page.next_cursor !== null) {
      page = await this.ask({ ...Object.fromEntries(rest), cursor: page.next_cursor });
      yield page;
    }
  }

  /** The first `count` of the list. */
  async first(count: number): Promise<T[]> {
    const found: T[] = [];
    for await (const page of this.pages()) {
      found.push(...page.data.slice(0, count - found.length));
      if (found.length >= count) break;
    }
    return found;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T> {
    for await (const page of this.pages()) yield* page.data;
  }

  private ask(query: Query): Promise<P> {
    return this.transport.call<P>({ method: "GET", path: this.path, query });
  }
}
