/** Routes about backends: list, toggle, restart, free memory, add, edit, delete (swarmui §5, rec 04, 21, 24). */
import { settingsOf } from './backends.ts';
import type { BackendType, SwarmBackend } from './backends.ts';
import type { SwarmCore } from './core.ts';
import { isObject } from './values.ts';
import { argument, Refusal } from './call.ts';
import type { Call, Route } from './call.ts';

const TYPES: readonly BackendType[] = ['comfyui_selfstart', 'comfyui_api', 'swarmswarmbackend'];

function byId({ core, input }: Call): SwarmBackend {
  const backend = core.backends.get(argument(input, 'backend_id', 'Int32'));
  if (backend?.parent !== null) throw new Refusal({ error: `Invalid backend ID ${String(input['backend_id'])}` });
  return backend;
}

function unlocked(core: SwarmCore): void {
  if (core.options.lockSettings === true) throw new Refusal({ error: 'Settings are locked.' });
}

/** Those the argument `backend` names: `all`, or one id. */
function chosen({ core, input }: Call): SwarmBackend[] {
  const which = argument(input, 'backend', 'String', 'all');
  return [...core.backends.values()].filter(
    (backend) => backend.parent === null && (which === 'all' || String(backend.id) === which),
  );
}

export const backendRoutes: readonly Route[] = [
  {
    name: 'ListBackends',
    permission: 'view_backends_list',
    run: ({ core, input }) => {
      const nonreal = argument(input, 'nonreal', 'Boolean', false);
      const full = argument(input, 'full_data', 'Boolean', false);
      const shown = [...core.backends.values()].filter((backend) => nonreal || backend.parent === null);
      return Object.fromEntries(shown.map((backend) => [String(backend.id), backend.toNet(full)]));
    },
  },
  {
    name: 'ToggleBackend',
    permission: 'toggle_backends',
    run: async (call) => {
      unlocked(call.core);
      const backend = byId(call);
      const enabled = argument(call.input, 'enabled', 'Boolean');
      if (backend.enabled === enabled) return { result: 'No change.' };
      if (!enabled) await backend.slotFree();
      call.core.keeper.setEnabled(backend, enabled);
      return { result: 'Success.' };
    },
  },
  {
    name: 'RestartBackends',
    permission: 'restart_backends',
    run: async (call) => {
      const targets = chosen(call).filter(
        (backend) => backend.enabled && (backend.state === 'running' || backend.state === 'errored'),
      );
      for (const backend of targets) {
        await backend.slotFree(); // with no slot left there is never an answer (swarmui rec 21)
        call.core.keeper.restart(backend);
      }
      return { result: 'Success.', count: targets.length };
    },
  },
  {
    name: 'FreeBackendMemory',
    permission: 'control_mem_clean',
    run: async (call) => {
      const ram = argument(call.input, 'system_ram', 'Boolean', false);
      const targets = chosen(call).filter((backend) => backend.isComfy && backend.state === 'running');
      for (const backend of targets) {
        await backend.comfy?.send('POST', '/free', { unload_models: true, free_memory: ram });
        backend.currentModel = null;
      }
      return { result: targets.length > 0, count: targets.length };
    },
  },
  {
    name: 'AddNewBackend',
    permission: 'add_remove_backends',
    run: ({ core, input }) => {
      unlocked(core);
      const type = TYPES.find((candidate) => candidate === argument(input, 'type_id', 'String'));
      if (type === undefined) return { error: `Invalid backend type: ${String(input['type_id'])}` };
      return core.keeper.add(type, settingsOf({ type, address: '' })).toNet(false);
    },
  },
  {
    name: 'EditBackend',
    permission: 'edit_backends',
    run: async (call) => {
      unlocked(call.core);
      const backend = byId(call);
      const title = argument(call.input, 'title', 'String');
      const settings = call.input['settings'];
      if (!isObject(settings)) throw new Refusal({ error: "Missing required parameter 'settings'" });
      await backend.slotFree();
      call.core.keeper.edit(backend, title, settings);
      return backend.toNet(false);
    },
  },
  {
    name: 'DeleteBackend',
    permission: 'add_remove_backends',
    run: async (call) => {
      unlocked(call.core);
      const backend = byId(call);
      call.core.keeper.remove(backend); // gone from the list at once, even if the answer never comes (swarmui rec 21)
      await backend.slotFree();
      return { result: 'Deleted.' };
    },
  },
];
