/**
 * Decides whether a prompt is accepted, and says why not, in the words of `POST /prompt` (reference §3.3, rec 04). Works on one graph at a time;
 * queueing is comfy-engine.ts. Like the real server it writes converted values (INT, FLOAT…) back into the graph.
 */
import type { InputSpec, NodeClass } from './comfy-node.ts';
import { isDict, PyError, pyFloat, pyInt, pyStr, pyTruthy } from './comfy-py.ts';
import type { ComfyVersion, Graph, GraphNode } from './comfy-types.ts';

export interface ValidationError {
  readonly type: string;
  readonly message: string;
  readonly details: string;
  readonly extra_info: Record<string, unknown>;
}

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

/** A link to another node's output slot, as `[node id, slot]`. */
export const isLink = (value: unknown): value is readonly [string, number] =>
  Array.isArray(value) && value.length === 2 && typeof value[0] === 'string' && typeof value[1] === 'number';

const fault = (
  type: string,
  message: string,
  details: string,
  extra: Record<string, unknown> = {},
): ValidationError => ({ type, message, details, extra_info: extra });

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
    const wanted = targets === null || targets === undefined || (Array.isArray(targets) && targets.includes(id));
    if (known.outputNode === true && wanted) outputs.push(id);
  }
  if (outputs.length === 0) return reject(noOutputs);

  const graph = prompt as Graph;
  const checker = new Checker(graph, classes);
  const nodeErrors: Record<string, NodeErrors> = {};
  const good: string[] = [];
  const directFaults: ValidationError[] = [];
  for (const output of outputs) {
    if (checker.check(output)) good.push(output);
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

/** Validates nodes once each, following links upstream. */
class Checker {
  readonly faults = new Map<string, ValidationError[]>();
  readonly #verdicts = new Map<string, boolean>();
  readonly #graph: Graph;
  readonly #classes: ReadonlyMap<string, NodeClass>;

  constructor(graph: Graph, classes: ReadonlyMap<string, NodeClass>) {
    this.#graph = graph;
    this.#classes = classes;
  }

  check(id: string): boolean {
    const known = this.#verdicts.get(id);
    if (known !== undefined) return known;
    const node = this.#graph[id];
    const definition = node && this.#classes.get(node.class_type);
    if (!node || !definition) throw new PyError('KeyError', `'${id}'`);
    // Set before the walk: a cycle ends here instead of going round for ever.
    this.#verdicts.set(id, true);
    const faults: ValidationError[] = [];
    let upstreamGood = true;
    for (const [name, spec] of Object.entries({ ...definition.required, ...definition.optional })) {
      const value = isDict(node.inputs) ? node.inputs[name] : undefined;
      if (value === undefined) {
        if (name in definition.required)
          faults.push(fault('required_input_missing', 'Required input is missing', name, { input_name: name }));
        continue;
      }
      if (Array.isArray(value)) upstreamGood = this.#link(value, name, spec, faults) && upstreamGood;
      else checkValue(node, name, value, spec, faults);
    }
    const good = faults.length === 0 && upstreamGood;
    if (faults.length > 0) this.faults.set(id, faults);
    this.#verdicts.set(id, good);
    return good;
  }

  #link(value: readonly unknown[], name: string, spec: InputSpec, faults: ValidationError[]): boolean {
    const info = { input_name: name, input_config: inputConfig(spec), received_value: value };
    if (value.length !== 2) {
      faults.push(
        fault('bad_linked_input', 'Bad linked input, must be a length-2 list of [node_id, slot_index]', name, info),
      );
      return true;
    }
    const from = pyStr(value[0]);
    const source = this.#graph[from];
    const definition = source && this.#classes.get(source.class_type);
    const raised = (type: string, message: string): boolean => {
      faults.push(
        fault('exception_during_validation', 'Exception when validating node', message, {
          exception_type: type,
          traceback: ['  File "execution.py", line 818, in validate_inputs\n'],
        }),
      );
      return true;
    };
    if (!source || !definition) return raised('KeyError', `'${from}'`);
    const type = definition.output[Number(value[1])];
    if (type === undefined) return raised('IndexError', 'list index out of range');
    const wanted = spec[0];
    if (typeof wanted === 'string' && wanted !== '*' && type !== '*' && type !== wanted) {
      faults.push(
        fault(
          'return_type_mismatch',
          'Return type mismatch between linked nodes',
          `${name}, received_type(${type}) mismatch input_type(${wanted})`,
          { ...info, received_type: type, linked_node: value },
        ),
      );
      return true;
    }
    return this.check(from);
  }

  /** Every faulty node on which `output` depends, itself included. */
  faultsReachedFrom(output: string): (readonly [string, readonly ValidationError[]])[] {
    const seen = new Set<string>();
    const found: (readonly [string, readonly ValidationError[]])[] = [];
    const visit = (id: string): void => {
      if (seen.has(id)) return;
      seen.add(id);
      const errors = this.faults.get(id);
      if (errors) found.push([id, errors]);
      for (const value of Object.values(this.#graph[id]?.inputs ?? {})) if (isLink(value)) visit(value[0]);
    };
    visit(output);
    return found;
  }
}

/** `[type, config]`, but null for lists of more than 20 (reference §3.3). */
const inputConfig = (spec: InputSpec): unknown =>
  Array.isArray(spec[0]) && spec[0].length > 20 ? null : [spec[0], spec[1] ?? {}];

function checkValue(node: GraphNode, name: string, value: unknown, spec: InputSpec, faults: ValidationError[]): void {
  const [type, config = {}] = spec;
  const info = { input_name: name, input_config: inputConfig(spec), received_value: value };
  let converted = value;
  if (typeof type === 'string') {
    try {
      if (type === 'INT') converted = pyInt(value);
      else if (type === 'FLOAT') converted = pyFloat(value);
      else if (type === 'STRING') converted = pyStr(value);
      else if (type === 'BOOLEAN') converted = pyTruthy(value);
    } catch (error) {
      if (!(error instanceof PyError)) throw error;
      faults.push(
        fault(
          'invalid_input_type',
          `Failed to convert an input value to a ${type} value`,
          `${name}, ${pyStr(value)}, ${error.message}`,
          { ...info, exception_message: error.message },
        ),
      );
      return;
    }
    node.inputs[name] = converted;
  }
  const min = config['min'];
  const max = config['max'];
  if (typeof converted === 'number' && typeof min === 'number' && converted < min) {
    faults.push(fault('value_smaller_than_min', `Value ${converted} smaller than min of ${min}`, name, info));
    return;
  }
  if (typeof converted === 'number' && typeof max === 'number' && converted > max) {
    faults.push(fault('value_bigger_than_max', `Value ${converted} bigger than max of ${max}`, name, info));
    return;
  }
  if (Array.isArray(type) && !type.includes(converted)) {
    const list = type.length > 20 ? `(list of length ${type.length})` : `[${type.map((t) => `'${t}'`).join(', ')}]`;
    faults.push(fault('value_not_in_list', 'Value not in list', `${name}: '${pyStr(value)}' not in ${list}`, info));
  }
}
