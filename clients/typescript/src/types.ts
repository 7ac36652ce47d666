/** The API's own types, generated from its OpenAPI document, under short names. */
import type { components, paths } from "./schema.js";

type Schemas = components["schemas"];
type Get<P extends keyof paths> = paths[P] extends { get: { parameters: { query?: infer Q } } }
  ? NonNullable<Q>
  : never;

export type Session = Schemas["SessionOut"];
export type SessionFields = Schemas["SessionIn"];
export type SessionChange = Schemas["SessionChange"];
export type SessionStart = Schemas["SessionStart"];
export type SessionPage = Schemas["SessionList"];
export type SessionFilter = Omit<Get<"/v1/sessions">, "cursor">;
export type SessionDeleted = Schemas["SessionDeleted"];
export type Facet = Schemas["FacetOut"];
export type FacetFilter = Get<"/v1/facets">;
export type AttentionGroup = Schemas["AttentionGroup"];
export type Part = Schemas["Part"];
export type Message = Schemas["MessageOut"];
export type NewMessage = Schemas["MessageIn"];
export type MessageFilter = Omit<Get<"/v1/sessions/{session_id}/messages">, "cursor">;
export type Rewind = Schemas["RewindIn"];
export type Rewound = Schemas["RewindOut"];
export type Run = Schemas["RunOut"];
export type RunFields = Schemas["RunIn"];
export type Heartbeat = Schemas["HeartbeatIn"];
export type Finish = Schemas["FinishIn"];
export type Note = Schemas["NoteOut"];
export type NewNote = Schemas["NoteIn"];
export type Score = Schemas["ScoreOut"];
export type NewScore = Schemas["ScoreIn"];
export type Document = Schemas["DocumentOut"];
export type DocumentChange = Schemas["DocumentChange"];
export type DocumentSet = Schemas["DocumentSet"];
export type DocumentOwner = Get<"/v1/documents">;
export type DocumentFilter = Omit<Get<"/v1/documents/list">, "cursor">;
export type Difference = Schemas["DifferenceOut"];
export type Context = Schemas["ContextOut"];
export type ContextOptions = Get<"/v1/sessions/{session_id}/context">;
export type Found = Schemas["FoundOut"];
export type FoundPage = Schemas["FoundList"];
export type SearchFilter = Omit<Get<"/v1/search">, "cursor" | "q">;
export type Stats = Schemas["StatsOut"];
export type StatsOptions = Get<"/v1/stats">;
export type Workspace = Schemas["WorkspaceOut"];
export type Appended = Schemas["Appended"];
