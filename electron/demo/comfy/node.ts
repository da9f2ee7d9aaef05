/**
 * What a node class is to the engine: its declared inputs (as `/object_info` tells them) and what it does when it runs.
 * The classes themselves: nodes-art.ts (a small txt2img set) and nodes-probe.ts (Probe* and Test* nodes).
 */
import type { Picture } from './pictures.ts';
import { PyError } from './py.ts';
import type { UiOutput } from './types.ts';

/** `["INT", {min, max, default}]`, or `[["a", "b"], {}]` for a list to choose from. */
export type InputSpec = readonly [type: string | readonly string[], config?: Readonly<Record<string, unknown>>];

export interface FileRef {
  readonly filename: string;
  readonly subfolder: string;
  readonly type: 'output' | 'temp' | 'input';
}

export interface NodeResult {
  /** One value per output slot. */
  readonly outputs?: readonly unknown[];
  /** What `executed` and history show. */
  readonly ui?: UiOutput;
  /** Ends this branch as ExecutionBlocker does; `null` blocks silently (comfyui §4.3, rec 29). */
  readonly blocked?: { readonly message: string | null };
}

/** What the executor lends a node while it runs. All durations are real milliseconds before `speed` is applied. */
export interface NodeContext {
  readonly promptId: string;
  readonly nodeId: string;
  readonly stepMs: number;
  /** Waits without looking at the interrupt flag: an uncooperative stretch. */
  sleep(ms: number): Promise<void>;
  /** Tells progress; throws if the prompt was interrupted, as every real ProgressBar update does. */
  step(value: number, max: number, preview?: () => Picture): Promise<void>;
  /** Sends a text frame (binary type 3). */
  text(text: string): void;
  /** Stores a file under the next free counter and returns its reference. The bytes are made when first asked for. */
  save(file: {
    prefix: string;
    extension: string;
    type: 'output' | 'temp';
    contentType: string;
    bytes: () => Uint8Array;
  }): FileRef;
  /** JSON texts a real SaveImage embeds: `prompt` and, if sent, `workflow`. */
  metadata(): Record<string, string>;
}

export interface NodeClass {
  readonly name: string;
  readonly displayName?: string;
  readonly category: string;
  readonly required: Readonly<Record<string, InputSpec>>;
  readonly optional?: Readonly<Record<string, InputSpec>>;
  readonly output: readonly string[];
  readonly outputNode?: boolean;
  readonly module?: string;
  /** True: never served from cache. */
  readonly notCached?: boolean;
  run(context: NodeContext, inputs: Record<string, unknown>): Promise<NodeResult> | NodeResult;
}

/** The exception a node raises; `type` is its Python class name. */
export class NodeFailure extends PyError {}

export const numberIn = (inputs: Record<string, unknown>, name: string, fallback: number): number => {
  const value = inputs[name];
  return typeof value === 'number' ? value : fallback;
};

export const textIn = (inputs: Record<string, unknown>, name: string, fallback = ''): string => {
  const value = inputs[name];
  return typeof value === 'string' ? value : fallback;
};

/** The entry of a class in `/object_info` (comfyui §3.9, rec 20). */
export function objectInfo(node: NodeClass): Record<string, unknown> {
  const optional = node.optional;
  return {
    input: optional ? { required: node.required, optional } : { required: node.required },
    input_order: optional
      ? { required: Object.keys(node.required), optional: Object.keys(optional) }
      : { required: Object.keys(node.required) },
    output: node.output,
    output_is_list: node.output.map(() => false),
    output_name: node.output,
    name: node.name,
    display_name: node.displayName ?? node.name,
    description: '',
    python_module: node.module ?? 'nodes',
    category: node.category,
    output_node: node.outputNode ?? false,
  };
}
