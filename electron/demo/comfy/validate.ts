/**
 * Decides whether a prompt is accepted, and says why not, in the words of `POST /prompt` (comfyui §3.3, rec 04). Works
 * on one graph at a time; the inputs of single nodes are checked in check.ts, queueing is engine.ts.
 */
import { Checker, fault } from './check.ts';
import type { ValidationError } from './check.ts';
import type { NodeClass } from './node.ts';
import { isDict, PyError, pyIn, pyStr } from './py.ts';
import type { ComfyVersion, Graph } from './types.ts';

export interface NodeErrors {
  readonly errors: readonly ValidationError[];
  readonly dependent_outputs: string[];
  readonly class_type: string;
}

export type Validation =
  | {
      readonly ok: true;
      readonly graph: Graph;
      readonly outputs: readonly string[];
      readonly nodeErrors: Record<string, NodeErrors>;
    }
  | { readonly ok: false; readonly error: ValidationError; readonly nodeErrors: Record<string, NodeErrors> };

const noOutputs = fault('prompt_no_outputs', 'Prompt has no outputs', '');

/**
 * Checks `prompt`. Throws PyError where the real server answers 500 (a UI-format workflow, for instance).
 * `targets`: `partial_execution_targets`, null or undefined for all outputs.
 */
export function validatePrompt(
  prompt: unknown,
  classes: ReadonlyMap<string, NodeClass>,
  version: ComfyVersion,
  targets?: unknown,
): Validation {
  if ((Array.isArray(prompt) || typeof prompt === 'string') && prompt.length === 0) return reject(noOutputs);
  if (!isDict(prompt)) throw new PyError('TypeError', 'string indices must be integers');
  const outputs: string[] = [];
  for (const [id, node] of Object.entries(prompt)) {
    if (typeof node === 'number' || typeof node === 'boolean' || node === null)
      throw new PyError('TypeError', "argument of type 'int' is not iterable");
    const classType = isDict(node) ? node['class_type'] : undefined;
    if (classType === undefined) {
      return reject(
        fault(
          version === 'new' ? 'missing_node_type' : 'invalid_prompt',
          'Cannot execute because a node is missing the class_type property.',
          `Node ID '#${id}'`,
          missingInfo(version, id, node),
        ),
      );
    }
    const known = typeof classType === 'string' ? classes.get(classType) : undefined;
    if (!known) {
      return reject(
        version === 'new'
          ? fault(
              'missing_node_type',
              `Node '${pyStr(classType)}' not found. The custom node may not be installed.`,
              `Node ID '#${id}'`,
              missingInfo(version, id, node),
            )
          : fault(
              'invalid_prompt',
              `Cannot execute because node ${pyStr(classType)} does not exist.`,
              `Node ID '#${id}'`,
            ),
      );
    }
    const wanted = targets === null || targets === undefined || pyIn(id, targets);
    if (known.outputNode === true && wanted) outputs.push(id);
  }
  if (outputs.length === 0) return reject(noOutputs);

  const graph = prompt as Graph;
  const checker = new Checker(graph, classes);
  const nodeErrors: Record<string, NodeErrors> = {};
  const good: string[] = [];
  const directFaults: ValidationError[] = [];
  for (const output of outputs) {
    if (checker.checkOutput(output)) good.push(output);
    else {
      directFaults.push(...(checker.faults.get(output) ?? []));
      for (const [id, errors] of checker.faultsReachedFrom(output)) {
        const entry = (nodeErrors[id] ??= { errors, dependent_outputs: [], class_type: graph[id]?.class_type ?? '' });
        entry.dependent_outputs.push(output);
      }
    }
  }
  if (good.length === 0) {
    const details = directFaults.map((e) => `${e.message}: ${e.details}`).join('\n');
    return {
      ok: false,
      error: fault('prompt_outputs_failed_validation', 'Prompt outputs failed validation', details),
      nodeErrors,
    };
  }
  return { ok: true, graph, outputs: good, nodeErrors };
}

const reject = (error: ValidationError): Validation => ({ ok: false, error, nodeErrors: {} });

function missingInfo(version: ComfyVersion, id: string, node: unknown): Record<string, unknown> {
  if (version !== 'new') return {};
  const meta = isDict(node) && isDict(node['_meta']) ? node['_meta']['title'] : undefined;
  const classType = isDict(node) ? (node['class_type'] ?? null) : null;
  return { node_id: id, class_type: classType, node_title: meta ?? classType };
}
