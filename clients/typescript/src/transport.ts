import { HansardError, Refused, Unreachable, refused } from "./errors.js";

/** Where the server is, who asks, and how often a client tries again. */
export interface Options {
  /** Default: `HANSARD_URL`, else `http://127.0.0.1:8765`. */
  url?: string;
  /** Default: `HANSARD_API_KEY`. */
  apiKey?: string;
  /** Further tries on what passes by itself. Default: 2. */
  retries?: number;
  /** Milliseconds for one try. Default: 30,000. */
  timeout?: number;
  /** A `fetch` of your own. */
  fetch?: typeof fetch;
}

/** What a single call may be given beside its parameters. */
export interface CallOptions {
  /** Makes the call happen once, however often it is sent. Default: one that is made up. */
  idempotencyKey?: string;
  signal?: AbortSignal;
}

export type Query = Record<string, unknown>;

/** One call of the API. */
export interface Call extends CallOptions {
  method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  path: string;
  query?: Query;
  body?: unknown;
  headers?: Record<string, string>;
}

const POSITION = "Hansard-Position";
const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 8_000;
/** The longest Retry-After, in seconds, that a client sits through by itself. */
const PATIENCE = 30;
/** Milliseconds without a line after which a stream counts as broken. */
const SILENCE = 45_000;
const PASSING = new Set([408, 429]);

/** Sends calls, tries them again where that helps, and reads their answers. */
export class Transport {
  readonly retries: number;
  private readonly url: string;
  private readonly key: string;
  private readonly timeout: number;
  private readonly send: typeof fetch;
  /** The newest state that this client's writes led to: a replica must show no older one. */
  private position = 0;

  constructor(options: Options = {}) {
    const environment = globalThis.process?.env ?? {};
    this.url = (options.url || environment.HANSARD_URL || "http://127.0.0.1:8765").replace(
      /\/+$/,
      "",
    );
    this.key = (options.apiKey || environment.HANSARD_API_KEY || "").trim();
    if (!this.key) throw new HansardError("there is no API key: give apiKey or set HANSARD_API_KEY");
    this.retries = options.retries ?? 2;
    this.timeout = options.timeout ?? 30_000;
    this.send = options.fetch ?? globalThis.fetch;
  }

  /** The decoded answer. Throws Refused or Unreachable when there is no hope. */
  async call<T>(call: Call): Promise<T> {
    const response = await this.answered(call);
    return (await response.json()) as T;
  }

  /** The lines of a stream that goes on until the server or `signal` ends it, or it falls silent. */
  async *lines(path: string, headers: Record<string, string>, signal?: AbortSignal) {
    const silence = new Silence(signal);
    try {
      const response = await this.once({ method: "GET", path, headers }, undefined, silence.signal);
      if (!response.ok || response.body === null) throw await refused(response);
      const decoder = new TextDecoder();
      let rest = "";
      for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
        silence.reset();
        const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
        rest = lines.pop() ?? "";
        yield* lines.map((line) => line.replace(/\r$/, ""));
      }
    } catch (problem) {
      throw problem instanceof HansardError ? problem : unreachable(this.url, problem, signal);
    } finally {
      silence.end();
    }
  }

  private async answered(call: Call): Promise<Response> {
    const key = call.method === "GET" ? undefined : (call.idempotencyKey ?? newKey());
    for (let tried = 0; ; tried += 1) {
      let problem: HansardError;
      try {
        const response = await this.once(call, key, withTimeout(this.timeout, call.signal));
        if (response.ok) return response;
        problem = await refused(response);
      } catch (error) {
        if (!(error instanceof Unreachable)) throw error;
        problem = error;
      }
      const wait = pauseAfter(problem, tried);
      if (tried >= this.retries || wait === null) throw problem;
      await sleep(wait, call.signal);
    }
  }

  private async once(call: Call, key: string | undefined, signal?: AbortSignal) {
    const headers: Record<string, string> = {
      Authorization: `Bearer ${this.key}`,
      ...call.headers,
      ...(key === undefined ? {} : { "Idempotency-Key": key }),
      ...(this.position === 0 ? {} : { [POSITION]: String(this.position) }),
      ...(call.body === undefined ? {} : { "Content-Type": "application/json" }),
    };
    const body = call.body === undefined ? undefined : JSON.stringify(call.body, finite);
    const init: RequestInit = { method: call.method, headers, body, signal };
    try {
      const response = await this.send(`${this.url}${call.path}${queryOf(call.query)}`, init);
      this.position = Math.max(this.position, Number(response.headers.get(POSITION)) || 0);
      return response;
    } catch (problem) {
      throw unreachable(this.url, problem, call.signal);
    }
  }
}

/** Aborts a stream on which nothing came for three heartbeats of the server. */
class Silence {
  private readonly controller = new AbortController();
  private timer: ReturnType<typeof setTimeout> | undefined;
  readonly signal: AbortSignal;

  constructor(signal?: AbortSignal) {
    const own = this.controller.signal;
    this.signal = signal === undefined ? own : AbortSignal.any([own, signal]);
    this.reset();
  }

  reset(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.controller.abort(new Error("the stream is silent")), SILENCE);
  }

  end(): void {
    clearTimeout(this.timer);
    this.controller.abort();
  }
}

/** A path below `/v1`, with its ids escaped. Throws for an id that would lead elsewhere. */
export function pathOf(...segments: string[]): string {
  for (const segment of segments) {
    if (segment === "" || segment === "." || segment === "..") {
      throw new HansardError(`${JSON.stringify(segment)} is not an id`);
    }
  }
  return ["/v1", ...segments.map(encodeURIComponent)].join("/");
}

/** Milliseconds to wait after so many tries before this one: full jitter. */
export function backoff(tried: number): number {
  return Math.random() * Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** tried);
}

/** Whether an error goes away by itself. */
export function isTransient(problem: unknown): boolean {
  if (problem instanceof Unreachable) return true;
  return (
    problem instanceof Refused &&
    (PASSING.has(problem.status) || problem.status >= 500 || problem.retryAfter !== null)
  );
}

export async function sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
  signal?.throwIfAborted();
  await new Promise<void>((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, milliseconds);
    signal?.addEventListener("abort", stop, { once: true });
  });
}

function pauseAfter(problem: HansardError, tried: number): number | null {
  if (!isTransient(problem)) return null;
  const seconds = problem instanceof Refused ? problem.retryAfter : null;
  if (seconds === null) return backoff(tried);
  return seconds <= PATIENCE ? seconds * 1000 : null;
}

function newKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function withTimeout(milliseconds: number, signal?: AbortSignal): AbortSignal {
  const limit = AbortSignal.timeout(milliseconds);
  return signal === undefined ? limit : AbortSignal.any([signal, limit]);
}

function unreachable(url: string, problem: unknown, signal?: AbortSignal): unknown {
  if (signal?.aborted) return signal.reason;
  const cause = problem instanceof Error ? (problem.cause ?? problem) : problem;
  const why = cause instanceof Error ? cause.message : String(cause);
  return new Unreachable(`no answer from ${url} (${why}): is the server running there?`, {
    cause: problem,
  });
}

/** The query string: what is undefined or null is left out, a list repeats its parameter. */
function queryOf(query: Query = {}): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    for (const item of Array.isArray(value) ? value.map(escaped) : [value]) {
      if (item !== undefined && item !== null) params.append(name, textOf(item));
    }
  }
  const text = params.toString();
  return text && `?${text}`;
}

/** One of several values, whose commas do not separate values. */
function escaped(value: unknown): unknown {
  return typeof value === "string" ? value.replaceAll(",", "\\,") : value;
}

function textOf(value: unknown): string {
  return value instanceof Date ? value.toISOString() : String(value);
}

/** Refuses a number that JSON lacks: it would be sent as null, which deletes. */
function finite(name: string, value: unknown): unknown {
  if (typeof value === "number" && !Number.isFinite(value)) {
    throw new HansardError(`${name}: ${value} cannot be sent, JSON has neither NaN nor Infinity`);
  }
  return value;
}
