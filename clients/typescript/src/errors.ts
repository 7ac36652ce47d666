/** What went wrong: every error of the client is one of these. */
export class HansardError extends Error {
  override name = "HansardError";
}

/** No answer came: nobody listens there, or the connection broke. */
export class Unreachable extends HansardError {
  override name = "Unreachable";
}

/** The problem document (RFC 9457) in which the server says what was wrong. */
export interface Problem {
  type?: string;
  title?: string;
  detail?: string;
  code?: string;
  param?: string | null;
  reason?: string;
  [extra: string]: unknown;
}

/** The server refused the request. */
export class Refused extends HansardError {
  override name = "Refused";

  constructor(
    /** The status of the answer, such as 404. */
    readonly status: number,
    /** The whole problem document. */
    readonly problem: Problem,
    /** The id under which the server's log has the request. */
    readonly requestId: string | null,
    /** Seconds after which the server wants to be asked again. */
    readonly retryAfter: number | null,
  ) {
    const id = requestId === null ? "" : ` (request ${requestId})`;
    super(`${problem.detail ?? problem.title ?? `status ${status}`}${id}`);
  }

  /** The error's code, such as `session_not_found`. */
  get code(): string | undefined {
    return this.problem.code;
  }

  /** The parameter or field that was wrong. */
  get param(): string | null | undefined {
    return this.problem.param;
  }
}

/** The error that an answer which is no success stands for. */
export async function refused(response: Response): Promise<Refused> {
  const text = await response.text();
  const seconds = response.headers.get("Retry-After") ?? "";
  return new Refused(
    response.status,
    problemIn(text, response),
    response.headers.get("X-Request-ID"),
    /^\d+$/.test(seconds) ? Number(seconds) : null,
  );
}

function problemIn(text: string, response: Response): Problem {
  try {
    const problem: unknown = JSON.parse(text);
    if (typeof problem === "object" && problem !== null) return problem as Problem;
  } catch {
    // A proxy answered in its own words.
  }
  return { detail: `${response.url} answered ${response.status} ${response.statusText}` };
}
