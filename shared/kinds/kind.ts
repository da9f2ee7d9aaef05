/** What a kind of server is to everything that queues, shows and asks for its jobs. Types only; the entries stand in kinds.ts. */
import type { JobInfo, JobPatch, Kind, PayloadOf, SubmitJobs } from '../job.ts';
import type { Json } from '../schema.ts';
import type { Credential } from '../server.ts';
import type { ComfyGraph } from '../workflow/graph.ts';

/** What a row can say of a payload. Guesses nothing: what is not there is null. */
export interface Description {
  info: JobInfo;
  /** As typed; empty where none was found. */
  prompt: string;
  /** The prompt's first words, else the source's name, else null. */
  title: string | null;
}

export interface KindSpec<K extends Kind> {
  /** The name its makers gave it. */
  readonly label: string;
  /** Ways to sign in that it knows. */
  readonly credentials: readonly Credential['type'][];
  /** It has users: stopping everything there is a question of whose. */
  readonly users: boolean;
  /** What it is given runs on backends of its own, which can be seen and restarted, and may run on for a step unseen. */
  readonly backends: boolean;
  /** Its seeds are whole numbers from 0 to below this. */
  readonly seedsBelow: number;
  /** The workflow that is sent, where it is one. */
  graph(payload: PayloadOf<K>): ComfyGraph | null;
  /** What is sent, by the names the server knows it under. */
  values(payload: PayloadOf<K>): Readonly<Record<string, unknown>>;
  describe(payload: PayloadOf<K>, source: string | null): Description;
  /** The payload with a job's own inputs over it; nodes the graph does not have are left out. */
  patched(payload: PayloadOf<K>, patch: JobPatch): PayloadOf<K>;
  /** The patch with a seed drawn for each place that takes one; null where none does. */
  reseeded(payload: PayloadOf<K>, patch: JobPatch, draw: () => number): JobPatch | null;
  /** Parameters as people keep them in a file; null for anything else, and for a kind that is sent workflows only. */
  fromJson(value: Readonly<Record<string, Json>>): PayloadOf<K> | null;
  /**
   * A submission of a workflow as such a server takes it, `random` when its seeds were drawn; null when this is none. The
   * method is absent where no workflow can be sent.
   */
  ofWorkflow?<Submission extends Pick<SubmitJobs, 'payload' | 'jobs'>>(
    submission: Submission,
    random: boolean,
  ): Submission | null;
}
