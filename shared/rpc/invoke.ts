/**
 * One call from outside, carried out: known name, allowed, arguments valid, handler, and (where asked) reply valid.
 * Every transport goes through here, so that none of them can be laxer than another. Does not know how a call arrived.
 */
import type { z } from 'zod';
import type { CallContext, CallSpec, ContractShape } from '../contract-types.ts';
import { AppError } from '../errors.ts';

/** Whether whoever is connected may make this call: `true`, or the error to answer. */
export type Allow = (name: string, spec: CallSpec) => true | AppError;

export interface Invoker {
  /** Resolves to the reply; rejects with an AppError for everything a caller can do wrong. */
  invoke(name: string, args: unknown, context: CallContext, allow: Allow): Promise<unknown>;
}

type AnyHandler = (args: unknown, context: CallContext) => unknown;

/** `handlers` implements every call of `contract`. `validateReplies` also checks what the handlers answer (tests, dev builds). */
export function createInvoker(options: {
  contract: ContractShape;
  handlers: object;
  validateReplies?: boolean;
}): Invoker {
  const { contract, handlers, validateReplies = false } = options;
  const calls = new Map<string, CallSpec>(Object.entries(contract.calls));
  const byName = new Map<string, AnyHandler>(Object.entries(handlers) as [string, AnyHandler][]);
  return {
    async invoke(name, args, context, allow) {
      const spec = calls.get(name);
      const handler = byName.get(name);
      if (spec === undefined || handler === undefined)
        throw new AppError('invalid_request', `there is no call ${JSON.stringify(name)}`, { details: { call: name } });
      const verdict = allow(name, spec);
      if (verdict !== true) throw verdict;
      const parsed = parse(name, spec, args);
      if (!parsed.success) throw invalidRequest(name, parsed.error);
      const value = await handler(parsed.data, context);
      if (!validateReplies) return value;
      const checked = spec.output.safeParse(value);
      if (!checked.success)
        throw new AppError('bug', `the reply of ${name} breaks the contract: ${describe(checked.error)}`);
      return value;
    },
  };
}

/** JSON nested deeper than a schema can follow is the caller's mistake, not ours. */
function parse(name: string, spec: CallSpec, args: unknown): ReturnType<CallSpec['input']['safeParse']> {
  try {
    return spec.input.safeParse(args);
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new AppError('invalid_request', `${name}: nested too deep`, { details: { call: name }, cause });
  }
}

function invalidRequest(name: string, error: z.ZodError): AppError {
  const issues = error.issues.slice(0, 20).map((issue) => ({ path: issue.path.map(String), message: issue.message }));
  return new AppError('invalid_request', `${name}: ${describe(error)}`, {
    details: { call: name, path: issues[0]?.path ?? [], issues },
  });
}

function describe(error: z.ZodError): string {
  const first = error.issues[0];
  if (first === undefined) return 'invalid';
  return first.path.length === 0 ? first.message : `${first.path.join('.')}: ${first.message}`;
}
