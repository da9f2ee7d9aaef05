/** What a kind of server means to a new job, in words; the forms stand in view.tsx, as each of them uses this. */
import type { Kind } from '../../shared/job.ts';
import type { Capabilities } from '../../shared/server.ts';
import type { ComfyGraph } from '../../shared/workflow/graph.ts';
import { submitText } from '../text/submit.ts';
import { swarmForm } from '../text/swarm.ts';
import { rawNotes } from './swarm/raw.ts';

interface SubmitKind {
  readonly noServer: string;
  /** How a workflow stands there; empty where it is sent as it is. */
  readonly inside: string;
  /** What is different for a workflow that goes there. */
  notes(graph: ComfyGraph, capabilities: Capabilities | null): string[];
}

export const submitKinds: Record<Kind, SubmitKind> = {
  comfy: { noServer: submitText.noServer, inside: '', notes: () => [] },
  swarm: { noServer: swarmForm.noServer, inside: `${swarmForm.rawServer}  ·  `, notes: rawNotes },
};
