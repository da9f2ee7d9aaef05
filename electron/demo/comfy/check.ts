/**
 * Checks the inputs of nodes, following links upstream, each node once (comfyui §3.3, rec 04). What it finds it keeps
 * in `faults`; the verdict on a whole prompt is validate.ts.
 */
import type { InputSpec, NodeClass } from './node.ts';
import { isDict, PyError, pyFloat, pyInt, pyStr, pyTruthy, pyTypeName } from './py.ts';
import type { Graph, GraphNode } from './types.ts';

export interface ValidationError {
  readonly type: string;
  readonly message: string;
  readonly details: string;
  readonly extra_info: Record<string, unknown>;
}

/** A link to another node's output slot, as `[node id, slot]`. */
export const isLink = (value: unknown): value is readonly [string, number] =>
  Array.isArray(value) && value.length === 2 && typeof value[0] === 'string' && typeof value[1] === 'number';

export const fault = (
  type: string,
  message: string,
  details: string,
  extra: Record<string, unknown> = {},
): ValidationError => ({ type, message, details, extra_info: extra });

const traceback = ['  File "execution.py", line 818, in validate_inputs\n'];

export class Checker {
  readonly faults = new Map<string, readonly ValidationError[]>();
  readonly #verdicts = new Map<string, boolean>();
  readonly #graph: Graph;
  readonly #classes: ReadonlyMap<string, NodeClass>;

  constructor(graph: Graph, classes: ReadonlyMap<string, NodeClass>) {
    this.#graph = graph;
    this.#classes = classes;
  }

  /** Whether an output node and everything it needs is in order. */
  checkOutput(id: string): boolean {
    try {
      return this.#check(id);
    } catch (error) {
      if (!(error instanceof PyError)) throw error;
      this.#raised(
        id,
        fault('exception_during_validation', 'Exception when validating node', error.message, {
          exception_type: error.type,
          traceback,
        }),
      );
      return false;
    }
  }

  #raised(id: string, error: ValidationError): void {
    this.faults.set(id, [error]);
    this.#verdicts.set(id, false);
  }

  #check(id: string): boolean {
    const known = this.#verdicts.get(id);
    if (known !== undefined) return known;
    const node = this.#graph[id];
    const definition = node && this.#classes.get(node.class_type);
    if (!node || !definition) throw new PyError('KeyError', `'${id}'`);
    // Set before the walk: a cycle is refused without a word, as on the real server.
    this.#verdicts.set(id, false);
    const inputs: unknown = node.inputs;
    if (inputs === undefined) throw new PyError('KeyError', "'inputs'");
    if (!isDict(inputs)) throw new PyError('TypeError', `argument of type '${pyTypeName(inputs)}' is not iterable`);
    const faults: ValidationError[] = [];
    let upstreamGood = true;
    for (const [name, spec] of Object.entries({ ...definition.required, ...definition.optional })) {
      const value = inputs[name];
      if (value === undefined) {
        if (name in definition.required)
          faults.push(fault('required_input_missing', 'Required input is missing', name, { input_name: name }));
      } else if (Array.isArray(value)) upstreamGood = this.#link(value, name, spec, faults) && upstreamGood;
      else checkValue(node, name, value, spec, faults);
    }
    if (faults.length > 0) this.faults.set(id, faults);
    const good = faults.length === 0 && upstreamGood;
    this.#verdicts.set(id, good);
    return good;
  }

  /** False when something upstream is at fault; a fault of the link itself goes to `faults`. Throws PyError as the real one raises. */
  #link(value: readonly unknown[], name: string, spec: InputSpec, faults: ValidationError[]): boolean {
    const info = { input_name: name, input_config: inputConfig(spec) };
    if (value.length !== 2) {
      faults.push(
        fault('bad_linked_input', 'Bad linked input, must be a length-2 list of [node_id, slot_index]', name, {
          ...info,
          received_value: value,
        }),
      );
      return true;
    }
    const [from, slot] = value;
    const source = typeof from === 'string' ? this.#graph[from] : undefined;
    const definition = source && this.#classes.get(source.class_type);
    if (typeof from !== 'string' || !definition)
      throw new PyError('KeyError', typeof from === 'string' ? `'${from}'` : pyStr(from));
    if (typeof slot !== 'number')
      throw new PyError('TypeError', `tuple indices must be integers or slices, not ${pyTypeName(slot)}`);
    // Negative slots count from the end, as in Python.
    const type = definition.output.at(slot);
    if (type === undefined) throw new PyError('IndexError', 'tuple index out of range');
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
    try {
      return this.#check(from);
    } catch (error) {
      if (!(error instanceof PyError)) throw error;
      const extra = {
        ...info,
        exception_message: error.message,
        exception_type: error.type,
        traceback,
        linked_node: value,
      };
      this.#raised(
        from,
        fault('exception_during_inner_validation', 'Exception when validating inner node', error.message, extra),
      );
      return false;
    }
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

/** `[type, config]`, but null for lists of more than 20 (comfyui §3.3). */
const inputConfig = (spec: InputSpec): unknown =>
  Array.isArray(spec[0]) && spec[0].length > 20 ? null : [spec[0], spec[1] ?? {}];

/** Checks one plain value and, like the real server, writes the converted one (INT, FLOAT…) back into the graph. */
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
