/**
 * The shell's own calls into the core: by name, validated like everybody else's, made as the face that asked. No transport
 * lies between, so that what the tray does needs no window and no socket.
 */
import { contract } from '../../shared/contract.ts';
import type { CallName, Contract } from '../../shared/contract.ts';
import type { CallContext, InputOf, OutputOf } from '../../shared/contract-types.ts';
import { createInvoker } from '../../shared/rpc/invoke.ts';
import type { Core } from '../core/core.ts';

export type Ask = <Name extends CallName>(
  name: Name,
  args: InputOf<Contract['calls'][Name]>,
) => Promise<OutputOf<Contract['calls'][Name]>>;

/** Calls end with the app: `signal` is aborted before the core closes. */
export function coreCalls(core: Pick<Core, 'handlers'>, face: CallContext['face'], signal: AbortSignal): Ask {
  const invoker = createInvoker({ contract, handlers: core.handlers });
  return (name, args) => invoker.invoke(name, args, { signal, face }, () => true) as Promise<never>;
}
