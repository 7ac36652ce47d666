import { randomUUID } from "node:crypto";

import { Hansard, type Options } from "../src/index.js";

/** A client of the server that `HANSARD_URL` and `HANSARD_API_KEY` name. */
export function client(options: Options = {}): Hansard {
  return new Hansard(options);
}

/** A session's id that no other test has. */
export function fresh(what: string): string {
  return `${what}-${randomUUID()}`;
}

/** A fetch that fails the first `times` calls for which `fails` gives an answer or an error. */
export function flaky(times: number, fails: () => Response, after = false): typeof fetch {
  let left = times;
  return async (...call) => {
    if (left-- <= 0) return fetch(...call);
    if (after) await fetch(...call);
    return fails();
  };
}
