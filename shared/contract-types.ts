/** The machinery of the contract: how a call is declared, and the types that follow from it. No call is named here. */
import type { z } from 'zod';

/** `this-machine`: never served to a named token nor over the local network (architecture §16). */
export type Reach = 'any' | 'this-machine';
/** Which token scope may make the call. */
export type Access = 'see' | 'cancel' | 'submit' | 'manage';

export interface CallSpec<Input extends z.ZodType = z.ZodType, Output extends z.ZodType = z.ZodType> {
  readonly input: Input;
  readonly output: Output;
  readonly reach: Reach;
  readonly access: Access;
}

export function call<Input extends z.ZodType, Output extends z.ZodType>(
  access: Access,
  input: Input,
  output: Output,
  options: { reach?: Reach } = {},
): CallSpec<Input, Output> {
  return { input, output, access, reach: options.reach ?? 'any' };
}

export type Calls = Readonly<Record<`${string}.${string}`, CallSpec>>;
export type EventSpecs = Readonly<Record<string, z.ZodType>>;
export interface ContractShape {
  readonly calls: Calls;
  readonly events: EventSpecs;
}

export function defineContract<const C extends ContractShape>(contract: C): C {
  return contract;
}

/** What a caller gives. */
export type InputOf<Spec> = Spec extends CallSpec<infer Input> ? z.input<Input> : never;
/** What the handler receives: validated, defaults filled in. */
export type ParsedOf<Spec> = Spec extends CallSpec<infer Input> ? z.output<Input> : never;
export type OutputOf<Spec> = Spec extends CallSpec<z.ZodType, infer Output> ? z.output<Output> : never;

export interface CallOptions {
  /** Aborting means that the caller left; it never stops a job. */
  signal?: AbortSignal;
}

type GroupOf<Name> = Name extends `${infer Group}.${string}` ? Group : never;
type VerbOf<Name, Group extends string> = Name extends `${Group}.${infer Verb}` ? Verb : never;

/** `api.cancel.run(args, {signal})` for every call of the contract. */
export type ApiOf<C extends ContractShape> = {
  readonly [Group in GroupOf<keyof C['calls']>]: {
    readonly [Verb in VerbOf<keyof C['calls'], Group>]: (
      args: InputOf<C['calls'][`${Group}.${Verb}`]>,
      options?: CallOptions,
    ) => Promise<OutputOf<C['calls'][`${Group}.${Verb}`]>>;
  };
};

/** Who makes a call, as its transport knows it. */
export interface CallContext {
  signal: AbortSignal;
  /** Default for `by` where the caller names no face. */
  face: 'window' | 'tray' | 'hotkey' | 'cli' | 'phone' | 'api';
}

/** What core/api.ts implements, all of it. */
export type HandlersOf<C extends ContractShape> = {
  readonly [Name in keyof C['calls']]: (
    args: ParsedOf<C['calls'][Name]>,
    context: CallContext,
  ) => OutputOf<C['calls'][Name]> | Promise<OutputOf<C['calls'][Name]>>;
};

export type EventsOf<C extends ContractShape> = { readonly [Topic in keyof C['events']]: z.output<C['events'][Topic]> };
