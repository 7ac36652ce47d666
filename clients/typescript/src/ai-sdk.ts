import type { UIMessage } from "ai";

import {
  Refused,
  type Hansard,
  type Message,
  type NewMessage,
  type Part,
  type SessionStart,
} from "./index.js";

const FORMAT = "ai-sdk.ui-message";
/** So many messages from the end are compared; the rest is looked at only where they do not tell. */
const TAIL = 50;
const MOST_AT_ONCE = 100;

/** Keeps the chats of the AI SDK's `useChat`: each message whole, and readable for people. */
export class ChatStore<M extends UIMessage = UIMessage> {
  constructor(private readonly client: Hansard) {}

  /** Start a chat, and get its id. */
  async create(fields: SessionStart = {}): Promise<string> {
    return (await this.client.sessions.start(null, fields)).id;
  }

  /** The messages of a chat, as they were saved; none of a chat that is not there. */
  async load(chatId: string): Promise<M[]> {
    return (await this.stored(chatId)).map(uiMessage<M>);
  }

  /**
   * Keep a chat as `messages` have it: what is new is appended, what was changed is replaced, and
   * an answer that was made anew takes the place of the old one.
   */
  async save(chatId: string, messages: M[], start: SessionStart = {}): Promise<void> {
    const { kept, from } = await this.overlap(chatId, messages);
    const same = commonLength(kept, messages.slice(from));
    for (const [index, old] of kept.slice(0, same).entries()) {
      const message = messages[from + index] as M;
      if (JSON.stringify(uiMessage<M>(old)) !== JSON.stringify(message)) {
        const { client_id: _, ...change } = drafted(message);
        await this.client.messages.edit(chatId, old.id, change);
      }
    }
    const added = messages.slice(from + same).map(drafted);
    if (kept.length > same) {
      const first = added.splice(0, MOST_AT_ONCE);
      await this.client.messages.rewind(chatId, { count: kept.length - same, messages: first });
    }
    while (added.length > 0) {
      await this.client.messages.append(chatId, added.splice(0, MOST_AT_ONCE), { start });
    }
  }

  /** The stored messages from where the given ones can be compared on, and that place in them. */
  private async overlap(chatId: string, messages: M[]): Promise<{ kept: Message[]; from: number }> {
    const last = await this.stored(chatId, TAIL);
    if (last.length < TAIL) return { kept: last, from: 0 };
    const from = messages.findIndex((message) => message.id === last[0]?.client_id);
    return from < 0 ? { kept: await this.stored(chatId), from: 0 } : { kept: last, from };
  }

  private async stored(chatId: string, last?: number): Promise<Message[]> {
    try {
      if (last === undefined) {
        const all = this.client.messages.list(chatId, { items: true, limit: 200 });
        return await all.first(Infinity);
      }
      const newest = this.client.messages.list(chatId, { items: true, order: "desc", limit: last });
      return (await newest.first(last)).reverse();
    } catch (problem) {
      if (problem instanceof Refused && problem.status === 404) return [];
      throw problem;
    }
  }
}

function commonLength<M extends UIMessage>(kept: Message[], messages: M[]): number {
  const differs = kept.findIndex((old, index) => old.client_id !== messages[index]?.id);
  return differs < 0 ? kept.length : differs;
}

function drafted(message: UIMessage): NewMessage {
  return {
    role: message.role,
    client_id: message.id,
    parts: message.parts.flatMap(partsOf),
    item: { format: FORMAT, data: plain(message) },
  } as NewMessage;
}

/** The message as JSON has it: without what is undefined. */
function plain(message: UIMessage): unknown {
  return JSON.parse(JSON.stringify(message));
}

/** The message that was saved; one that came by another way is put together from its words. */
function uiMessage<M extends UIMessage>(message: Message): M {
  if (message.item?.format === FORMAT) return message.item.data as M;
  const parts = message.parts
    .filter((part) => part.type === "text" || part.type === "reasoning")
    .map((part) => ({ type: part.type, text: String(part.content ?? "") }));
  return { id: message.client_id ?? message.id, role: message.role, parts } as unknown as M;
}

type Loose = { type: string; [field: string]: unknown };

/** What people and search see of one part; what is only the interface's own has no words. */
function partsOf(given: UIMessage["parts"][number]): Part[] {
  const part = given as Loose;
  if (part.type === "text" || part.type === "reasoning") {
    return [{ type: part.type, content: part.text }] as Part[];
  }
  if (part.type === "file") {
    return [{ type: "uri", uri: part.url, mime_type: part.mediaType }] as Part[];
  }
  if (part.type === "source-url") return [{ type: "uri", uri: part.url }] as Part[];
  if (part.type === "dynamic-tool") return toolParts(part, String(part.toolName));
  if (part.type.startsWith("tool-")) return toolParts(part, part.type.slice("tool-".length));
  return [];
}

function toolParts(part: Loose, name: string): Part[] {
  const call = { type: "tool_call", id: part.toolCallId, name, arguments: part.input ?? {} };
  const answer = part.state === "output-error" ? { error: part.errorText } : part.output;
  const parts = [call, { type: "tool_call_response", id: part.toolCallId, response: answer }];
  return (answer === undefined ? [call] : parts) as Part[];
}
