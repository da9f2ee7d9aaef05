/** Routes about models and parameters: what there is, what is loaded, load one now (swarmui §5). */
import { argument } from './call.ts';
import type { Call, Route } from './call.ts';
import type { SwarmCore } from './core.ts';
import { PARAMS } from './param-list.ts';
import { groupsToNet, paramToNet } from './param-net.ts';
import type { JsonObject, ModelSpec } from './types.ts';

const modelToNet = (model: ModelSpec): JsonObject => ({
  name: model.name,
  title: model.title ?? model.name.replace(/\.safetensors$/, ''),
  author: null,
  description: model.description ?? null,
  preview_image: 'imgs/model_placeholder.jpg',
  loaded: false,
  architecture: model.architecture ?? null,
  class: model.architecture ?? null,
  compat_class: model.architecture ?? null,
  resolution: `${String(model.width ?? 512)}x${String(model.height ?? 512)}`,
  standard_width: model.width ?? 512,
  standard_height: model.height ?? 512,
  license: null,
  date: null,
  prediction_type: null,
  usage_hint: null,
  trigger_phrase: null,
  merged_from: null,
  tags: null,
  is_supported_model_format: true,
  is_negative_embedding: false,
  local: true,
  time_created: 0,
  time_modified: 0,
  hash: null,
});

const loadedModels = (core: SwarmCore): Set<string | null> =>
  new Set([...core.backends.values()].map((backend) => backend.currentModel));

function paramList(core: SwarmCore): object {
  return {
    list: PARAMS.map(paramToNet),
    groups: groupsToNet(),
    models: {
      'Stable-Diffusion': core.disk.models.map((model) => [
        model.name.replace(/\.safetensors$/, ''),
        model.architecture ?? null,
      ]),
      VAE: [],
      LoRA: [],
      Embedding: [],
      ControlNet: [],
      Clip: [],
      ClipVision: [],
    },
    model_compat_classes: {},
    model_classes: {},
    wildcards: [],
    param_edits: null,
  };
}

export const modelRoutes: readonly Route[] = [
  { name: 'ListT2IParams', permission: 'fundamental_generate_tab_access', run: ({ core }) => paramList(core) },
  {
    name: 'TriggerRefresh',
    permission: 'fundamental_generate_tab_access',
    run: ({ core, input }) => {
      argument(input, 'strong', 'Boolean', true);
      return paramList(core);
    },
  },
  {
    name: 'ListModels',
    permission: 'fundamental_model_access',
    run: ({ core, input }) => {
      const path = argument(input, 'path', 'String').replace(/^\/+|\/+$/g, '');
      const depth = argument(input, 'depth', 'Int32');
      if (argument(input, 'subtype', 'String', 'Stable-Diffusion') !== 'Stable-Diffusion')
        return { folders: [], files: [] };
      const below = path === '' ? '' : `${path}/`;
      const loaded = loadedModels(core);
      const inside = core.disk.models
        .filter((model) => model.name.startsWith(below))
        .map((model) => ({ model, parts: model.name.slice(below.length).split('/') }));
      return {
        folders: [
          ...new Set(
            inside
              .filter(({ parts }) => parts.length > 1)
              .map(({ parts }) => parts.slice(0, Math.min(depth, parts.length - 1)).join('/')),
          ),
        ],
        files: inside
          .filter(({ parts }) => parts.length <= depth)
          .map(({ model }) => ({ ...modelToNet(model), loaded: loaded.has(model.name) })),
      };
    },
  },
  { name: 'SelectModel', permission: 'load_models_now', run: selectModel },
];

/**
 * Loads on every running ComfyUI backend, one after the other; blocks until done and cannot be interrupted
 * (swarmui §5).
 */
async function selectModel({ core, input, session, user }: Call): Promise<object> {
  const name = argument(input, 'model', 'String');
  const model = core.disk.models.find(
    (candidate) => candidate.name === name || candidate.name === `${name}.safetensors`,
  );
  if (model === undefined) return { error: 'Model not found.' };
  const targets = [...core.backends.values()].filter((backend) => backend.isComfy && backend.state === 'running');
  const failures: (string | null)[] = [];
  for (const backend of targets) {
    failures.push(await core.scheduler.loader.loadNow(model.name, backend, { session: session.id, user: user.id }));
  }
  return failures.includes(null) ? { success: true } : { error: 'Model failed to load.' };
}
