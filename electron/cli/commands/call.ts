/** `call NAME [JSON]`: any call of the contract, for what has no verb. Prints its value as JSON. */
import type { CallName } from '../../../shared/contract.ts';
import type { Context } from '../context.ts';
import { usage } from '../exit-codes.ts';
import type { Answer } from '../output.ts';
import { done } from './answers.ts';

export async function call(context: Context): Promise<Answer> {
  const [name = '', json = '{}'] = context.args.words;
  if (!/^[a-z]+\.[A-Za-z]+$/.test(name)) throw usage(`"${name}" is not a call, as jobs.list is.`);
  const args = parse(json);
  const link = await context.link();
  // The host checks name and arguments against the contract; here nothing is known of them.
  const value = (await link.call(name as CallName, args as never)) as object;
  return done(value, () => [JSON.stringify(value, null, 2)]);
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json) as unknown;
  } catch (error) {
    throw usage(`The arguments are not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
}
