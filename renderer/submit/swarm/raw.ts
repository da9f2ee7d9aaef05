/** What is different for a workflow that goes into SwarmUI's own queue, in words. */
import type { Capabilities } from '../../../shared/server.ts';
import type { ComfyGraph } from '../../../shared/workflow/graph.ts';
import { swarmResults } from '../../../shared/workflow/swarm-raw.ts';
import { may, swarmForm } from '../../text/swarm.ts';

export function rawNotes(graph: ComfyGraph, capabilities: Capabilities | null): string[] {
  const { any, intermediate, tags } = swarmResults(graph);
  return [
    swarmForm.rawGoes,
    capabilities !== null && !may(capabilities, 'comfy_dynamic_custom_workflows') ? swarmForm.rawNotAllowed : null,
    any ? null : swarmForm.rawNoResult,
    any && intermediate.length > 0 ? swarmForm.rawIntermediate(intermediate) : null,
    tags ? swarmForm.rawTags : null,
  ].filter((note) => note !== null);
}
